"""A peer of benchmarks/race.py, as its guide shows it: CONTESTANT SPACE SEED. Prints each epoch's val_accuracy."""

from __future__ import annotations

import sys
from typing import Any

import keras
import numpy as np

from search_spaces import Configuration, SearchSpace, misfit, optimizer_class
from tuner import data, models
from tuner.bridges import hypermodel, suggest

IMAGE_SHAPE, N_CLASSES, EPOCHS = (28, 28, 1), 10, 20
MANY = 100_000
"""Trials: whoever runs this ends it by the clock."""

Arrays = tuple[Any, Any, Any, Any]


def arrays(seed: int) -> Arrays:
    """Images as floats and class numbers that train, and those that validate: the split that `tune` makes."""
    found = data.find("fashion-mnist")
    images, labels = np.load(found.train_images_path), np.load(found.train_labels_path)
    parts = data.split(labels, validation=0.15, seed=seed)
    x, y = images.astype("float32"), labels
    return x[parts.train], y[parts.train], x[parts.validation], y[parts.validation]


def model_of(configuration: Configuration) -> keras.Model:
    """Keras's own layers, optimizer and defaults."""
    model = models.build(configuration, IMAGE_SHAPE, N_CLASSES)
    optimizer = configuration.training.optimizer
    kind = getattr(keras.optimizers, optimizer_class(optimizer.kind))
    model.compile(kind(**optimizer.arguments), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class Printed(keras.callbacks.Callback):  # type: ignore[misc]
    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        print(f"{logs['val_accuracy']:.6f}", file=TOLD, flush=True)


def keras_tuner(kind: str, space: SearchSpace, seed: int, images: Arrays) -> None:
    import keras_tuner

    bridge = hypermodel(space, IMAGE_SHAPE, N_CLASSES)

    class Plain(keras_tuner.HyperModel):  # type: ignore[misc]
        def build(self, hp: Any) -> keras.Model:
            configuration = bridge.configuration(hp)
            if misfit(space, configuration, IMAGE_SHAPE, N_CLASSES):
                raise keras_tuner.errors.FailedTrialError("over the limit")
            return model_of(configuration)

        def fit(self, hp: Any, model: keras.Model, *args: Any, **kwargs: Any) -> Any:
            return model.fit(*args, batch_size=bridge.configuration(hp).training.batch_size, **kwargs)

    common = {"objective": "val_accuracy", "seed": seed, "directory": ".", "max_consecutive_failed_trials": MANY}
    tuner = {
        "random": lambda: keras_tuner.RandomSearch(Plain(), max_trials=MANY, **common),
        "bayesian": lambda: keras_tuner.BayesianOptimization(Plain(), max_trials=MANY, **common),
        "hyperband": lambda: keras_tuner.Hyperband(Plain(), max_epochs=EPOCHS, hyperband_iterations=MANY, **common),
    }[kind]()
    x, y, x_validation, y_validation = images
    tuner.search(x, y, epochs=EPOCHS, validation_data=(x_validation, y_validation), callbacks=[Printed()], verbose=0)


def optuna(kind: str, space: SearchSpace, seed: int, images: Arrays) -> None:
    import optuna

    x, y, x_validation, y_validation = images

    class Judged(keras.callbacks.Callback):  # type: ignore[misc]
        def __init__(self, trial: optuna.Trial) -> None:
            super().__init__()
            self.trial = trial

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            self.trial.report(logs["val_accuracy"], epoch)
            if self.trial.should_prune():
                raise optuna.TrialPruned

    def objective(trial: optuna.Trial) -> float:
        configuration = suggest(trial, space)
        if misfit(space, configuration, IMAGE_SHAPE, N_CLASSES):
            raise optuna.TrialPruned
        keras.utils.clear_session()
        history = (
            model_of(configuration)
            .fit(
                x,
                y,
                batch_size=configuration.training.batch_size,
                epochs=EPOCHS,
                validation_data=(x_validation, y_validation),
                callbacks=[Printed(), Judged(trial)],
                verbose=0,
            )
            .history
        )
        return float(max(history["val_accuracy"]))

    pruner = {
        "median": optuna.pruners.MedianPruner(),
        "hyperband": optuna.pruners.HyperbandPruner(min_resource=1, max_resource=EPOCHS),
    }[kind]
    study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=seed), pruner=pruner)
    study.optimize(objective, n_trials=MANY)


def main() -> None:
    contestant, space, seed = sys.argv[1], SearchSpace.load(sys.argv[2]), int(sys.argv[3])
    keras.utils.set_random_seed(seed)
    library, kind = contestant.split("-")
    {"kt": keras_tuner, "optuna": optuna}[library](kind, space, seed, arrays(seed))


if __name__ == "__main__":
    TOLD, sys.stdout = sys.stdout, sys.stderr  # what libraries print is no score
    main()
