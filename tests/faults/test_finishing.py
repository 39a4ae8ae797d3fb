"""Fault test 9: the winner and the report are whole or not there, whoever looks and whenever their writer dies."""

from __future__ import annotations

import json
import random
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from evidence import Measured
from fakes.ledger import left_behind
from fakes.starting import Nursery, Tune, holds

from tuner.crashing import POINTS
from tuner.files import read_manifest
from tuner.study import Folder

SEARCH = ("digits", "--space", "small.yaml", "--trials", "3", "--study", "s")
REPORT = ("report", "s")
TARGET = "the rerun completes; never a half artefact visible"
FILES = {"report.html", "report.md", "report.json", "model_card.md", "leaderboard.csv", "confusion_matrix.csv"}


class Watcher:
    """Looks at a study's artefacts all the time. `half` says what it saw that should not be."""

    def __init__(self, folder: Folder) -> None:
        self.looks = 0
        self.half: list[str] = []
        self._folder = folder
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def _watch(self) -> None:
        while not self._done.is_set():
            for path, is_whole in ((self._folder.best, read_manifest), (self._folder.report, _whole_report)):
                before = _identity(path)
                whole = is_whole(path)
                # Looked at while it was replaced, it was two folders.
                if not whole and before is not None and before == _identity(path):
                    self.half.append(f"{path.name}: {sorted(each.name for each in path.glob('*'))}")
                self.looks += before is not None
            self._done.wait(0.001)

    @contextmanager
    def watching(self) -> Iterator[None]:
        self._thread.start()
        try:
            yield
        finally:
            self._done.set()
            self._thread.join()


def _identity(path: Path) -> int | None:
    try:
        return path.stat().st_ino
    except OSError:
        return None


def _whole_report(path: Path) -> bool:
    try:
        page = (path / "report.html").read_text(encoding="utf-8").rstrip()
        return page.endswith("</html>") and {each.name for each in path.iterdir()} >= FILES
    except OSError:
        return False


@pytest.fixture(scope="module")
def reported(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The home of a finished study with its report."""
    tune = Tune(nursery, tmp_path_factory.mktemp("reported"))
    assert tune.run(*SEARCH, FAKE_REPORT="").wait() == 0
    return tune.home


@pytest.mark.parametrize("point", [each for each in POINTS if each.startswith("report-")])
def test_a_report_is_whole_or_not_there(program: Tune, reported: Path, point: str, measured: Measured) -> None:
    shutil.copytree(reported, program.home)
    folder = Folder(program.study("s"))
    watcher = Watcher(folder)
    with watcher.watching():
        assert program.run(*REPORT, TUNE_CRASH_AT=point).wait() == -9
        again = program.run(*REPORT)
    assert again.wait() == 0, again.said
    assert again.told.strip() == str(folder.report / "report.html")
    figure = "report killed: the rerun completed"
    measured(9, target=TARGET, figure=f"{figure}; {len(watcher.half)} half ones seen")
    measured(6, target="every point: resume works, invariants of test 1", figure="killed and resumed, 0 lost")
    assert _whole_report(folder.report)
    assert watcher.half == []
    assert watcher.looks > 0


@pytest.mark.parametrize("point", [None, "best-written", "best-aside", "best-renamed"])
def test_a_winner_is_whole_or_not_there(
    program: Tune, point: str | None, chance: random.Random, measured: Measured
) -> None:
    """Its worker dies at the point, or all of them at any moment."""
    assert program.run(*SEARCH).wait() == 0
    folder = Folder(program.study("s"))
    watcher = Watcher(folder)
    more = (*SEARCH[:4], "8", *SEARCH[5:])
    with watcher.watching():
        started = program.start(*more, orders={"seconds": 0.02}, **({"TUNE_CRASH_AT": point} if point else {}))
        if point is None:
            assert holds(lambda: "retraining" in started.said or not started.runs, 30)
            holds(lambda: False, chance.uniform(0.0, 0.1))
            started.kill()
        else:
            started.wait()
        again = program.run(*more)
    assert again.wait() == 0, again.said
    figure = "winner killed: the rerun completed"
    measured(9, target=TARGET, figure=f"{figure}; {len(watcher.half)} half ones seen")
    assert read_manifest(folder.best)
    assert watcher.half == []
    assert watcher.looks > 0
    assert left_behind(folder.path) == []


def test_killed_in_the_midst_of_it_the_same_command_goes_on(program: Tune) -> None:
    words = ("digits", "--space", "small.yaml", "--trials", "4", "--study", "s", "--confirm", "2", "--repeats", "3")
    started = program.start(*words, orders={"seconds": 0.1})
    assert holds(lambda: "again 1/3" in started.said, 60), started.said
    started.kill()
    done = program.run(*words, "--json")
    assert done.wait() == 0, done.said
    assert "going on with 4 finished trials" in done.said
    assert done.said.count("again 1/3") < 2
    assert len(json.loads(done.told)["confirmed"]["scores"]) == 3
    assert program.orphans() == []
