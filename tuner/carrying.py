"""What a space may ask of training that a tool cannot give, told before anything is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from search_spaces import Configuration, Training

AVERAGING = "training.averaging"
EARLY_STOPPING = "training.early_stopping"
PLATEAU = "training.schedule.plateau"


def refuse(configurations: Iterable[Configuration], reasons: Mapping[str, str]) -> None:
    """ValueError with the settings named in `reasons` that any of the configurations has, and why they are refused."""
    used = {setting for each in configurations for setting in settings_of(each.training)}
    refused = [f"`{setting}` is not carried: {reason}" for setting, reason in reasons.items() if setting in used]
    if refused:
        raise ValueError(". ".join(refused))


def settings_of(training: Training) -> Iterator[str]:
    """Those of the settings above that the training has."""
    if training.averaging and training.averaging.kind != "none":
        yield AVERAGING
    if training.early_stopping:
        yield EARLY_STOPPING
    if training.schedule and training.schedule.kind == "plateau":
        yield PLATEAU
