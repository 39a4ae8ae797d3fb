"""Between Optuna's rows and our trials. The names of the attributes stand here and nowhere else."""

from __future__ import annotations

from dataclasses import astuple
from typing import Any

from optuna.trial import FrozenTrial
from optuna.trial import TrialState as Row

from tuner.trial import Epoch, Reason, Trial, TrialState, epoch_of, plain

PRESET = "preset"
SETUP = "setup"
"""What is known when a trial begins: configuration, seed, parameters, device, retries."""
CURVE = "curve"
"""`epochs`: one list an epoch, in the order of `Epoch`'s fields; `clock`: the search time when the last one ended."""
CUTS = "cuts"
"""Epochs it had reported each time a run died with it."""
OUTCOME = "outcome"
"""What is known when it ends: state, reason, detail, seconds, finished_after."""

STATES = {
    Row.WAITING: TrialState.WAITING,
    Row.RUNNING: TrialState.RUNNING,
    Row.COMPLETE: TrialState.COMPLETE,
    Row.PRUNED: TrialState.PRUNED,
    Row.FAIL: TrialState.FAILED,
}


def row_of(state: TrialState, reason: str) -> Row:
    """How Optuna's table says it. A failure that the configuration is to blame for is PRUNED with a violated
    constraint: told FAIL, TPE does not see it at all and goes on proposing there.
    """
    if state is TrialState.COMPLETE:
        return Row.COMPLETE
    if state is TrialState.FAILED and reason == Reason.CRASH:
        return Row.FAIL
    return Row.PRUNED


def curve_of(rows: list[list[Any]]) -> tuple[Epoch, ...]:
    return tuple(epoch_of(row) for row in rows)


def rows_of(curve: tuple[Epoch, ...]) -> list[list[Any]]:
    return [list(astuple(epoch)) for epoch in curve]


def trial_of(row: FrozenTrial) -> Trial:
    attributes = row.user_attrs
    setup, outcome = attributes.get(SETUP, {}), attributes.get(OUTCOME, {})
    curve = curve_of(attributes.get(CURVE, {}).get("epochs", []))
    finished = row.state.is_finished()
    return Trial(
        number=row.number,
        state=TrialState(outcome["state"]) if finished and outcome else STATES[row.state],
        values={name: plain(value) for name, value in row.params.items()},
        preset=attributes.get(PRESET, ""),
        curve=curve,
        configuration=setup.get("configuration", ""),
        seed=setup.get("seed", 0),
        parameters=setup.get("parameters"),
        device=setup.get("device", ""),
        retries=setup.get("retries", 0),
        reason=outcome.get("reason", "") if finished else "",
        detail=outcome.get("detail", "") if finished else "",
        seconds=outcome["seconds"] if finished and "seconds" in outcome else sum(epoch.seconds for epoch in curve),
        seen_after=attributes.get(CURVE, {}).get("clock", 0.0),
        finished_after=outcome.get("finished_after") if finished else None,
    )
