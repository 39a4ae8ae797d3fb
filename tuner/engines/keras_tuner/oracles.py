"""KerasTuner's oracles for the algorithms of the catalogue."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import keras_tuner
from keras_tuner.oracles import GridSearchOracle, HyperbandOracle, RandomSearchOracle

from tuner.engines.keras_tuner.bayesian import Bayesian
from tuner.engines.keras_tuner.kept import MOST_COLLISIONS, Kept
from tuner.plan import ACCURACY

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tuner.engines.keras_tuner.outcomes import Outcome


class Random(Kept, RandomSearchOracle):  # type: ignore[misc]
    """Draws that do not repeat. It goes on longer than the stock oracle where few are left."""

    def part(self) -> None:
        super().part()
        self._max_collisions = MOST_COLLISIONS


class Hyperband(Kept, HyperbandOracle):  # type: ignore[misc]
    """Successive halving in brackets.

    A first round has places for trials that are trained: one that was turned down gives its place back. The stock
    oracle counts it as failed, and once a third of a round has failed it promotes nobody.
    """

    _brackets: list[dict[str, Any]]
    _n_opened = 0
    _asked = ""

    def part(self) -> None:
        super().part()
        self._brackets = copy.deepcopy(self._brackets)

    def state(self) -> dict[str, Any]:
        (bracket,) = [bracket["index"] for bracket in self._brackets if self._asked in _ids(bracket)]
        return {**super().state(), "bracket": bracket}

    def enter(self, trial_id: str, values: Mapping[str, Any], state: Mapping[str, Any]) -> None:
        super().enter(trial_id, values, state)
        while self._n_opened <= state["bracket"]:
            self._increment_bracket_num()
            self._start_new_bracket()
        place = values["tuner/round"]
        past = values["tuner/trial_id"] if place else None
        # Only drafts are asked, and so only drafts remove brackets: here each stands at its index.
        self._brackets[state["bracket"]]["rounds"][place].append({"past_id": past, "id": trial_id})

    def leave(self, trial_id: str, outcome: Outcome) -> None:
        super().leave(trial_id, outcome)
        if outcome.score is None and not outcome.trained:
            for bracket in self._brackets:
                bracket["rounds"][0] = [info for info in bracket["rounds"][0] if info["id"] != trial_id]

    def populate_space(self, trial_id: str) -> Any:
        self._asked = trial_id
        return super().populate_space(trial_id)

    def _start_new_bracket(self) -> None:
        super()._start_new_bracket()
        self._brackets[-1]["index"] = self._n_opened
        self._n_opened += 1


def _ids(bracket: Mapping[str, Any]) -> set[str]:
    return {info["id"] for infos in bracket["rounds"] for info in infos}


class Grid(Kept, GridSearchOracle):  # type: ignore[misc]
    """All configurations in order. Each ended trial waits for its successor in the order to be looked at."""

    _populate_next: list[str]
    _ordered_ids: Any
    _n_popped = 0

    def part(self) -> None:
        super().part()
        self._populate_next = list(self._populate_next)
        self._ordered_ids = copy.deepcopy(self._ordered_ids)

    def populate_space(self, trial_id: str) -> Any:
        waiting = len(self._populate_next)
        answer = super().populate_space(trial_id)
        self._n_popped = max(waiting - len(self._populate_next), 0)
        return answer

    def state(self) -> dict[str, Any]:
        return {**super().state(), "popped": self._n_popped}

    def enter(self, trial_id: str, values: Mapping[str, Any], state: Mapping[str, Any]) -> None:
        popped, self._populate_next = self._populate_next[: state["popped"]], self._populate_next[state["popped"] :]
        # The last one popped is the one whose successor this is; the first of all trials succeeds none.
        self._ordered_ids.insert(trial_id, popped[-1] if popped else None)
        if not self.start_order:
            self._populate_next.append(trial_id)
        super().enter(trial_id, values, state)

    def leave(self, trial_id: str, outcome: Outcome) -> None:
        super().leave(trial_id, outcome)
        self._populate_next.append(trial_id)


def make_oracle(algorithm: str, declared: keras_tuner.HyperParameters, *, seed: int, max_epochs: int) -> Kept:
    """The oracle of that name in the catalogue, before its first trial."""
    hyperparameters = keras_tuner.HyperParameters()
    hyperparameters.merge(declared)
    options = {
        "objective": keras_tuner.Objective(ACCURACY, "max"),
        "hyperparameters": hyperparameters,
        # KerasTuner takes 0 for no seed and draws one. numpy's largest is 2**32 - 1.
        "seed": seed % (2**32 - 1) + 1,
    }
    match algorithm:
        case "random":
            return Random(**options)
        case "bayesian":
            return Bayesian(**options)
        case "hyperband":
            # As many iterations as --trials leaves room for.
            return Hyperband(**options, max_epochs=max_epochs, hyperband_iterations=None)
        case "grid":
            return Grid(**options)
    raise AssertionError(algorithm)
