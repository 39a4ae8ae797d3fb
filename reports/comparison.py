"""What a comparison of studies says: plain values. Knows nothing of studies on disk or of how anything is drawn."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from reports.paired import Paired
    from reports.report import Proportion

MOST = 8
"""Studies that lines and colours still tell apart."""

EndState = Literal["complete", "pruned", "failed"]


@dataclass(frozen=True, kw_only=True)
class EndedTrial:
    """A trial that counts as finished."""

    number: int
    state: EndState
    score: float | None
    """Best validation accuracy of its epochs, or mean accuracy of its folds, 0 to 1; None where it has neither."""
    eligible: bool
    """Whether it may be the study's best: complete, where any trial is, and scored on as many images as any."""
    after: float | None = None
    """Seconds of search time from the study's start to its end; None where that is not known, or it was carried."""
    seconds: float = 0.0
    """Wall time of its training."""
    parameters: int | None = None
    carried: str = ""
    """The study that trained it, where this one took it over when it began; empty for its own."""


@dataclass(frozen=True, kw_only=True)
class TestScore:
    """What the retrained winner scored on the test images."""

    trial: int
    """The trial whose configuration was retrained."""
    accuracy: Proportion


@dataclass(frozen=True, kw_only=True)
class ComparedStudy:
    """One study, as far as it has come."""

    name: str
    """Unique within the comparison."""
    dataset: str
    engine: str
    algorithm: str
    pruner: str
    basis: Mapping[str, str]
    """What scores rest on besides the configurations, by name: they compare only where all of it is alike."""
    settings: Mapping[str, str]
    """What else was asked, and what it ran on, by name."""
    trials: tuple[EndedTrial, ...]
    """In the order in which they ended; those carried over come first."""
    n_scored_on: int
    """Images that the best score was counted over; 0 where that is not known."""
    seconds: float
    """Search time: wall time of all sessions."""
    ended: bool
    """Whether the search has come to its end; if not, it goes on or was cut off."""
    test: TestScore | None = None
    """None until the winner has been retrained."""
    command: str = ""
    """The line that starts it anew."""


@dataclass(frozen=True, kw_only=True)
class Comparison:
    studies: tuple[ComparedStudy, ...]
    """Two at least, MOST at most, in the order in which they were named."""
    made: str
    """Local date and time, ISO 8601 with offset."""
    command: str
    """The line that makes it again."""
    paired: tuple[Paired, ...] = ()
    """Each two studies whose retrained winners were tested on the same images."""
