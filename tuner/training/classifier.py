"""scikeras's classifier over a space. It trains as `tune` does; scikit-learn clones, cuts and scores."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import numpy as np
from scikeras.utils.transformers import ClassifierLabelEncoder
from scikeras.wrappers import KerasClassifier
from sklearn.utils import ClassifierTags, check_random_state

from search_spaces import Configuration, SearchSpace, over_limit, summarize
from tuner.carrying import refuse
from tuner.engines.grid_search.grids import NOT_CARRIED, PREFIX
from tuner.plan import FLOAT32
from tuner.training.compiling import compiled
from tuner.training.fit import Images, Supervision, train
from tuner.training.pipeline import EVALUATION_BATCH

if TYPE_CHECKING:
    import keras
    from numpy.typing import NDArray

OURS = {"self", "random_state", "verbose", "epochs"}
"""Arguments of scikeras's classifier that mean here what they mean there. All others are decided by the space."""


class SpaceClassifier(KerasClassifier):  # type: ignore[misc]
    """One configuration of a space: `model__` and a parameter's name sets it; the others have their defaults.

    `random_state` seeds weights, order and augmentation. `epochs` stand in for the space's own. `precision` is the
    policy that the layers compute by.
    Not carried: `partial_fit`, sample weights, `warm_start`.
    """

    def __init__(
        self,
        space: SearchSpace,
        image_shape: tuple[int, int, int],
        n_classes: int,
        *,
        epochs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
        precision: str = FLOAT32,
        supervision: Supervision | None = None,
        **parameters: Any,
    ) -> None:
        super().__init__(random_state=random_state, verbose=verbose, epochs=epochs, **parameters)
        self.space = space
        self.image_shape = image_shape
        self.n_classes = n_classes
        self.precision = precision
        self.supervision = supervision

    def __sklearn_tags__(self) -> Any:
        """Scikeras's own say no classifier, by which `cv=5` would cut sorted labels into folds of one class."""
        tags = super().__sklearn_tags__()
        tags.estimator_type = "classifier"
        tags.classifier_tags = ClassifierTags()
        return tags

    def configuration(self) -> Configuration:
        """What the parameters make of the space. SpaceError where they do not fit it or each other."""
        named = {name.removeprefix(PREFIX): value for name, value in vars(self).items() if name.startswith(PREFIX)}
        # scikit-learn hands out NumPy's numbers where a grid was made an array.
        plain = {name: value.item() if isinstance(value, np.generic) else value for name, value in named.items()}
        return self.space.check_values(plain)

    def fit(self, X: Any, y: Any, sample_weight: Any = None, **kwargs: Any) -> SpaceClassifier:  # noqa: N803 - scikit-learn's name
        """Trained on all of the images. ValueError where something is set that the space decides."""
        given = [*kwargs, *(["sample_weight"] if sample_weight is not None else []), *self._changed()]
        if given:
            raise ValueError(f"the space decides how to train: {', '.join(given)} would have no effect")
        return super().fit(X, y)  # type: ignore[no-any-return]

    @property
    def target_encoder(self) -> ClassifierLabelEncoder:
        return _Numbers(self.n_classes)

    def _changed(self) -> list[str]:
        arguments = inspect.signature(KerasClassifier.__init__).parameters.values()
        named = [each for each in arguments if each.kind is not each.VAR_KEYWORD and each.name not in OURS]
        return [each.name for each in named if getattr(self, each.name) != each.default]

    def _predict_raw(self, X: Any, **kwargs: Any) -> NDArray[np.floating]:  # noqa: N803
        # Keras's own 32 images a step take three times as long for a small perceptron.
        return super()._predict_raw(X, **{"batch_size": EVALUATION_BATCH, **kwargs})  # type: ignore[no-any-return]

    def _build_keras_model(self) -> keras.Model:
        configuration = self.configuration()
        refuse([configuration], NOT_CARRIED)
        problem = self.space.forbidden(configuration) or over_limit(
            self.space, summarize(configuration, self.image_shape, self.n_classes)
        )
        if problem:
            raise ValueError(problem)
        n, epochs = self.X_shape_[0], self._epochs(configuration)
        return compiled(
            configuration, self.image_shape, self.n_classes, n_train=n, epochs=epochs, precision=self.precision
        )

    def _epochs(self, configuration: Configuration) -> int:
        return self.epochs or configuration.training.epochs

    def _fit_keras_model(self, X: NDArray[Any], y: NDArray[Any], *, warm_start: bool, **kwargs: Any) -> None:  # noqa: N803
        if warm_start:
            raise ValueError("a configuration is trained from its start: no partial_fit and no warm_start")
        if len(self.classes_) != self.n_classes:
            got = len(self.classes_)
            raise ValueError(f"all {self.n_classes} classes must be in every fold: use StratifiedKFold. Got {got}")
        configuration = self.configuration()
        trained, curve = train(
            configuration,
            Images(images=X, labels=y.reshape(-1).astype(np.int64), n_classes=self.n_classes),
            None,
            epochs=self._epochs(configuration),
            seed=int(check_random_state(self.random_state).randint(2**31)),
            precision=self.precision,
            supervision=self.supervision or Supervision(),
        )
        self.model_.set_weights(trained.get_weights())
        self.history_ = {"loss": [each.loss for each in curve], "accuracy": [each.accuracy for each in curve]}


class _Numbers(ClassifierLabelEncoder):  # type: ignore[misc]
    """Labels that are class numbers already stay what they are, also where a class does not occur: folds of few images,
    as successive halving begins with, may lack one. Any other labels are numbered in their order.
    """

    def __init__(self, n_classes: int) -> None:
        super().__init__()
        self.n_classes = n_classes

    def fit(self, y: NDArray[Any]) -> _Numbers:
        numbers = y.dtype.kind in "iu" and y.min() >= 0 and y.max() < self.n_classes
        self.categories = [np.arange(self.n_classes)] if numbers else "auto"
        return super().fit(y)  # type: ignore[no-any-return]
