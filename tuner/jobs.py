"""What a worker is told to do for a trial or for the winner, made from the study, its plan and its data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from tuner.messages import Retrain, Train

if TYPE_CHECKING:
    from search_spaces import Configuration
    from tuner.data import ImageData
    from tuner.plan import Plan
    from tuner.study import Folder
    from tuner.trial import Trial


@dataclass(frozen=True, kw_only=True)
class TrainingJobs:
    folder: Folder
    plan: Plan
    data: ImageData

    @property
    def image_shape(self) -> tuple[int, int, int]:
        return self.data.image_shape

    @property
    def n_classes(self) -> int:
        return len(self.data.class_names)

    def epochs(self, configuration: Configuration) -> int:
        return self.plan.epochs or configuration.training.epochs

    def seed(self, number: int) -> int:
        """Seed of a trial's weights, data order and dropout: its own, so that no trial shares another's luck."""
        return int(np.random.SeedSequence((self.plan.seed, number)).generate_state(1)[0] % 2**31)

    def train(self, number: int, configuration: Configuration) -> Train:
        seed = self.seed(number)
        return Train(
            job=number,
            configuration=dict(configuration.to_json()),
            images=str(self.data.train_images_path),
            labels=str(self.data.train_labels_path),
            split=str(self.folder.split),
            n_classes=self.n_classes,
            epochs=self.epochs(configuration),
            seed=seed,
            checkpoints=str(self.folder.checkpoints(number)),
            identity=f"{configuration.hash}-{seed}-{self.plan.data_fingerprint}",
        )

    def retrain(self, trial: Trial, configuration: Configuration, epochs: int, facts: dict[str, Any]) -> Retrain:
        """Trains the configuration of the trial anew for `epochs` epochs, and opens the test set."""
        return Retrain(
            job=trial.number,
            configuration=dict(configuration.to_json()),
            images=str(self.data.train_images_path),
            labels=str(self.data.train_labels_path),
            split=str(self.folder.split),
            test_images=str(self.data.test_images_path),
            test_labels=str(self.data.test_labels_path),
            n_classes=self.n_classes,
            epochs=epochs,
            horizon=self.epochs(configuration),
            curve=trial.curve,
            seed=self.seed(trial.number),
            folder=str(self.folder.best),
            facts=facts,
        )
