"""A search without processes: what an engine proposes is recorded, scored by a made-up function, and told."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from search_spaces import SearchSpace
from tuner.engines import Exhausted, Idle, Setting, make_engine
from tuner.engines.catalog import card
from tuner.engines.checking import check_engine
from tuner.plan import Plan
from tuner.proposing import Proposals, Trainable
from tuner.study import Folder, Study
from tuner.trial import Epoch, Fold, Trial, TrialState

SHAPE, N_CLASSES = (8, 8, 1), 4

LABELS = np.tile(np.arange(N_CLASSES), 60)

FINITE = """
name: finite
layers:
  - flatten
  - repeat: {int: [1, 2], default: 1}
    name: hidden
    layers:
      - dense: {units: {choice: [8, 16, 24]}, activation: {choice: [relu, tanh]}}
training:
  optimizer:
    choice:
      - adam: {learning_rate: {choice: [0.001, 0.01]}}
      - sgd: {learning_rate: {choice: [0.01, 0.1]}, momentum: {float: [0.0, 0.9], step: 0.3}}
  batch_size: 32
  epochs: 9
"""

TINY = """
name: tiny
layers: [flatten, {dense: {units: {int: [8, 16], step: 8}}}]
training: {optimizer: {choice: [adam, sgd, rmsprop]}, batch_size: 32, epochs: 9}
"""


def made_up(values: Any, epoch: int = 9) -> float:
    """A score that depends on the values alone: between 0.5 and 0.9, rising with the epochs."""
    digest = hashlib.sha256(json.dumps(dict(values), sort_keys=True).encode()).digest()
    return round((0.5 + 0.4 * digest[0] / 255) * (1 - 0.6**epoch), 6)


def plan_for(space: SearchSpace, engine: str, algorithm: str, **more: Any) -> Plan:
    """With the algorithm's usual pruner, and three folds where the engine has any, unless `more` says otherwise."""
    usual = {"pruner": card(engine).algorithm(algorithm).pruners[0], "folds": card(engine).folds and 3}
    return Plan(
        dataset="none",
        data_fingerprint="a",
        space=space.name,
        space_fingerprint=space.fingerprint,
        engine=engine,
        algorithm=algorithm,
        **{**usual, **more},
    )


@dataclass
class Driver:
    """One study of one engine. `restart` is what a new process does."""

    folder: Folder
    engine_name: str
    algorithm: str
    text: str = FINITE
    more: dict[str, Any] = field(default_factory=dict)
    n_trials: int = 12

    def __post_init__(self) -> None:
        self.space = SearchSpace.parse(self.text, "space.yaml")
        if not self.folder.database.exists():
            self.folder.path.mkdir(parents=True, exist_ok=True)
            plan = plan_for(self.space, self.engine_name, self.algorithm, **self.more)
            check_engine(self.space, plan)
            Study.create(self.folder, plan, self.text)
        self.restart()

    def restart(self) -> None:
        self.study = Study.open(self.folder, writable=True)
        self.study.release_interrupted()
        setting = Setting(space=self.space, plan=self.study.plan, n_trials=self.n_trials, labels=LABELS)
        self.engine = make_engine(setting)
        self.running: list[Trainable] = []
        self.proposals = Proposals(
            study=self.study,
            space=self.space,
            engine=self.engine,
            image_shape=SHAPE,
            n_classes=N_CLASSES,
            observe=lambda _event: None,
            stopping=lambda: False,
        )

    @property
    def trials(self) -> list[Trial]:
        return self.study.trials()

    @property
    def trained(self) -> list[Trial]:
        return [trial for trial in self.trials if trial.scored]

    @property
    def values(self) -> list[dict[str, Any]]:
        return [dict(trial.values) for trial in self.trials]

    def begin(self) -> Trainable | Idle | Exhausted:
        """The next trial, begun and left running."""
        following = self.proposals.next(anything_runs=bool(self.running))
        if isinstance(following, Trainable):
            self.study.begin(
                following.trial,
                configuration=following.configuration.hash,
                seed=following.trial.number,
                parameters=int(following.measures["parameters"]),
                measures=following.measures,
                device="CPU",
                retries=0,
            )
            self.running.append(following)
        return following

    def end(self, what: Trainable, failed: str = "") -> Trial:
        """The running trial trained to its end, to where it is pruned, or failed for the reason."""
        self.running.remove(what)
        state = TrialState.FAILED if failed else self._train(what)
        self.study.finish(what.trial, state, reason=failed, seconds=1.0, finished_after=float(what.trial.number + 1))
        trial = self.trials[what.trial.number]
        self.proposals.ended(trial)
        return trial

    def _train(self, what: Trainable) -> TrialState:
        values = what.configuration.values
        if self.study.plan.folds:
            folds: tuple[Fold, ...] = ()
            for index in range(self.study.plan.folds):
                folds = (*folds, Fold(fold=index, accuracy=made_up(values) - 0.01 * index, seconds=0.1))
                self.study.record_fold(what.trial, folds)
            return TrialState.COMPLETE
        curve: tuple[Epoch, ...] = ()
        last = what.stage.epochs or what.configuration.training.epochs
        for epoch in range(1, last + 1):
            score = made_up(values, epoch)
            curve = (*curve, Epoch(epoch=epoch, accuracy=score, loss=1 - score, val_accuracy=score, val_loss=1 - score))
            self.study.record_epoch(what.trial, curve)
            if epoch < last and self.engine.judge(what.trial, curve):
                return TrialState.PRUNED
        return TrialState.COMPLETE

    def run(self, n: int, failing: dict[int, str] | None = None) -> str:
        """Up to n more trials, one at a time; why it ended before."""
        for _ in range(n):
            match self.begin():
                case Exhausted(reason=reason):
                    return reason
                case Idle():
                    return "idle"
                case following:
                    self.end(following, (failing or {}).get(following.trial.number, ""))
        return ""


def driver(path: Path, engine: str, algorithm: str, **more: Any) -> Driver:
    return Driver(Folder(path), engine, algorithm, **more)
