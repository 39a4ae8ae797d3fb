"""Comparisons: what they say, and that they say no more than the numbers carry."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from reports import drawing, write_comparison
from reports.best_so_far import best, reached, steps, target
from reports.comparability import alike, barriers, common, differences
from reports.comparing import comparison_files, document
from reports.comparison import MOST
from reports.drawing.comparison import _STYLES
from reports.page import Bullets
from reports.sections.comparison import SECTIONS, answer, page_of, side_by_side
from tests.reports import comparisons
from tests.reports.comparisons import BASIS, comparison, drawn, study, with_test
from tests.reports.test_figures import points_outside
from tests.reports.test_html import Elements

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from reports import Comparison

STAGES = {
    "two studies": comparisons.two,
    "eight studies": comparisons.eight,
    "1 and 2,000 trials": comparisons.far_apart,
    "no score yet": comparisons.nothing,
    "carried trials": comparisons.carried,
    "not comparable": comparisons.apart,
    "hostile names": comparisons.hostile,
}


@pytest.fixture(scope="module", params=STAGES)
def any_stage(request: pytest.FixtureRequest) -> Comparison:
    return STAGES[request.param]()


@pytest.fixture(scope="module")
def hostile_files() -> dict[str, bytes]:
    return comparison_files(comparisons.hostile())


def said(of: Comparison) -> str:
    return " ".join(answer.sentences(of))


def row(of: Comparison, name: str) -> tuple[str, ...]:
    (found,) = (cells[1:] for cells in side_by_side.table(of).rows if cells[0] == name)
    return found


def notes(of: Comparison) -> str:
    blocks = [block for section in page_of(of).sections for block in section.blocks]
    return " ".join(item for block in blocks if isinstance(block, Bullets) for item in block.items)


def figures(of: Comparison) -> dict[str, Figure]:
    plots = page_of(of).plots()
    narrow = {f"{plot.name}-narrow": plot.draw_narrow() for plot in plots if plot.draw_narrow}
    return {plot.name: plot.draw() for plot in plots} | narrow


def test_each_step_is_better_than_all_before_it_and_knows_when_it_ended() -> None:
    rises = steps(study("a", [0.5, None, 0.4, 0.7], seconds=10.0))
    assert [(step.number, step.finished, step.after, step.score) for step in rises] == [
        (0, 1, 10.0, 0.5),
        (3, 4, 40.0, 0.7),
    ]


def test_trials_that_cannot_win_do_not_count_however_good() -> None:
    made = study("a", [0.9, 0.5])
    first, second = made.trials
    pruned = replace(made, trials=(replace(first, state="pruned", eligible=False), second))
    assert [step.score for step in steps(pruned)] == [0.5]
    assert best(pruned) == second


def test_carried_trials_are_known_from_the_start_and_cost_nothing_here() -> None:
    wider = comparisons.carried().studies[1]
    assert [(step.number, step.finished, step.after) for step in steps(wider)] == [(2, 0, 0.0), (4, 2, 20.0)]
    assert row(comparisons.carried(), "trials finished") == ("3", "2")
    assert row(comparisons.carried(), "carried over") == ("-", "3 from older")
    assert row(comparisons.carried(), "training time in all") == ("27.0 s", "18.0 s")
    assert "wider at its start, by a trial carried over" in said(comparisons.carried())
    assert "wider began with 3 trials carried over from older" in notes(comparisons.carried())


def test_the_common_score_is_the_best_of_the_worst_and_each_is_told_when_it_reached_it() -> None:
    made = comparisons.two()
    assert target(made) == 0.96
    assert [step and (step.finished, step.after) for step in (reached(each, 0.96) for each in made.studies)] == [
        (4, 40.0),
        (3, 60.0),
    ]
    assert row(made, "96.00 % reached after") == ("4 trials, 40.0 s", "3 trials, 1 min 00 s")
    assert "Both reached 96.00 %: first after 4 trials, 40.0 s; second after 3 trials, 1 min 00 s." in said(made)


def test_overlapping_intervals_carry_no_difference() -> None:
    assert said(comparison(study("a", [0.95]), study("b", [0.96]))).startswith(
        "b has the best validation score: 96.00 % of 216 images right (95 % interval 92.3 to 97.8 %). "
        "On 216 validation images a cannot be told apart from it: the 95 % intervals overlap."
    )


def test_a_difference_beyond_the_intervals_is_told() -> None:
    made = comparison(study("a", [0.80]), study("b", [0.96]), study("c", [0.955]))
    assert "On 216 validation images c cannot be told apart" in said(made)
    assert "a (80.00 %) stayed below b by more than the intervals explain." in said(made)


def test_no_difference_is_claimed_where_it_is_not_known_how_many_images_were_scored() -> None:
    made = comparison(*(replace(study(name, [score]), n_scored_on=0) for name, score in (("a", 0.2), ("b", 0.9))))
    assert "a cannot be told apart" in said(made)
    assert "stayed below" not in said(made)


def test_equal_scores_have_no_winner() -> None:
    made = comparison(study("a", [0.95]), study("b", [0.95]))
    assert said(made).startswith("a and b share the best validation score: 95.00 %")
    assert "told apart" not in said(made)


@pytest.mark.parametrize("name", BASIS)
def test_scores_on_another_basis_are_not_compared(name: str) -> None:
    other = replace(study("b", [0.5]), basis={**BASIS, name: "something else"})
    made = comparison(study("a", [0.99]), other)
    assert answer.barrier(made) == (
        f"The scores of these studies do not compare: they differ in {name} ({BASIS[name]}: a; something else: b)."
    )
    assert answer.barrier(made) in page_of(made).notice
    assert target(made) is None
    assert said(made) == "Each on its own terms, the best validation scores are: a 99.00 %; b 50.00 %."
    drawn_note = page_of(made).plots()[0].draw().legends[0].get_title().get_text()
    assert drawn_note == "The scores of these studies do not compare with one another."


def test_those_that_compare_among_others_that_do_not_are_named() -> None:
    assert [each.name for each in alike(comparisons.apart())] == ["a", "b"]
    assert "Those of a and b do compare with each other." in answer.barrier(comparisons.apart())


def test_what_differs_besides_keeps_nothing_apart() -> None:
    made = comparison(study("a", [0.9]), replace(study("b", [0.9]), settings={"seed": "1", "extra": "x"}))
    assert barriers(made) == ()
    assert [(each.what, each.values) for each in differences(made)] == [
        ("space", ("mlp_v1, fingerprint 0123456789ab", "-")),
        ("seed", ("0", "1")),
        ("processor", ("Intel Xeon", "-")),
        ("extra", ("-", "x")),
    ]
    assert common(made) == BASIS
    assert "Another seed draws other validation images" in notes(made)
    assert "different hardware" in notes(made)


def test_the_luck_of_the_best_of_many_is_told_with_their_number() -> None:
    made = comparison(study("a", [0.9, 0.8]), study("b", [0.9] * 30))
    assert "(a: 2 trials; b: 30 trials)" in answer.optimism(made)
    assert "(30 trials in each study)" in answer.optimism(comparisons.eight())
    assert answer.optimism(comparison(study("a", [0.9]), study("b", [0.9]))) == ""


def test_a_study_without_a_score_is_named_and_nothing_is_said_of_it() -> None:
    assert "none has no score yet." in said(comparisons.far_apart())
    assert said(comparisons.nothing()) == "No trial of any of these studies has a score yet."
    assert "second has not come to an end" in page_of(comparisons.nothing()).notice


def test_a_better_trial_than_the_tested_one_is_told() -> None:
    made = comparison(with_test(study("a", [0.9, 0.95]), 0), with_test(study("b", [0.9, 0.95]), 1))
    assert "The test accuracy of a is that of trial 0, which was retrained before trial 1 was found." in notes(made)
    assert "test accuracy of b" not in notes(made)


def test_the_table_has_test_scores_only_where_a_winner_was_retrained() -> None:
    made = comparison(with_test(study("a", [0.9]), 0), study("b", [0.9]))
    assert row(made, "test accuracy") == ("96.00 %", "-")
    assert "test accuracy" not in {cells[0] for cells in side_by_side.table(comparisons.carried()).rows}


def test_every_section_stands_at_every_stage(any_stage: Comparison) -> None:
    assert all(section(any_stage).blocks for section in SECTIONS)
    assert len({section(any_stage).anchor for section in SECTIONS}) == len(SECTIONS)


def test_every_stage_renders_as_well_formed_html_with_no_id_twice(any_stage: Comparison) -> None:
    parsed = Elements(comparison_files(any_stage)["comparison.html"].decode())
    ids = Counter(attributes["id"] for _, attributes in parsed.elements if "id" in attributes)
    assert (parsed.torn, parsed.open) == ([], [])
    assert [name for name, n in ids.items() if n > 1] == []
    links = [value for _, a in parsed.elements for name, value in a.items() if name in {"src", "href", "xlink:href"}]
    assert all(link.startswith("#") for link in links)


def test_no_text_of_a_figure_is_cut_off(any_stage: Comparison) -> None:
    outside = {name: points_outside(figure) for name, figure in figures(any_stage).items()}
    assert {name: by for name, by in outside.items() if by > 0.5} == {}


def test_no_legend_covers_data(any_stage: Comparison) -> None:
    for name, figure in figures(any_stage).items():
        figure.draw_without_rendering()
        boxes = [legend.get_window_extent() for legend in figure.legends]
        assert not any(box.overlaps(axes.get_window_extent()) for box in boxes for axes in figure.axes), name


def test_panels_stand_side_by_side_and_on_narrow_pages_one_above_the_other() -> None:
    drawn_both = figures(comparisons.two())
    for name, along in (("best_so_far", "x0"), ("best_so_far-narrow", "y0")):
        figure = drawn_both[name]
        figure.draw_without_rendering()
        left, right = (axes.get_position() for axes in figure.axes)
        across = "y0" if along == "x0" else "x0"
        assert getattr(left, along) != getattr(right, along)
        assert getattr(left, across) == pytest.approx(getattr(right, across), abs=0.01)


def test_eight_lines_differ_in_marker_and_dashes_and_not_only_in_colour() -> None:
    lines = figures(comparisons.eight())["best_so_far"].axes[0].get_lines()
    assert len({line.get_marker() for line in lines}) == len({line.get_color() for line in lines}) == MOST
    assert len({dashes for _, _, dashes in _STYLES}) == len(_STYLES) == MOST


def test_names_that_are_cut_to_the_same_are_numbered() -> None:
    names = [f"{'a' * 30}{middle}{'z' * 30}" for middle in "xy"]
    assert [line.name[:2] for line in drawing.lines_of([study(name, [0.9]) for name in names])] == ["1.", "2."]


def test_the_scale_shows_every_study_and_leaves_out_only_how_it_began() -> None:
    made = comparison(study("a", [0.1, 0.9, 0.95]), study("b", [0.12, 0.93]))
    low, high = figures(made)["best_so_far"].axes[0].get_ylim()
    assert 60 < low < 93 < high
    assert drawing.cut_below(drawing.lines_of(made.studies)) == pytest.approx(low)


def test_a_small_difference_is_not_blown_up_beyond_its_uncertainty() -> None:
    low, high = (
        figures(comparison(study("a", [0.9, 0.950]), study("b", [0.9, 0.951])))["best_so_far"].axes[0].get_ylim()
    )
    assert high - low > 5


def test_lengths_that_differ_much_are_drawn_on_a_logarithmic_axis() -> None:
    far = figures(comparisons.far_apart())["best_so_far"]
    assert [axes.get_xscale() for axes in far.axes] == ["symlog", "symlog"]
    assert far.axes[1].get_xlabel() == "search time, logarithmic"
    near = figures(comparisons.two())["best_so_far"]
    assert [axes.get_xscale() for axes in near.axes] == ["linear", "linear"]
    assert near.axes[1].get_xlabel() == "search time, seconds"


def test_two_thousand_trials_make_a_small_file() -> None:
    made = comparison(*(drawn(str(i), 2000, seed=i) for i in range(MOST)))
    assert len(comparison_files(made)["comparison.html"]) < 300_000


def test_hostile_names_neither_run_nor_turn_the_page_around(hostile_files: dict[str, bytes]) -> None:
    page = hostile_files["comparison.html"].decode()
    parsed = Elements(page)
    assert [tag for tag, _ in parsed.elements if tag in {"script", "iframe", "object", "embed", "link"}] == []
    assert [name for _, attributes in parsed.elements for name in attributes if name.startswith("on")] == []
    assert not set(page) & set("\x00\x07\u202a\u202b\u202d\u202e\u2066\u2067")
    assert "<script>alert(1)</script>" in parsed.text


def test_no_hostile_name_breaks_out_of_its_markdown_cell(hostile_files: dict[str, bytes]) -> None:
    lines = hostile_files["comparison.md"].decode().splitlines()
    fenced = [i for i, line in enumerate(lines) if line.startswith("```")]
    listings = {i for start, end in zip(fenced[::2], fenced[1::2], strict=True) for i in range(start, end)}
    assert not any("<script>" in line for i, line in enumerate(lines) if i not in listings)
    assert [line for i, line in enumerate(lines) if line.startswith("# ") and i not in listings] == [lines[0]]
    tables = [line for line in lines if line.startswith("|")]
    assert tables


def test_json_holds_the_values_and_what_follows_from_them() -> None:
    read = json.loads(json.dumps(document(comparisons.two()), allow_nan=False))
    first = read["studies"][0]
    assert (read["schema"], read["comparable"], read["common_score"]) == (1, True, 0.96)
    assert (first["best"]["number"], first["best"]["score"], first["best"]["interval"]["n"]) == (3, 0.97, 216)
    assert first["common_score_reached"] == {"number": 3, "finished": 4, "after": 40.0, "score": 0.97}
    assert [step["score"] for step in first["best_so_far"]] == [0.90, 0.95, 0.97]
    assert first["test"]["accuracy"]["n"] == 360
    assert len(first["trials"]) == 4


def test_json_of_every_stage_is_json(any_stage: Comparison) -> None:
    read = json.loads(comparison_files(any_stage)["comparison.json"], parse_constant=pytest.fail)
    assert [each["name"] for each in read["studies"]] == [each.name for each in any_stage.studies]


def test_every_file_is_written_and_what_else_the_folder_holds_stays(tmp_path: Path) -> None:
    (tmp_path / "figures").mkdir()
    for mine in (tmp_path / "thesis.tex", tmp_path / "figures" / "mine.png"):
        mine.write_text("mine")
    page = write_comparison(comparisons.two(), tmp_path)
    names = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    plots = [f"figures/{name}.{end}" for name in ("best_so_far", "best_scores") for end in ("png", "svg")]
    assert page == tmp_path / "comparison.html"
    assert names == {
        "comparison.html", "comparison.md", "comparison.json", *plots, "thesis.tex", "figures/mine.png",
    }  # fmt: skip


def test_each_figure_that_the_markdown_names_is_there() -> None:
    files = comparison_files(comparisons.two())
    linked = [line.split("](")[1][:-1] for line in files["comparison.md"].decode().splitlines() if "](" in line]
    assert linked == ["figures/best_so_far.png", "figures/best_scores.png"]
    assert all(link in files for link in linked)


def test_the_same_comparison_gives_the_same_bytes() -> None:
    assert comparison_files(comparisons.two()) == comparison_files(comparisons.two())
