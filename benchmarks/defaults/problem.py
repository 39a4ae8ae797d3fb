"""What is searched in a replay: a space, and the whole learning curve of any configuration of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from search_spaces import SearchSpace, Value


@dataclass(frozen=True, kw_only=True)
class Curve:
    """One training to its end."""

    key: int
    """Of the recorded configuration; -1 where any configuration has a curve."""
    values: Mapping[str, Value]
    """Of the configuration that it was recorded of."""
    scores: Sequence[float]
    """Validation accuracy after each epoch, 0 to 1; fewer than the epochs where the loss ran away."""
    seconds: Sequence[float]
    """Of each epoch."""
    start: float = 0.0
    """Seconds before the first, as to trace the network's graph."""
    failed: bool = False


class Problem(Protocol):
    name: str
    space: SearchSpace
    epochs: int
    cost: float
    """Seconds of a training's worth: the median of whole trainings drawn at random."""
    reference: NDArray[np.float64]
    """(n,), ascending: scores of configurations drawn at random, each the best of its curve."""
    presets: Sequence[Mapping[str, Value]]

    def begin(self, seed: int) -> None:
        """A new search: all curves are there again."""

    def curve(self, values: Mapping[str, Value], *, at_random: bool) -> Curve | None:
        """The curve of what was proposed, or of what is nearest to it; None where none is left. What was drawn
        `at_random` may be any.
        """
        ...
