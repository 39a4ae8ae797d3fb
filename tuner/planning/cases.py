"""Single configurations looked at ahead: what they are made of, what they would cost, what stands in their way."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from search_spaces import Unbuildable, over_limit, summarize
from tuner.planning.duration import epoch_seconds, trial_seconds
from tuner.planning.memory import training_memory
from tuner.planning.work import work_of

if TYPE_CHECKING:
    from search_spaces import Configuration, ModelSummary, SearchSpace
    from tuner.planning.duration import Span
    from tuner.planning.speed import Speed
    from tuner.planning.work import Images


class Hindrance(StrEnum):
    """Why a configuration is turned down instead of trained."""

    FORBIDDEN = "forbidden"
    """By a rule of the space."""
    UNBUILDABLE = "cannot be built"
    """Its layers do not fit the images, or each other."""
    OVER_LIMIT = "over a limit"
    """Of the space."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Estimates for a training."""

    memory: int
    """Bytes at the peak of the process that trains."""
    epoch: Span
    trial: Span
    """All epochs; nothing ends it early."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """A configuration that is looked at."""

    name: str
    """`default`, a preset's name, `sample 2`."""
    configuration: Configuration
    summary: ModelSummary | None
    """None where it cannot be built."""
    hindrance: Hindrance | None
    """None where it can be trained."""
    problem: str
    """The hindrance in a sentence; empty without one."""
    cost: Cost | None
    """None where it cannot be trained, or the estimates do not hold here."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """What configurations are looked at for."""

    space: SearchSpace
    images: Images
    epochs: int | None
    """Of a full trial; None leaves them to the configuration."""
    speed: Speed | None
    """Of all cores; None where times and memory are not estimated: on GPUs."""
    at_once: int = 1
    """Trials that train side by side."""
    gain: float = 1.0
    """How much faster they are together than one with all cores."""

    @property
    def slower(self) -> float:
        """Times as long as alone that a trial takes beside the others."""
        return self.at_once / self.gain


def look_at(name: str, configuration: Configuration, setting: Setting) -> Case:
    """The configuration as a search would meet it."""
    summary, hindrance, problem = _hindrance(configuration, setting)
    cost = None
    if summary is not None and hindrance is None and setting.speed is not None:
        work = work_of(configuration, summary, setting.images, setting.epochs)
        cost = Cost(
            memory=training_memory(work),
            epoch=epoch_seconds(work, setting.speed) * setting.slower,
            trial=trial_seconds(work, setting.speed) * setting.slower,
        )
    return Case(
        name=name, configuration=configuration, summary=summary, hindrance=hindrance, problem=problem, cost=cost
    )


def _hindrance(configuration: Configuration, setting: Setting) -> tuple[ModelSummary | None, Hindrance | None, str]:
    rule = setting.space.forbidden(configuration)
    try:
        summary = summarize(configuration, setting.images.shape, setting.images.n_classes)
    except Unbuildable as error:
        return None, Hindrance.UNBUILDABLE, str(error)
    if rule:
        return summary, Hindrance.FORBIDDEN, rule
    excess = over_limit(setting.space, summary)
    return summary, Hindrance.OVER_LIMIT if excess else None, excess or ""
