"""Between Optuna's rows and our trials. The names of the attributes stand here and nowhere else."""

from __future__ import annotations

from dataclasses import astuple, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from tuner.trial import (
    EPOCH_FIELDS,
    FINISHED,
    WHOLE,
    Epoch,
    Fold,
    Reason,
    Stage,
    Stay,
    Trial,
    TrialState,
    epoch_of,
    plain,
    seconds_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from optuna.trial import FrozenTrial
    from optuna.trial import TrialState as Row

PRESET = "preset"
SETUP = "setup"
"""What is known when a trial begins: configuration, seed, parameters, device, retries, seconds queued for a slot."""
CURVE = "curve"
"""`epochs`: one list an epoch, in the order of `Epoch`'s fields; `clock`: the search time when the last one ended;
`phases`: seconds by phase, of the stay until then.
"""
STAYS = "stays"
"""One list a slot that it had: its name, the search times when it got and left it, and the seconds in between that it
waited to train there, both null until they are known, and its seconds by phase. In earlier versions the list ends
sooner.
"""
CUTS = "cuts"
"""Epochs it had reported each time a run died with it."""
FOLDS = "folds"
"""One list a fold, in the order of `Fold`'s fields."""
STAGE = "stage"
"""How much of a training it is; not there where it is whole."""
ENGINE = "engine"
"""What the engine that proposed it wants to find again."""
ENQUEUED = "enqueued"
"""True where a user asked for it."""
GUESS = "guess"
"""Identity of the file in the inbox that it came from, so that none is taken in twice."""
CARRIED = "carried"
"""The study that it was trained in, where this one took it over."""
OUTCOME = "outcome"
"""What is known when it ends: state, reason, detail, costs, finished_after, measures; the trial that it repeats."""

NO_PHASES: Mapping[str, float] = {}

FOLD_FIELDS = tuple(field.name for field in fields(Fold))

STATES = {
    "WAITING": TrialState.WAITING,
    "RUNNING": TrialState.RUNNING,
    "COMPLETE": TrialState.COMPLETE,
    "PRUNED": TrialState.PRUNED,
    "FAIL": TrialState.FAILED,
}
"""By the word that Optuna's table has for it."""


def row_of(state: TrialState, reason: str) -> Row:
    """How Optuna's table says it. A failure that the configuration is to blame for is PRUNED with a violated
    constraint: told FAIL, TPE does not see it at all and goes on proposing there.
    """
    from optuna.trial import TrialState as Row

    if state is TrialState.COMPLETE:
        return Row.COMPLETE
    if state is TrialState.FAILED and reason == Reason.CRASH:
        return Row.FAIL
    return Row.PRUNED


def curve_of(rows: list[list[Any]]) -> tuple[Epoch, ...]:
    return tuple(epoch_of(row) for row in rows)


def rows_of(curve: tuple[Epoch, ...]) -> list[list[Any]]:
    return [list(_fields_of(epoch)) for epoch in curve]


_fields_of = attrgetter(*EPOCH_FIELDS)
"""As `astuple` does, which takes twenty times as long; a curve is written anew with each epoch."""


def folds_of(rows: list[list[Any]]) -> tuple[Fold, ...]:
    return tuple(Fold(**dict(zip(FOLD_FIELDS, row, strict=True))) for row in rows)


def stays_of(attributes: Mapping[str, Any]) -> tuple[Stay, ...]:
    """One that a killed run left open ended with the last that it recorded of it."""
    seen = attributes.get(CURVE, {}).get("clock", 0.0)
    left = attributes.get(OUTCOME, {}).get("waited", 0.0)
    stays: list[Stay] = []
    for row in attributes.get(STAYS, []):
        stays.append(_stay(row, seen, left, phases_so_far(attributes)))
        left -= stays[-1].waited
    return tuple(stays)


def _stay(row: list[Any], seen: float, left: float, so_far: Mapping[str, float]) -> Stay:
    """From its row. Earlier versions kept only the sum of all waiting: what is `left` of that is taken from the first.

    One in which no training began waited all the time.
    """
    slot, began, ended, *kept = row
    waited = kept[0] if kept else left
    phases = kept[1] if len(kept) > 1 else {}
    if ended is None:
        phases = {**phases, **so_far}
        ended = round(max(began + (waited or 0.0), seen), 3)
    whole = round(ended - began, 3)
    waited = whole if waited is None else max(min(waited, whole), 0.0)
    return Stay(slot=slot, began=began, ended=ended, waited=waited, phases=phases)


def curve_so_far(curve: tuple[Epoch, ...], clock: float, phases: Mapping[str, float]) -> dict[str, Any]:
    """The attribute CURVE."""
    return {"epochs": rows_of(curve), "clock": clock, **({"phases": dict(phases)} if phases else {})}


def phases_so_far(attributes: Mapping[str, Any]) -> dict[str, float]:
    """Seconds by phase of the stay that is open, as its last epoch told them; none before there was one."""
    curve, stays = attributes.get(CURVE, {}), attributes.get(STAYS, [])
    told_here = stays and has_slot(stays) and curve.get("clock", 0.0) > stays[-1][1]
    return dict(curve.get("phases", {})) if told_here else {}


def with_slot(attributes: Mapping[str, Any], slot: str, clock: float) -> list[list[Any]]:
    """The rows of a trial that gets the slot at that search time."""
    return [*(list(astuple(stay)) for stay in stays_of(attributes)), [slot, clock, None, None]]


def has_slot(stays: list[list[Any]]) -> bool:
    """Whether the last of these rows is open."""
    return bool(stays) and stays[-1][2] is None


def with_training(stay: list[Any], clock: float, phases: Mapping[str, float]) -> list[Any]:
    """The row of an open stay in which training begins at that search time; `phases` of its waiting."""
    slot, began, *_ = stay
    known = {name: seconds for name, seconds in phases.items() if seconds}
    return [slot, began, None, round(max(clock - began, 0.0), 3), *([known] if known else [])]


def with_end(stay: list[Any], clock: float, phases: Mapping[str, float]) -> list[Any]:
    """The row of an open stay that ends at that search time, with the seconds of these phases too."""
    slot, began, _, *waited = stay
    before = waited.pop() if len(waited) > 1 else {}
    if waited == [None]:
        waited = [round(clock - began, 3)]
    whole = {**before, **phases}
    return [slot, began, clock, *waited, *([whole] if whole and waited else [])]


def _waited(stays: tuple[Stay, ...], setup: Mapping[str, Any]) -> float:
    """On its slots and for them."""
    queued: float = setup.get("queued", 0.0)
    return round(sum(stay.waited for stay in stays) + queued, 3)


def trial_of(row: FrozenTrial) -> Trial:
    return trial_from(row.number, row.state.name, row.params, row.user_attrs)


def trial_from(number: int, state: str, params: Mapping[str, Any], attributes: Mapping[str, Any]) -> Trial:
    """From what Optuna's tables hold of it; `state` in their words. LookupError and the like where it is damaged."""
    setup, outcome = attributes.get(SETUP, {}), attributes.get(OUTCOME, {})
    curve = curve_of(attributes.get(CURVE, {}).get("epochs", []))
    folds = folds_of(attributes.get(FOLDS, []))
    finished = STATES[state] in FINISHED
    stays = stays_of(attributes)
    return Trial(
        number=number,
        state=TrialState(outcome["state"]) if finished and outcome else STATES[state],
        values={name: plain(value) for name, value in params.items()},
        preset=attributes.get(PRESET, ""),
        enqueued=attributes.get(ENQUEUED, False),
        carried=attributes.get(CARRIED, ""),
        stage=Stage(**attributes.get(STAGE, {})),
        engine=attributes.get(ENGINE, {}),
        curve=curve,
        folds=folds,
        measures={**setup.get("measures", {}), **outcome.get("measures", {})},
        configuration=setup.get("configuration", ""),
        seed=setup.get("seed", 0),
        parameters=setup.get("parameters"),
        device=setup.get("device", ""),
        stays=stays,
        waited=max(_waited(stays, setup), outcome.get("waited", 0.0) if finished else 0.0),
        memory=outcome.get("memory", 0) if finished else 0,
        device_memory=outcome.get("device_memory", 0) if finished else 0,
        retries=setup.get("retries", 0),
        reason=outcome.get("reason", "") if finished else "",
        repeats=outcome.get("repeats") if finished else None,
        detail=outcome.get("detail", "") if finished else "",
        seconds=outcome["seconds"] if finished and "seconds" in outcome else seconds_of(curve, folds),
        seen_after=attributes.get(CURVE, {}).get("clock", 0.0),
        finished_after=outcome.get("finished_after") if finished else None,
    )


def attributes(
    stage: Stage = WHOLE,
    notes: Mapping[str, Any] | None = None,
    *,
    preset: str = "",
    enqueued: bool = False,
    guess: str = "",
) -> dict[str, Any]:
    """Of a trial that is not begun yet."""
    found: dict[str, Any] = {STAGE: stage.to_json(), ENGINE: dict(notes or {}), PRESET: preset, ENQUEUED: enqueued}
    return {name: value for name, value in (found | {GUESS: guess}).items() if value}


def carried(row: FrozenTrial, *, study: str, configuration: str, stage: Stage) -> dict[str, Any]:
    """Attributes of a finished trial of `study` in another one, where its configuration has this hash. Times on the
    clock of its own search are left behind, and so are its engine's notes.
    """
    old = {name: row.user_attrs[name] for name in (PRESET, ENQUEUED, FOLDS) if name in row.user_attrs}
    setup, outcome = row.user_attrs.get(SETUP, {}), row.user_attrs.get(OUTCOME, {})
    curve = {"epochs": row.user_attrs[CURVE]["epochs"]} if CURVE in row.user_attrs else {}
    found = {
        **old,
        SETUP: {**setup, "configuration": configuration},
        CURVE: curve,
        OUTCOME: {**outcome, "finished_after": None, "waited": trial_of(row).waited},
        STAGE: stage.to_json(),
        CARRIED: row.user_attrs.get(CARRIED, study),
    }
    return {name: value for name, value in found.items() if value}
