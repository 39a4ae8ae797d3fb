"""A space file in Optuna's own loop: `suggest` fills it in, and everything else is your script."""

from pathlib import Path

import numpy as np
import optuna
from sklearn.datasets import load_digits

from search_spaces import SearchSpace
from tuner.bridges import suggest
from tuner.training.fit import Images, Supervision, train

digits = load_digits()
images = (digits.images[..., np.newaxis] * 15.9).astype(np.uint8)  # (1797, 8, 8, 1), 0..255
training = Images(images=images[:1000], labels=digits.target[:1000], n_classes=10)
validation = Images(images=images[1000:1400], labels=digits.target[1000:1400], n_classes=10)
watch = Supervision(on_epoch=print)
space = SearchSpace.load(Path(__file__).with_name("digits.yaml"))


def objective(trial: optuna.Trial) -> float:
    configuration = suggest(trial, space)
    _, curve = train(configuration, training, validation, epochs=2, seed=trial.number, supervision=watch)
    return curve[-1].val_accuracy


study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=0))
study.optimize(objective, n_trials=3)
print(f"best score {study.best_value:.3f} with {study.best_params}")
