"""What was asked: the part that makes two runs the same study, and the budget, which may change on every resume."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tuner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

Direction = Literal["maximize", "minimize"]

LONGEST_SHOWN = 80
"""Characters of a refused name that an error repeats."""

ACCURACY = "val_accuracy"

OBJECTIVES: Mapping[str, Direction] = {
    ACCURACY: "maximize",
    "parameters": "minimize",
    "multiply_adds": "minimize",
    "latency": "minimize",
}
"""What may be sought, and which way. `latency` is in milliseconds for one image."""

RETRIES = 2

FLOAT32 = "float32"

PRECISIONS = (FLOAT32, "mixed_bfloat16", "mixed_float16")
"""Keras's names of the policies that layers compute by. Weights are of single precision under each."""

AUTO = "auto"
"""Stands for the precision that suits the devices, or that the study has."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What must be equal for a study to go on. Its fields' names are what a refused resume shows."""

    dataset: str
    data_fingerprint: str
    space: str
    space_fingerprint: str
    engine: str = "optuna"
    algorithm: str = "tpe"
    pruner: str = "asha"
    objectives: tuple[str, ...] = (ACCURACY,)
    """Of OBJECTIVES. The first is what trials are scored, pruned and chosen by."""
    folds: int | None = None
    """Of the cross-validation that scores each trial; None where one validation split does."""
    seed: int = 0
    validation: float = 0.15
    """Share of the training images that judge the trials and train none of them."""
    limit: int | None = None
    """Training images to use, validation included; None is all."""
    epochs: int | None = None
    """Epochs of a full trial; None leaves them to the space."""
    precision: str = FLOAT32
    """Of PRECISIONS; scores depend on it. Studies of versions that knew no other have float32."""

    def to_json(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Plan:
        """Fields that this version does not know are dropped, so that an older version can say what differs."""
        known = {field.name for field in dataclasses.fields(cls)}
        fields = {name: each for name, each in value.items() if name in known}
        if "objectives" in fields:
            fields["objectives"] = tuple(fields["objectives"])
        return cls(**fields)

    def differences(self, other: Plan) -> list[str]:
        """One line for each field in which `other` departs from this plan: `seed: 0 -> 1`."""
        mine, theirs = self.to_json(), other.to_json()
        return [
            f"{name}: {_shown(mine[name])} -> {_shown(theirs[name])}" for name in mine if mine[name] != theirs[name]
        ]


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How much the search may spend. A study goes on under a new budget at every resume."""

    trials: int
    """Finished trials that the study shall hold in total."""
    timeout: float | None = None
    """Seconds that this run of the search may take; None is no limit."""
    trial_timeout: float | None = None
    """Seconds that one trial may train; None is no limit."""
    retries: int = RETRIES
    """Times in a row that a trial is begun again under its own number without having gained an epoch."""


TOP = "top:"
MOST_KEPT = 1_000_000


@dataclass(frozen=True, kw_only=True)
class Keep:
    """What was asked for. Trials that run, or wait to be gone on with, keep theirs whatever it says."""

    most: int | None
    """Finished trials that keep their weights, the best first; None is all."""

    @classmethod
    def parse(cls, text: str) -> Keep:
        """Of `best`, `top:K`, `all` or `none`. Raises UsageError."""
        word = text.strip().lower()
        if word in POLICIES:
            return POLICIES[word]
        digits = word.removeprefix(TOP)
        if word.startswith(TOP) and digits.isascii() and digits.isdigit() and 0 < int(digits[:8]) <= MOST_KEPT:
            return cls(most=int(digits[:8]))
        raise UsageError(f"it is best, top:K with K from 1 (as in top:5), all or none. Got {text[:40]!a}.")

    def __str__(self) -> str:
        return next((name for name, each in POLICIES.items() if each == self), f"{TOP}{self.most}")


BEST = Keep(most=1)
POLICIES = {"best": BEST, "all": Keep(most=None), "none": Keep(most=0)}


def check_name(name: str, what: str) -> str:
    """`name`, where it is safe as a folder's name on every system. `what` says whose name it is in the error."""
    if NAME.fullmatch(name) and not name.endswith("."):
        return name
    shown = ascii(name if len(name) <= LONGEST_SHOWN else name[:77] + "...")
    raise UsageError(
        f"{what} must start with a letter or digit and have at most 64 letters, digits, '.', '_' or '-'. Got {shown}."
    )


def seconds(text: str) -> float:
    """The span that `90`, `90s`, `15m`, `1.5h` or `1h30m` names, in seconds."""
    match = re.fullmatch(r"(?:(\d+(?:\.\d+)?)h)?(?:(\d+(?:\.\d+)?)m)?(?:(\d+(?:\.\d+)?)s?)?", text.strip().lower())
    if not text.strip() or match is None:
        raise UsageError(f"a time is written as 90s, 15m, 2h or 1h30m. Got {text!r}.")
    hours, minutes, rest = (float(part or 0) for part in match.groups())
    span = hours * 3600 + minutes * 60 + rest
    if not span > 0:
        raise UsageError(f"a time must be greater than 0. Got {text!r}.")
    return span


def _shown(value: Any) -> str:
    if value is None:
        return "not set"
    text = ", ".join(map(str, value)) if isinstance(value, tuple) else str(value)
    return f"{text[:12]}..." if re.fullmatch(r"[0-9a-f]{64}", text) else text
