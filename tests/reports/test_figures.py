from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from reports import drawing, figures
from reports.drawing import files, palette
from tests.reports import samples

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from reports import Report

ROOT = Path(__file__).parents[2]
LONG = tuple(f"{word} with quite a long name, number {i}" for i, word in enumerate(["coat", "shirt"] * 5))


def points_outside(figure: Figure) -> float:
    """How far what sticks out most sticks out; ticks beyond the axes, which are not drawn, do not count."""
    figure.draw_without_rendering()
    drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    return 72 * max(-drawn.x0, -drawn.y0, drawn.x1 - width, drawn.y1 - height)


def test_no_text_is_cut_off(any_stage: Report) -> None:
    outside = {name: points_outside(figure) for name, figure in figures(any_stage).items()}
    assert {name: by for name, by in outside.items() if by > 0.5} == {}


def test_no_legend_covers_data(fashion: Report) -> None:
    for name, figure in figures(fashion).items():
        figure.draw_without_rendering()
        for legend in figure.legends:
            assert not legend.get_window_extent().overlaps(figure.axes[0].get_window_extent()), name


@pytest.mark.parametrize("show", ["counts", "shares"])
def test_long_class_names_stay_on_the_canvas_and_keep_both_ends(show: str) -> None:
    figure = drawing.confusion(np.eye(10, dtype=np.int64) * 1000, LONG, show)
    assert points_outside(figure) <= 0.5
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels[0].startswith("coat")
    assert labels[0].endswith("number 0")


def test_numbers_fit_their_cells() -> None:
    figure = drawing.confusion(np.eye(10, dtype=np.int64) * 1_234_567, LONG, "counts")
    figure.draw_without_rendering()
    cell = figure.axes[0].get_window_extent().width / 10
    assert all(text.get_window_extent().width <= cell for text in figure.axes[0].texts)


def test_a_class_without_test_images_is_drawn_as_an_empty_row() -> None:
    figure = drawing.confusion(np.array([[3, 1], [0, 0]]), ("seen", "never"), "shares")
    assert [text.get_text() for text in figure.axes[0].texts] == ["75.0", "25.0"]


def test_states_differ_in_shape_and_not_only_in_colour(fashion: Report) -> None:
    figure = drawing.history_by_trial(fashion.trials, None)
    shapes = {c.get_label(): c.get_paths()[0].vertices.tobytes() for c in figure.axes[0].collections}
    assert set(shapes) == {"complete", "pruned", "failed"}
    assert len(set(shapes.values())) == 3


def test_a_loss_that_exploded_does_not_flatten_the_others() -> None:
    report = samples.exploded()
    figure = figures(report)["curves_loss"]
    assert figure.axes[0].get_ylim()[1] < 10


def test_only_figures_with_data_are_drawn() -> None:
    assert dict(figures(samples.empty())) == {}
    assert "confusion_counts" not in figures(samples.running())


def test_the_same_report_gives_the_same_bytes() -> None:
    first, second = (figures(samples.digits())["scores"] for _ in range(2))
    assert files.draw(first, "scores") == files.draw(second, "scores")
    assert files.png(first, "scores") == files.png(second, "scores")


def test_no_two_roles_share_a_colour_and_dark_knows_them_all() -> None:
    assert len(set(palette.LIGHT.values())) == len(palette.LIGHT)
    assert palette.DARK.keys() == palette.LIGHT.keys()


@pytest.mark.parametrize("colours", [palette.LIGHT, palette.DARK], ids=["light", "dark"])
def test_text_can_be_read_on_what_it_stands_on(colours: dict[str, str]) -> None:
    cells = [role for role in colours if role[:-1] in {"right", "wrong"}]
    pairs = [("on_deep" if role in palette.DEEP else "on_pale", role) for role in cells]
    pairs += [(ink, ground) for ink in ("ink", "muted", "accent") for ground in ("surface", "panel")]
    too_faint = {pair: contrast(colours[pair[0]], colours[pair[1]]) for pair in pairs}
    assert {pair: ratio for pair, ratio in too_faint.items() if ratio < 4.5} == {}


def contrast(one: str, other: str) -> float:
    """Source: WCAG 2.2, contrast ratio."""
    low, high = sorted(luminance(colour) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def test_importing_reports_loads_neither_matplotlib_nor_jinja() -> None:
    heavy = "{'matplotlib', 'jinja2', 'tensorflow', 'optuna', 'tuner', 'search_spaces'}"
    code = f"import sys, reports; print({heavy} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_drawing_leaves_matplotlibs_settings_alone() -> None:
    code = (
        "import sys\nimport matplotlib as mpl\nfrom reports import figures\nfrom reports.drawing import files\n"
        "from tests.reports import samples\n"
        "before = mpl.rcParams.copy()  # reading every item would load pyplot\n"
        "files.draw(figures(samples.digits())['scores'], 'scores')\n"
        "sys.exit(mpl.rcParams.copy() != before or 'matplotlib.pyplot' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False, timeout=60).returncode == 0
