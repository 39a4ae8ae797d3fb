"""What a worker is told to do for a trial or for the winner, made from the study, its plan and its data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import tuner.data
from tuner.messages import CrossValidate, Retrain, Train
from tuner.plan import FLOAT32

if TYPE_CHECKING:
    from pathlib import Path

    from search_spaces import Configuration, SearchSpace
    from tuner.data import ImageData
    from tuner.plan import Plan
    from tuner.study import Folder
    from tuner.trial import Stage, Trial


FRESH = 1
"""Stands behind the numbers that a fresh seed is drawn from; behind those of a trial's seed stands nothing."""


def _drawn(*numbers: int) -> int:
    """A seed that no other numbers give, below 2**31."""
    return int(np.random.SeedSequence(numbers).generate_state(1)[0] % 2**31)


@dataclass(frozen=True, kw_only=True)
class TrainingJobs:
    folder: Folder
    plan: Plan
    data: ImageData
    space: SearchSpace

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
        return _drawn(self.plan.seed, number)

    def fresh_seed(self, repeat: int) -> int:
        """Seed of the trainings that repeat trials for the so-many-eth time: of no trial, and the same for all."""
        return _drawn(self.plan.seed, repeat, FRESH)

    def job(
        self, trial: Trial, configuration: Configuration, stage: Stage, after: Trial | None
    ) -> Train | CrossValidate:
        """What trains or scores the trial, or as much of it as is missing."""
        if self.plan.folds is None:
            return self.train(trial.number, configuration, stage, after)
        return self.cross_validate(trial.number, configuration, stage, len(trial.folds))

    def train(self, number: int, configuration: Configuration, stage: Stage, after: Trial | None = None) -> Train:
        """The trial's training, or as much of it as the stage says; on from where the trial `after` ended."""
        seed = self.seed(number) if stage.repeat is None else self.fresh_seed(stage.repeat)
        seed = seed if after is None else after.seed
        horizon = self.epochs(configuration)
        return Train(
            job=number,
            configuration=dict(configuration.to_json()),
            images=str(self.data.train_images_path),
            labels=str(self.data.train_labels_path),
            split=str(self.folder.split),
            n_classes=self.n_classes,
            epochs=stage.epochs or horizon,
            horizon=horizon,
            seed=seed,
            checkpoints=str(self.folder.checkpoints(number)),
            start=None if after is None else str(self.folder.checkpoints(after.number)),
            identity=self._identity(configuration, seed),
            latency=self._latency,
            precision=self.plan.precision,
        )

    def cross_validate(self, number: int, configuration: Configuration, stage: Stage, n_scored: int) -> CrossValidate:
        """The trial's folds but for the first `n_scored`. All trials of a study share one seed, as in scikit-learn."""
        return CrossValidate(
            job=number,
            space=self.space.text,
            values=dict(configuration.values),
            epochs=self.epochs(configuration),
            images=str(self.data.train_images_path),
            labels=str(self.data.train_labels_path),
            folds=str(self._folds(stage)),
            skip=n_scored,
            n_classes=self.n_classes,
            seed=self.plan.seed,
            checkpoints=str(self.folder.checkpoints(number)),
            identity=self._identity(configuration, self.plan.seed),
            latency=self._latency,
            precision=self.plan.precision,
        )

    def _folds(self, stage: Stage) -> Path:
        """Where the rows of the folds stand, written where they are not yet."""
        path = self.folder.folds(stage.samples)
        if not path.is_file():
            assert self.plan.folds is not None
            rows = tuner.data.load_split(self.folder.split, self.data.fingerprint).rows
            labels = self.data.train()[1][rows]
            share = None if stage.samples is None else stage.samples / len(rows)
            found = tuner.data.folds(labels, self.plan.folds, seed=self.plan.seed, share=share)
            tuner.data.save_folds(found, rows, path)
        return path

    def _identity(self, configuration: Configuration, seed: int) -> str:
        """Whose a checkpoint is. Single precision goes without its name, as before there was another."""
        computed = "" if self.plan.precision == FLOAT32 else f"-{self.plan.precision}"
        return f"{configuration.hash}-{seed}-{self.plan.data_fingerprint}{computed}"

    @property
    def _latency(self) -> bool:
        return "latency" in self.plan.objectives

    def retrain(self, trial: Trial, configuration: Configuration, epochs: int, facts: dict[str, Any]) -> Retrain:
        """Trains the configuration of the trial anew for `epochs` epochs, and opens the test set."""
        # A carried trial has the seed of its number in another study, one that went on with another has that one's.
        own = trial.seed if trial.carried or trial.stage.after is not None else self.seed(trial.number)
        horizon = self.epochs(configuration)
        identity = f"{self._identity(configuration, own)}-{epochs}-{horizon}"
        return Retrain(
            job=trial.number,
            configuration=dict(configuration.to_json()),
            images=str(self.data.train_images_path),
            labels=str(self.data.train_labels_path),
            split=str(self.folder.split),
            test_images=str(self.data.test_images_path),
            test_labels=str(self.data.test_labels_path),
            test_sums=self.data.test_sums,
            n_classes=self.n_classes,
            epochs=epochs,
            horizon=horizon,
            curve=trial.curve,
            seed=own,
            checkpoints=str(self.folder.retraining(identity)),
            identity=identity,
            folder=str(self.folder.best),
            facts=facts,
            precision=self.plan.precision,
        )
