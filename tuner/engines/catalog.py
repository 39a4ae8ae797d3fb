"""What engines there are and what each can do, told without importing any of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tuner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

PRUNERS: Mapping[str, str] = {
    "asha": "asynchronous successive halving: the best third goes on at epochs 4, 12, 36",
    "hyperband": "successive halving in brackets that begin to prune at different epochs",
    "median": "ends what is below the median of earlier trials after as many epochs",
    "patient": "ends what has not improved for some epochs, where the median would end it too",
    "none": "every trial is trained to its end",
}
UNPRUNED = ("none",)


@dataclass(frozen=True, kw_only=True)
class Algorithm:
    """One way of proposing."""

    name: str
    line: str
    """What it does, for a person."""
    pruners: tuple[str, ...] = UNPRUNED
    """Of PRUNERS; the first is the default."""
    several_objectives: bool = False
    finite: bool = False
    """Whether it takes finite spaces only."""
    presets_first: bool = True
    """Whether presets are tried before its own proposals. Not where it goes through all configurations anyway."""
    extra: str = ""
    """Extra of the distribution that it needs."""
    needs: str = ""
    """Package that the extra brings, as it is imported."""


@dataclass(frozen=True, kw_only=True)
class Card:
    """One engine."""

    name: str
    library: str
    """Whose proposals it hands on."""
    line: str
    algorithms: tuple[Algorithm, ...]
    """The first is the default."""
    folds: int | None = None
    """Folds of its cross-validation by default; None where it scores on one validation split."""

    def algorithm(self, name: str | None) -> Algorithm:
        """The one of that name; the default for None. Raises UsageError."""
        names = [each.name for each in self.algorithms]
        if name is None:
            return self.algorithms[0]
        if name not in names:
            owner = next((card.name for card in CARDS.values() if name in [each.name for each in card.algorithms]), "")
            hint = f" {name} is one of {owner}'s." if owner else ""
            raise UsageError(f"--engine {self.name} has no algorithm {name!r}.{hint} Known: {', '.join(names)}.")
        return self.algorithms[names.index(name)]


EVERY_PRUNER = ("asha", "hyperband", "median", "patient", "none")
UNPRUNED_FIRST = ("none", "asha", "hyperband", "median", "patient")
"""For samplers that learn from complete trials alone."""

OPTUNA = Card(
    name="optuna",
    library="Optuna",
    line="samplers and pruners that learn from all trials so far",
    algorithms=(
        Algorithm(
            name="tpe",
            line="tree-structured Parzen estimator; learns from pruned trials too",
            pruners=EVERY_PRUNER,
            several_objectives=True,
        ),
        Algorithm(
            name="gp",
            line="Gaussian process; few, costly trials",
            pruners=UNPRUNED_FIRST,
            several_objectives=True,
            extra="gp",
            needs="torch",
        ),
        Algorithm(
            name="cmaes",
            line="evolution of a covariance matrix; numbers rather than choices",
            pruners=UNPRUNED_FIRST,
            extra="cmaes",
            needs="cmaes",
        ),
        Algorithm(name="random", line="independent draws", pruners=EVERY_PRUNER, several_objectives=True),
        Algorithm(
            name="qmc", line="evenly spread draws (Sobol sequence)", pruners=EVERY_PRUNER, several_objectives=True
        ),
        Algorithm(
            name="nsga2",
            line="genetic algorithm for several objectives",
            pruners=UNPRUNED_FIRST,
            several_objectives=True,
        ),
        Algorithm(
            name="brute-force",
            line="every configuration, in random order",
            finite=True,
            pruners=EVERY_PRUNER,
            several_objectives=True,
        ),
    ),
)

KERAS_TUNER = Card(
    name="keras-tuner",
    library="KerasTuner",
    line="KerasTuner's oracles",
    algorithms=(
        Algorithm(name="bayesian", line="Gaussian process, after three draws for each parameter"),
        Algorithm(name="random", line="independent draws that do not repeat"),
        Algorithm(name="hyperband", line="many for a few epochs, the best of them on from where they stood"),
        Algorithm(name="grid", line="every configuration in order, ten values of a range", presets_first=False),
    ),
)

GRID_SEARCH_CV = Card(
    name="grid-search-cv",
    library="scikit-learn",
    line="cross-validation of a finite space, through a scikeras classifier",
    folds=5,
    algorithms=(
        Algorithm(name="grid", line="every configuration (GridSearchCV)", finite=True, presets_first=False),
        Algorithm(
            name="random", line="as many as --trials says (RandomizedSearchCV)", finite=True, presets_first=False
        ),
        Algorithm(
            name="halving",
            line="every configuration on few images, the best third on more (HalvingGridSearchCV)",
            finite=True,
            presets_first=False,
        ),
    ),
)

CARDS: Mapping[str, Card] = {card.name: card for card in (OPTUNA, KERAS_TUNER, GRID_SEARCH_CV)}


def card(engine: str) -> Card:
    """The engine of that name. Raises UsageError where this version has none."""
    if engine not in CARDS:
        raise UsageError(f"unknown engine {engine!r}. Known: {', '.join(CARDS)}.")
    return CARDS[engine]
