"""All of a report's formats, and the two functions that write files. What draws is loaded when it is to draw."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports import folder as folders

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from matplotlib.figure import Figure

    from reports.comparison import Comparison
    from reports.report import Report


def figures(report: Report) -> Mapping[str, Figure]:
    """Figures in the light dress by name, in the order of the page; only those for which there are data."""
    from reports.sections import page_of

    return {plot.name: plot.draw() for plot in page_of(report).plots()}


def render_html(report: Report) -> str:
    from reports.drawing import files
    from reports.html_page import to_html
    from reports.sections import page_of

    return to_html(page_of(report), files.drawn_all(figures(report)))


def render_markdown(report: Report) -> str:
    """Links to figures as `figures/NAME.png`."""
    from reports.markdown_page import to_markdown
    from reports.sections import page_of

    return to_markdown(page_of(report))


def render_json(report: Report) -> str:
    from reports.json_file import to_json

    return to_json(report)


def write(report: Report, folder: Path, passing: Callable[[str], None] = lambda _moment: None) -> Path:
    """Writes all formats and returns the path of report.html. Raises OSError, with the old report whole.

    `passing` hears how far it is: file, once for each, then written, aside, renamed.
    """
    folders.replace(folder, _contents(report), passing)
    return folder / "report.html"


def write_comparison(comparison: Comparison, folder: Path) -> Path:
    """Puts all formats into the folder, beside whatever else is there, and returns the path of comparison.html.

    Raises OSError.
    """
    from reports.comparing import comparison_files

    folders.add(folder, comparison_files(comparison))
    return folder / "comparison.html"


def _contents(report: Report) -> dict[str, bytes]:
    from reports.csv_files import confusion_csv, cv_results_csv, leaderboard_csv
    from reports.json_file import to_json
    from reports.model_card import model_card
    from reports.page_files import page_files
    from reports.sections import page_of

    more = {
        "confusion_matrix.csv": confusion_csv(report),
        "cv_results.csv": cv_results_csv(report),
        "model_card.md": model_card(report),
    }
    tables = {
        "report.json": to_json(report),
        "leaderboard.csv": leaderboard_csv(report),
        **{name: content for name, content in more.items() if content is not None},
    }
    return {**page_files(page_of(report)), **{name: content.encode() for name, content in tables.items()}}
