"""A finite space file in scikit-learn's grid search. `fix` and `set` make a space finite where it is not."""

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from search_spaces import Changes, SearchSpace
from tuner.bridges import classifier_and_grid

digits = load_digits()
images = (digits.images[..., np.newaxis] * 15.9).astype(np.uint8)  # (1797, 8, 8, 1), 0..255
changes = Changes(
    set={"training.optimizer.adam.learning_rate": {"choice": [1e-3, 1e-2]}},
    fix={"training.optimizer": "adam", "dense.units": 32},
)
space = SearchSpace.load(Path(__file__).with_name("digits.yaml"), changes)

classifier, grid = classifier_and_grid(space, image_shape=(8, 8, 1), n_classes=10)
folds = StratifiedKFold(2, shuffle=True, random_state=0)
search = GridSearchCV(classifier.set_params(random_state=0), grid, cv=folds, refit=False)
search.fit(images[:600], digits.target[:600])
print(f"best score {search.best_score_:.3f} with {search.best_params_}")
