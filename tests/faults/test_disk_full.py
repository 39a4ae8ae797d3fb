"""Fault test 17: where a disk is full the run ends with a clear line, or goes on without; with space it is finished.

A limit on the size of files stands for the full disk where no file system can be mounted: the system refuses the same
writes, one file after another as the limit falls.
"""

from __future__ import annotations

import contextlib
import errno
import json
import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from evidence import Measured
from fakes.job import make
from fakes.ledger import Ledger, shortfalls
from fakes.small_disk import mounted
from fakes.starting import Nursery, Tune, holds

from search_spaces import SearchSpace
from tuner.errors import StudyError
from tuner.events import Warned
from tuner.messages import Alive, Failed
from tuner.plan import Budget
from tuner.trial import TrialState

CLEAR = re.compile(r"full|No space left|File too large|limit on the size of files|disk I/O error|no room")
TARGET = "a clear line, exit 3 to 5; with space again the same command ends it, 0 lost, integrity ok"


def command(trials: int) -> tuple[str, ...]:
    return ("digits", "--space", "small.yaml", "--trials", str(trials), "--study", "s")


def is_clear(said: str) -> bool:
    """The last line says what happened, and no traceback stands anywhere."""
    last = said.rstrip().splitlines()[-1]
    return last.startswith("tune: ") and bool(CLEAR.search(last)) and "Traceback" not in said


@pytest.mark.parametrize(
    ("site", "size", "code", "trials"),
    [
        ("the prepared data", 2_000, 3, 4),
        ("the split", 8_000, 4, 4),
        ("the new study", 60_000, 4, 4),
        ("the rows of trials", 120_000, 4, 40),
    ],
)
def test_what_has_no_room_ends_the_run_and_with_room_it_is_finished(
    program: Tune, site: str, size: int, code: int, trials: int, measured: Measured
) -> None:
    ledger = Ledger(program.study("s"), program.folder / "ledger")
    if code != 3:
        program.run("data", "fetch", "digits")
    full = program.run(*command(trials), FAKE_LIMITS=json.dumps({"file": size}))
    ledger.read(full.said)
    before = len(ledger.told)
    again = program.run(*command(trials))
    ledger.read(again.said)
    wrong = [*ledger.faults, *shortfalls(program.study("s"), trials)]
    figure = f"{site}: exit {full.wait()} after {before} trials, then {again.wait()}; {len(wrong)} lost or wrong"
    measured(17, target=TARGET, figure=figure)
    assert full.wait() == code, full.said
    assert is_clear(full.said), full.said
    assert again.wait() == 0, again.said
    assert wrong == []
    assert ledger.twice == []
    assert program.orphans() == []


def test_a_report_without_room_leaves_none_and_is_written_when_there_is_some(program: Tune, measured: Measured) -> None:
    report = program.study("s") / "report"
    full = program.run(*command(2), FAKE_LIMITS=json.dumps({"file": 118_000}), FAKE_REPORT="")
    left = [path.name for path in program.study("s").glob("*report*")]
    again = program.run(*command(2), FAKE_REPORT="")
    measured(17, target=TARGET, figure=f"the report: exit {full.wait()}, then {again.wait()}; half made: {left}")
    assert full.wait() == 4, full.said
    assert is_clear(full.said), full.said
    assert left == []
    assert again.wait() == 0, again.said
    assert (report / "report.html").exists()


def test_a_guess_without_room_is_refused_and_leaves_nothing(program: Tune, measured: Measured) -> None:
    program.run(*command(1))
    enqueue = ("enqueue", "s", "--set", "dense.units=12")
    full = program.run(*enqueue, FAKE_LIMITS=json.dumps({"fails": ["fsync", errno.ENOSPC]}))
    left = list((program.study("s") / "inbox").iterdir())
    again = program.run(*enqueue)
    measured(17, target=TARGET, figure=f"the inbox: exit {full.wait()}, then {again.wait()}; {len(left)} files left")
    assert (full.wait(), again.wait()) == (4, 0), full.said + again.said
    assert is_clear(full.said), full.said
    assert left == []


