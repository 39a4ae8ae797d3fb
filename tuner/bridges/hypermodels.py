"""A space as KerasTuner's HyperModel: declared once with its conditions, built by the walk, trained as `tune` does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras_tuner
from keras_tuner.errors import FailedTrialError, FatalValueError

from search_spaces import Configuration, Parameter, SearchSpace, Value, misfit
from tuner.bridges.fitting import fitted, held_out, images_of
from tuner.carrying import AVERAGING, PLATEAU, refuse
from tuner.engines.keras_tuner import knobs
from tuner.engines.keras_tuner.activity import activities, explore
from tuner.training.compiling import compiled

if TYPE_CHECKING:
    from collections.abc import Sequence

    import keras

    from tuner.training.fit import Images

NOT_CARRIED = {
    AVERAGING: "KerasTuner saves the weights of an epoch, not the average that was scored",
    PLATEAU: "a tuner that stops and goes on, such as Hyperband, keeps no curve of what was before",
}


class SpaceHyperModel(keras_tuner.HyperModel):  # type: ignore[misc]
    """See `tuner.bridges.hypermodel`."""

    def __init__(self, space: SearchSpace, image_shape: tuple[int, int, int], n_classes: int) -> None:
        seen = explore(space)
        refuse((walk.configuration for walk in seen.walks), NOT_CARRIED)
        super().__init__(name=space.name)
        self._space = space
        self._image_shape = image_shape
        self._n_classes = n_classes
        self._declared = knobs.declared(activities(space, seen))

    def declare_hyperparameters(self, hp: keras_tuner.HyperParameters) -> None:
        """Adds every parameter of the space, but for those that are there already."""
        hp.merge(self._declared, overwrite=False)

    def configuration(self, hp: keras_tuner.HyperParameters) -> Configuration:
        """What the hyperparameters make of the space, such as a tuner's best ones."""
        self.declare_hyperparameters(hp)

        def choose(parameter: Parameter) -> Value:
            if parameter.name not in hp:
                raise FatalValueError(f"`{parameter.name}` is active, which its conditions in KerasTuner deny")
            return knobs.read(parameter, hp.get(parameter.name))

        return self._space.configure(choose)

    def build(self, hp: keras_tuner.HyperParameters) -> keras.Model:
        """The compiled model. FailedTrialError where it is forbidden, over the space's limits, or not to be built."""
        configuration = self.configuration(hp)
        reason = self._space.forbidden(configuration)
        reason = reason or misfit(self._space, configuration, self._image_shape, self._n_classes)
        if reason:
            raise FailedTrialError(reason)
        settings = configuration.training
        # How many images there are is known to `fit` alone, which lays the learning rate out over them.
        n_train, epochs = settings.batch_size, settings.epochs
        model = compiled(configuration, self._image_shape, self._n_classes, n_train=n_train, epochs=epochs)
        # Hyperband goes on from saved weights, the optimizer's among them. They need a place before `fit`.
        model.optimizer.build(model.trainable_variables)
        return model

    def fit(  # noqa: PLR0913 - the arguments are those of Keras's own `fit`
        self,
        hp: keras_tuner.HyperParameters,
        model: keras.Model,
        x: Any,
        y: Any = None,
        *,
        epochs: int | None = None,
        initial_epoch: int = 0,
        validation_data: tuple[Any, Any] | None = None,
        validation_split: float = 0.0,
        callbacks: Sequence[keras.callbacks.Callback] = (),
        verbose: str | int = "auto",
        **others: Any,
    ) -> keras.callbacks.History:
        """The history. FatalValueError, which ends the search, on arguments that the space decides or cannot use."""
        configuration = self.configuration(hp)
        settings = configuration.training
        if others:
            raise FatalValueError(f"the space decides how to train: {', '.join(others)} would have no effect")
        if epochs is not None and "training.epochs" in configuration.values:
            raise FatalValueError("`training.epochs` is searched, and the tuner gives epochs too: fix it in the space")
        try:
            training, validation = self._images(x, y, validation_data, validation_split)
        except ValueError as error:
            raise FatalValueError(str(error)) from None
        if settings.early_stopping and validation is None:
            raise FatalValueError("`training.early_stopping` watches validation images: give `validation_data`")
        return fitted(
            model,
            settings,
            training,
            validation,
            epochs=settings.epochs if epochs is None else epochs,
            initial_epoch=initial_epoch,
            callbacks=callbacks,
            verbose=verbose,
        )

    def _images(self, x: Any, y: Any, held: tuple[Any, Any] | None, share: float) -> tuple[Images, Images | None]:
        training = images_of(x, y, self._image_shape, self._n_classes)
        if held is not None:
            return training, images_of(*held, self._image_shape, self._n_classes)
        return held_out(training, share) if share else (training, None)
