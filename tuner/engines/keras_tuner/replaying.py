"""The oracle that a study's trials lead to.

It is a function of the trials alone. That it is kept from proposal to proposal, and told only what is new, saves time
and changes nothing: an oracle made anew is told the same in the same order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tuner.engines.keras_tuner import knobs
from tuner.engines.keras_tuner.activity import activities, explore
from tuner.engines.keras_tuner.oracles import make_oracle
from tuner.engines.keras_tuner.outcomes import outcome
from tuner.engines.keras_tuner.translation import Translation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from search_spaces import Configuration, SearchSpace
    from tuner.engines.keras_tuner.kept import Kept
    from tuner.trial import Trial


@dataclass(frozen=True, kw_only=True)
class Draft:
    """The oracle as it is to be asked for the next trial."""

    oracle: Kept
    trial_id: str
    """The next one's."""
    ended: tuple[int, ...]
    """Numbers of the trials that ended since the last proposal, in the order in which the oracle was told."""


class Replay:
    """What the engine has followed of a study."""

    def __init__(self, space: SearchSpace, algorithm: str, *, seed: int, max_epochs: int) -> None:
        self._algorithm, self._seed, self._max_epochs = algorithm, seed, max_epochs
        self._declared = knobs.declared(activities(space, explore(space)))
        self._translation = Translation(space)
        self._restart()

    def _restart(self) -> None:
        self._oracle = make_oracle(self._algorithm, self._declared, seed=self._seed, max_epochs=self._max_epochs)
        self._followed: list[Trial] = []
        self._ids: dict[int, str] = {}
        self._ended: dict[int, Trial] = {}

    def draft(self, trials: Sequence[Trial]) -> Draft:
        """The oracle after these trials, by number; it knows all that have ended, and the others as running."""
        self._follow(trials)
        oracle = self._oracle.draft()
        open_ = [trials[number] for number in self._ids if number not in self._ended]
        ended = [trial for trial in sorted(open_, key=_end) if outcome(trial, trials)]
        for trial in ended:
            self._tell(oracle, trial, trials)
        return Draft(
            oracle=oracle,
            trial_id=f"{len(oracle.start_order):04}",  # as a stock tuner counts
            ended=tuple(trial.number for trial in ended),
        )

    def configuration(self, values: Mapping[str, Any]) -> Configuration:
        return self._translation.configuration(values)

    def remainder(self, values: Mapping[str, Any], configuration: Configuration) -> dict[str, Any]:
        """Those of the oracle's values that the configuration does not tell."""
        return self._translation.remainder(values, configuration, self._oracle)

    def number(self, trial_id: str) -> int:
        """The trial of ours that the oracle knows by this name."""
        return next(number for number, each in self._ids.items() if each == trial_id)

    def _follow(self, trials: Sequence[Trial]) -> None:
        if not self._agrees(trials):
            self._restart()
        for trial in trials[len(self._followed) :]:
            if _proposed(trial):
                self._repeat(trial, trials)
            elif self._algorithm != "grid":  # which goes through its order, whatever others have tried
                self._ids[trial.number] = f"queued {trial.number}"
                self._oracle.observe(self._ids[trial.number], self._translation.values(trial, self._oracle))
            self._followed.append(trial)

    def _agrees(self, trials: Sequence[Trial]) -> bool:
        """Whether what was followed is how these trials begin."""
        begin = len(trials) >= len(self._followed) and all(
            new is old or (new.engine == old.engine and new.values == old.values)
            for new, old in zip(trials, self._followed, strict=False)
        )
        return begin and all(trials[number] == trial for number, trial in self._ended.items())

    def _repeat(self, trial: Trial, trials: Sequence[Trial]) -> None:
        """The proposal once more, without drawing."""
        notes = trial.engine
        for number in notes["ended"]:
            self._tell(self._oracle, trials[number], trials)
            self._ended[number] = trials[number]
        self._ids[trial.number] = notes["id"]
        self._oracle.enter(notes["id"], self._translation.values(trial, self._oracle), notes["state"])

    def _tell(self, oracle: Kept, trial: Trial, trials: Sequence[Trial]) -> None:
        result = outcome(trial, trials)
        assert result is not None
        oracle.leave(self._ids[trial.number], result)


def _proposed(trial: Trial) -> bool:
    """Whether the oracle proposed it in this study."""
    return bool(trial.engine) and not trial.carried


def _end(trial: Trial) -> tuple[float, int]:
    """Sorts by the time of the end; what was turned down took none."""
    return trial.finished_after or 0.0, trial.number
