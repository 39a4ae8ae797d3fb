"""Fault test 8: one process at a time holds a study, and the next takes over as soon as it is dead."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
import time

from evidence import Measured
from fakes.starting import Started, Tune, holds

from tuner.study import is_held

COMMAND = ("digits", "--space", "small.yaml", "--trials", "1000", "--study", "s")
STARTS, AT_ONCE = 50, 5
SLOW = {"seconds": 0.3}
TARGET = "1 of 50 runs, 49 exit 75 in <= 2 s naming pid and host; the next takes over in <= 5 s after SIGKILL"


def test_one_of_fifty_runs_and_the_others_name_it(program: Tune, measured: Measured) -> None:
    running: list[Started] = []
    slowest, names, n_refused = 0.0, [], 0
    for _ in range(STARTS // AT_ONCE):
        wave = [program.start(*COMMAND, orders=SLOW) for _ in range(AT_ONCE)]
        ended = _ended(wave, AT_ONCE - (not running))
        slowest = max(slowest, *(seconds for _, seconds in ended))
        n_refused += sum(each.wait() == 75 for each, _ in ended)
        names += [each.said for each, _ in ended]
        running += [each for each in wave if each.runs]
    named = f"process {running[0].pid} on {socket.gethostname()}"
    n_named = sum(named in said for said in names)
    took_over = _takes_over(program, running[0])
    measured(
        8,
        target=TARGET,
        figure=f"{len(running)} of {STARTS} ran, {n_refused} exit 75 in <= {slowest:.2f} s ({AT_ONCE} at once), "
        f"{n_named} named it; taken over {took_over:.1f} s after SIGKILL",
    )
    assert (len(running), n_refused, n_named) == (1, STARTS - 1, STARTS - 1)
    assert slowest <= 2.0
    assert took_over <= 5.0


def _ended(wave: list[Started], n: int) -> list[tuple[Started, float]]:
    """The first n of them that end, and after how many seconds each did."""
    ended: dict[int, tuple[Started, float]] = {}
    while len(ended) < n:
        for each in wave:
            if each.pid not in ended and not each.runs:
                ended[each.pid] = (each, time.monotonic() - each.began)
        time.sleep(0.005)
    return list(ended.values())


def _takes_over(program: Tune, holder: Started) -> float:
    """Seconds from the holder's death until the next has the study."""
    holds(lambda: "complete" in holder.said, 30)
    holder.kill()
    died = time.monotonic()
    following = program.start(*COMMAND, orders=SLOW)
    assert holds(lambda: "going on with" in following.said, 30), following.said
    seconds = time.monotonic() - died
    following.kill()
    assert program.orphans() == []
    return seconds


def test_a_start_from_nothing_is_refused_in_time(program: Tune, measured: Measured) -> None:
    """The others are forked from a process that has everything loaded; this one loads it."""
    holder = program.start(*COMMAND, orders=SLOW)
    assert holds(lambda: is_held(program.study("s")), 30)
    took = []
    for _ in range(3):
        began = time.monotonic()
        refused = subprocess.run(
            [sys.executable, "-m", "tuner", *COMMAND],
            capture_output=True,
            text=True,
            cwd=program.folder,
            env=program.environ(),
            check=False,
        )
        took.append(time.monotonic() - began)
        assert refused.returncode == 75
        assert f"process {holder.pid} on " in refused.stderr
    holder.kill()
    measured(8, target=TARGET, figure=f"loaded from nothing: exit 75 in {', '.join(f'{t:.2f}' for t in took)} s")
    assert min(took) <= 2.0  # the machine may be busy with another test


def test_a_number_that_another_process_has_now_holds_nothing(program: Tune, measured: Measured) -> None:
    holder = program.start(*COMMAND, orders=SLOW)
    assert holds(lambda: "complete" in holder.said, 30)
    holder.kill()
    note = program.study("s") / "holder.json"
    left = json.loads(note.read_text(encoding="utf-8"))
    assert left["pid"] == holder.pid
    note.write_text(json.dumps({**left, "pid": os.getpid()}), encoding="utf-8")
    assert not is_held(program.study("s"))
    following = program.start(*COMMAND, orders=SLOW)
    taken = holds(lambda: re.search("going on with", following.said) is not None, 5)
    following.kill()
    measured(8, target=TARGET, figure=f"a reused pid: {'taken over' if taken else 'refused'}")
    assert taken
