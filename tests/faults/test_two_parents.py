"""Fault test 11: two processes forced onto one study, its lock file removed on purpose."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

from evidence import Measured
from fakes.starting import SPACE, Tune, holds

from tuner.study import Folder, Study
from tuner.trial import TrialState, winner

UNGUARDED = Path(__file__).parents[1] / "fakes" / "unguarded.py"
PRESETS = 8
COMMAND = ("digits", "--space", "queue.yaml", "--trials", str(PRESETS), "--study", "s")
SLOW = {"seconds": 0.1}
SLOWER = {"seconds": 0.4}
"""Of an epoch: so that a process that has to load everything comes in time."""
TARGET = "the second writer is refused, no trial is claimed twice; without the guard some are"


def queue(program: Tune) -> None:
    """A space whose first trials wait from the beginning, for whoever takes them."""
    presets = "".join(f"  p{i}: {{values: {{dense.units: {8 + i}}}}}\n" for i in range(PRESETS))
    (program.folder / "queue.yaml").write_text(f"{SPACE}presets:\n{presets}", encoding="utf-8")


def unguarded(program: Tune, part: str, orders: dict[str, float]) -> subprocess.Popen[str]:
    """A process that does not look at the mark of the other."""
    return subprocess.Popen(
        [sys.executable, str(UNGUARDED), part, *COMMAND],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        cwd=program.folder,
        env=program.environ(orders),  # type: ignore[arg-type]
    )


def begun_twice(program: Tune) -> list[str]:
    """Trials that workers began more than once, be it for a retraining."""
    lines = program.log.read_text(encoding="utf-8").splitlines()
    times = Counter(line for line in lines if line.startswith("begun "))
    return [line for line, n in times.items() if n > 1]


def remove_lock(program: Tune) -> None:
    assert holds(lambda: program.did("begun", 0) > 0, 60)
    (program.study("s") / "lock").unlink()


def states(program: Tune) -> list[TrialState]:
    return [trial.state for trial in Study.open(Folder(program.study("s"))).trials()]


def test_the_second_is_refused_at_the_door_and_the_first_goes_on(program: Tune, measured: Measured) -> None:
    queue(program)
    first = program.start(*COMMAND, orders=SLOW)
    remove_lock(program)
    second = program.run(*COMMAND, orders=SLOW)
    code = first.wait()
    best = winner(Study.open(Folder(program.study("s"))).trials())
    assert best is not None
    twice = [line for line in begun_twice(program) if line != f"begun {best.number}"]  # which is its retraining
    measured(
        11,
        target=TARGET,
        figure=f"the second exits {second.wait()}, the first {code}; {len(twice)} of {PRESETS} trials begun twice",
    )
    assert second.wait() == 75
    assert f"study 's' is held by process {first.pid} on " in second.said
    assert second.said.splitlines()[1:] == [second.said.splitlines()[-1]]
    assert code == 0
    assert twice == []
    assert states(program) == [TrialState.COMPLETE] * PRESETS


def test_who_was_taken_over_by_force_writes_nothing_more(program: Tune, measured: Measured) -> None:
    queue(program)
    first = program.start(*COMMAND, orders=SLOWER)
    remove_lock(program)
    with unguarded(program, "opening", SLOW) as second:
        code = first.wait()
        assert second.stderr is not None
        said = second.stderr.read()
    measured(11, target=TARGET, figure=f"taken over by force, the first exits {code}, the second {second.returncode}")
    assert code == 75
    assert f"process {second.pid} on " in first.said
    assert "Traceback" not in first.said
    assert second.returncode == 0, said
    assert states(program) == [TrialState.COMPLETE] * PRESETS


def test_without_the_guard_trials_are_claimed_twice(program: Tune, measured: Measured) -> None:
    """The negative control: the same two processes, and nothing between them."""
    queue(program)
    with unguarded(program, "all", SLOWER) as first:
        remove_lock(program)
        with unguarded(program, "all", SLOW) as second:
            second.communicate(timeout=120)
        first.communicate(timeout=120)
    twice = begun_twice(program)
    measured(11, target=TARGET, figure=f"without the guard {len(twice)} of {PRESETS} trials begun twice")
    assert len(twice) > 2