def test_an_epoch_that_cannot_be_kept_is_told_once_and_the_winner_without_room_ends_the_run(
    home: Path, monkeypatch: pytest.MonkeyPatch, measured: Measured
) -> None:
    job = make(home, monkeypatch)
    no_room = {"limits": {"file": 300}}  # of the workers alone
    with pytest.raises(StudyError, match=r"the winner could not be kept: .*File too large"):
        job.run(no_room, budget=Budget(trials=4), pruner="none", workers=2)
    told = [event for event in job.events if isinstance(event, Warned)]
    complete = sum(trial.state is TrialState.COMPLETE for trial in job.trials)
    job.run(budget=Budget(trials=4), pruner="none", workers=2)
    figure = (
        f"checkpoints and the winner: {complete} of 4 trials complete, said {len(told)} times; the winner afterwards"
    )
    measured(17, target=TARGET, figure=figure)
    assert complete == 4
    assert [event.text for event in told] == ["an epoch could not be kept: File too large"]
    assert (job.request.folder.best / "manifest.json").exists()


def test_an_epoch_of_keras_that_cannot_be_kept_is_told_and_trained_all_the_same(tmp_path: Path) -> None:
    from tuner.training.fit import NOT_KEPT, Checkpointing, Images, Supervision, train

    (tmp_path / "checkpoints").write_text("in the way", encoding="utf-8")
    space = "{name: a, layers: [flatten, {dense: {units: 4}}], training: {optimizer: adam, batch_size: 8, epochs: 2}}"
    images = Images(images=np.zeros((16, 4, 4, 1), np.uint8), labels=np.arange(16) % 2, n_classes=2)
    told: list[str] = []
    kept = Checkpointing(folder=tmp_path / "checkpoints", identity="a")
    watched = Supervision(checkpointing=kept, on_remark=told.append)
    configuration = SearchSpace.parse(space, "a.yaml").default()
    _, curve = train(configuration, images, images, epochs=2, seed=0, supervision=watched)
    assert len(curve) == 2
    assert told == [f"{NOT_KEPT}: File exists"] * 2


def test_a_log_without_room_does_not_change_why_a_trial_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    from tuner import worker
    from tuner.training.fit import NotFinite

    def fails(*_: object) -> None:
        raise NotFinite("the loss was no longer finite in epoch 1.")

    class Channel:
        def send(self, message: object) -> None:
            """Nobody listens."""

    monkeypatch.setattr(worker, "_do", fails)
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr("sys.stderr", full)
        ending = worker._run(Alive(job=3), Channel(), lambda: False)  # type: ignore[arg-type]
        with contextlib.suppress(OSError):
            full.close()
    assert isinstance(ending, Failed)
    assert (ending.job, ending.reason) == (3, "nan")


SIZE = 8 * 2**20


@pytest.fixture
def small_disk(nursery: Nursery, tmp_path: Path) -> Iterator[Tune]:
    """A home on a file system of 8 MB, but for the data."""
    tune = Tune(nursery, tmp_path)
    tune.run(*command(1))
    shutil.rmtree(tune.home / "studies")
    (tune.home / "studies").mkdir()
    with mounted(tune.home / "studies", SIZE):
        yield tune


def fill(folder: Path) -> Path:
    """A file that takes all that is free."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 4096)
    return filler


def test_a_disk_that_fills_up_while_the_search_runs_loses_nothing(small_disk: Tune, measured: Measured) -> None:
    trials, ledger, codes = 60, Ledger(small_disk.study("s"), small_disk.folder / "ledger"), []
    for after in (5, 15, 40):
        started = small_disk.start(*command(trials), orders={"seconds": 0.005})
        there = len(ledger.told)
        assert holds(
            lambda started=started, n=after - there: started.said.count("\ntrial") >= n or not started.runs, 60
        )
        filler = fill(small_disk.home / "studies")
        began = time.monotonic()
        codes.append(started.wait(60))
        assert time.monotonic() - began < 20
        ledger.read(started.said)
        assert is_clear(started.said), started.said
        filler.unlink()
    last = small_disk.run(*command(trials))
    ledger.read(last.said)
    wrong = [*ledger.faults, *shortfalls(small_disk.study("s"), trials)]
    figure = f"8 MB tmpfs filled up 3 times: exit {codes}, then {last.wait()}; {len(wrong)} lost or wrong"
    measured(17, target=TARGET, figure=figure)
    assert codes == [4, 4, 4]
    assert last.wait() == 0, last.said
    assert wrong == []
    assert ledger.twice == []
    assert small_disk.orphans() == []
