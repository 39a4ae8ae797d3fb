"""A space file as KerasTuner's hypermodel: any of its tuners searches it."""

import tempfile
from pathlib import Path

import keras_tuner
import numpy as np
from sklearn.datasets import load_digits

from search_spaces import SearchSpace
from tuner.bridges import hypermodel

digits = load_digits()
images = (digits.images[..., np.newaxis] * 15.9).astype(np.uint8)  # (1797, 8, 8, 1), 0..255
space = SearchSpace.load(Path(__file__).with_name("digits.yaml"))

tuner = keras_tuner.RandomSearch(
    hypermodel(space, image_shape=(8, 8, 1), n_classes=10),
    objective="val_accuracy",
    max_trials=3,
    seed=0,
    directory=tempfile.mkdtemp(),
)
tuner.search(images[:1000], digits.target[:1000], validation_data=(images[1000:1400], digits.target[1000:1400]))
best = tuner.oracle.get_best_trials()[0]
print(f"best score {best.score:.3f} with {best.hyperparameters.values}")
