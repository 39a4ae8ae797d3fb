"""All of a report's formats, and the one function that writes files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports import folder as folders
from reports.csv_files import confusion_csv, leaderboard_csv
from reports.drawing import files
from reports.html_page import to_html
from reports.json_file import to_json
from reports.markdown_page import to_markdown
from reports.sections import page_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from matplotlib.figure import Figure

    from reports.report import Report


def figures(report: Report) -> Mapping[str, Figure]:
    """Figures in the light dress by name, in the order of the page; only those for which there are data."""
    return {plot.name: plot.draw() for plot in page_of(report).plots()}


def render_html(report: Report) -> str:
    return to_html(page_of(report), files.drawn_all(figures(report)))


def render_markdown(report: Report) -> str:
    """Links to figures as `figures/NAME.png`."""
    return to_markdown(page_of(report))


def render_json(report: Report) -> str:
    return to_json(report)


def write(report: Report, folder: Path) -> Path:
    """Writes all formats and returns the path of report.html. Raises OSError, with the old report whole."""
    folders.replace(folder, _contents(report))
    return folder / "report.html"


def _contents(report: Report) -> dict[str, bytes]:
    page, matrix = page_of(report), confusion_csv(report)
    drawn = {plot.name: plot.draw() for plot in page.plots()}
    vectors = files.drawn_all(drawn)
    texts = {
        "report.html": to_html(page, vectors),
        "report.md": to_markdown(page),
        "report.json": to_json(report),
        "leaderboard.csv": leaderboard_csv(report),
        **({} if matrix is None else {"confusion_matrix.csv": matrix}),
        **{f"figures/{name}.svg": drawing.svg for name, drawing in vectors.items()},
    }
    pictures = {f"figures/{name}.png": files.png(figure, name) for name, figure in drawn.items()}
    return {**{name: content.encode() for name, content in texts.items()}, **pictures}
