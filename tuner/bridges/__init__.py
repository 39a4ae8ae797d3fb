"""A space file in scripts of one's own: with Optuna's loop, KerasTuner's tuners, or scikit-learn's searches.

Each function imports the library that it serves, and not those of the others. See docs/bridges.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import optuna

    from search_spaces import Configuration, SearchSpace, Value
    from tuner.bridges.hypermodels import SpaceHyperModel
    from tuner.training.classifier import SpaceClassifier

__all__ = ["classifier_and_grid", "hypermodel", "suggest"]


def suggest(trial: optuna.Trial, space: SearchSpace) -> Configuration:
    """The configuration that the trial proposes, each active parameter under its own name, as `tune` itself asks.

    Raises TrialPruned where the space forbids it: `study.optimize` goes on, and samplers learn to keep away.
    """
    from tuner.bridges.trials import suggested

    return suggested(trial, space)


def hypermodel(space: SearchSpace, image_shape: tuple[int, int, int], n_classes: int) -> SpaceHyperModel:
    """The space for any of KerasTuner's tuners, which search it with `search(x, y, validation_data=(x, y))`.

    `x` is (n, *image_shape), pixels 0..255; `y` is (n,), class numbers from 0. Conditional parameters are conditional
    in KerasTuner too. A trial that is forbidden, over the space's limits or not buildable fails: give the tuner a
    `max_consecutive_failed_trials` that allows for it. Epochs that the tuner gives, as Hyperband does, win.
    Raises ValueError where the space averages weights or has a `plateau` schedule, neither of which is carried.
    """
    from tuner.bridges.hypermodels import SpaceHyperModel

    return SpaceHyperModel(space, image_shape, n_classes)


def classifier_and_grid(
    space: SearchSpace, image_shape: tuple[int, int, int], n_classes: int
) -> tuple[SpaceClassifier, list[dict[str, list[Value]]]]:
    """A classifier and all configurations of the space, for GridSearchCV and its kin.

    `X` is (n, *image_shape), pixels 0..255; `y` is (n,), any labels. Parameters are called `model__` and their name.
    Raises ValueError on continuous ranges, on too many configurations, and where the space has early stopping or a
    `plateau` schedule: both watch validation images, and scikit-learn shows a classifier none.
    """
    from tuner.engines.grid_search.grids import grid
    from tuner.training.classifier import SpaceClassifier

    return SpaceClassifier(space=space, image_shape=image_shape, n_classes=n_classes), grid(space)
