from __future__ import annotations

import csv
import io
import json
import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from reports import folder as folders
from reports import render_json, render_markdown, write
from reports.csv_files import confusion_csv, leaderboard_csv
from tests.reports import samples

if TYPE_CHECKING:
    from reports import Report


def test_write_leaves_every_format_and_nothing_else(tmp_path: Path) -> None:
    page = write(samples.digits(), tmp_path / "report")
    assert page == tmp_path / "report" / "report.html"
    names = {path.name for path in page.parent.iterdir()}
    assert names == {
        "report.html",
        "report.md",
        "report.json",
        "model_card.md",
        "confusion_matrix.csv",
        "leaderboard.csv",
        "figures",
    }
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_each_figure_that_the_markdown_names_is_there(tmp_path: Path) -> None:
    folder = write(samples.digits(), tmp_path / "report").parent
    linked = {line.split("](")[1][:-1] for line in (folder / "report.md").read_text().splitlines() if "](" in line}
    assert len(linked) == 10
    assert all((folder / link).stat().st_size > 1000 for link in linked)
    assert all((folder / link).with_suffix(".svg").exists() for link in linked)


def test_a_second_report_replaces_the_first_whole(tmp_path: Path) -> None:
    write(samples.digits(), tmp_path / "report")
    write(samples.empty(), tmp_path / "report")
    assert not (tmp_path / "report" / "confusion_matrix.csv").exists()
    assert not (tmp_path / "report" / "figures").exists()


def test_a_failure_half_way_leaves_the_old_report_whole(tmp_path: Path) -> None:
    folders.replace(tmp_path / "report", {"report.html": b"old", "figures/a.png": b"old"})
    with pytest.raises(OSError, match="too long"):
        folders.replace(tmp_path / "report", {"report.html": b"new", "x" * 300: b"no file system takes this"})
    assert (tmp_path / "report" / "report.html").read_bytes() == b"old"
    assert (tmp_path / "report" / "figures" / "a.png").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["report"]


def test_a_folder_that_cannot_be_made_is_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        write(samples.empty(), tmp_path / "file" / "report")


def test_leftovers_of_killed_writers_go_once_they_are_old(tmp_path: Path) -> None:
    for name, age in ((".report.0123abcd.new", 7200), (".report.4567cdef.old", 7200), (".report.89ab0123.new", 0)):
        (tmp_path / name).mkdir()
        now = (tmp_path / name).stat().st_mtime
        os.utime(tmp_path / name, (now - age, now - age))
    folders.replace(tmp_path / "report", {"report.html": b"new"})
    assert {path.name for path in tmp_path.iterdir()} == {"report", ".report.89ab0123.new"}


def test_the_confusion_csv_is_the_array(fashion: Report) -> None:
    rows = list(csv.reader(io.StringIO(confusion_csv(fashion) or "")))
    assert tuple(rows[0][1:]) == tuple(row[0] for row in rows[1:]) == fashion.data.class_names
    np.testing.assert_array_equal(np.array([row[1:] for row in rows[1:]], dtype=int), fashion.evaluation.confusion)


def test_the_leaderboard_csv_holds_every_trial_with_exact_scores(fashion: Report) -> None:
    rows = list(csv.DictReader(io.StringIO(leaderboard_csv(fashion))))
    scores = {trial.number: trial.score for trial in fashion.trials}
    assert {int(row["trial"]): float(row["score"]) if row["score"] else None for row in rows} == scores
    ranked = [float(row["score"]) for row in rows if row["rank"]]
    assert ranked == sorted(ranked, reverse=True)
    assert {row["state"] for row in rows if not row["rank"]} == {"pruned", "failed"}


def test_no_cell_of_a_csv_is_run_as_a_formula(hostile: Report) -> None:
    for text in (confusion_csv(hostile) or "", leaderboard_csv(hostile)):
        cells = [cell for row in csv.reader(io.StringIO(text)) for cell in row]
        assert [cell for cell in cells if cell.startswith(("=", "@", "+"))] == []


def test_json_gives_back_every_value(any_stage: Report) -> None:
    read = json.loads(render_json(any_stage))
    assert read["schema"] == 1
    assert read["study"] == any_stage.study
    assert [row["score"] for row in read["trials"]] == [trial.score for trial in any_stage.trials]
    assert [row["values"] for row in read["trials"]] == [dict(trial.values) for trial in any_stage.trials]
    assert read["data"]["class_names"] == list(any_stage.data.class_names)
    if any_stage.evaluation is None:
        assert read["evaluation"] is None
    else:
        np.testing.assert_array_equal(read["evaluation"]["confusion"], any_stage.evaluation.confusion)


def test_json_has_null_for_what_is_not_a_number() -> None:
    read = json.loads(render_json(samples.exploded()), parse_constant=pytest.fail)
    assert read["trials"][1]["curve"][2]["loss"] is None


def test_undecodable_names_can_be_written(tmp_path: Path) -> None:
    report = samples.empty()
    odd = replace(report, data=replace(report.data, source="/data/\udcff\udcfe"))
    assert write(odd, tmp_path / "report").exists()


def test_markdown_of_a_tiny_report_is_this_page() -> None:
    assert render_markdown(samples.tiny()) == Path(__file__).with_name("tiny.md").read_text(encoding="utf-8")


def test_no_hostile_name_breaks_out_of_its_markdown_cell(hostile: Report) -> None:
    lines = render_markdown(hostile).splitlines()
    assert not any("<script>" in line and "`<script>" not in line for line in lines if not line.startswith("tune "))
    assert [line for line in lines if line.startswith("# ")] == [lines[0]]
