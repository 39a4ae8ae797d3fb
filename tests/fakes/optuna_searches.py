"""Searches of our optuna engine over a study on the disk, and of plain Optuna, scored alike by a made-up function."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler

from search_spaces import SearchSpace
from tuner.engines import Engine, Exhausted, Proposal, Setting, make_engine
from tuner.plan import Plan
from tuner.study import Folder, Study
from tuner.trial import Epoch, TrialState

SEED = 3

SPACE = """
name: conditional
layers:
  - flatten
  - repeat: {int: [1, 3], default: 2}
    name: hidden
    layers: [{dense: {units: {int: [8, 64], log: true}, activation: {choice: [relu, tanh]}}}]
  - dropout: {rate: {float: [0.0, 0.5], step: 0.05}}
training:
  optimizer:
    choice:
      - adam: {learning_rate: {float: [1e-4, 1e-2], log: true}}
      - sgd: {learning_rate: {float: [1e-3, 1e-1], log: true}, momentum: {float: [0.0, 0.99]}}
  batch_size: 32
  epochs: 13
"""


def score(values: dict[str, Any], epoch: int) -> float:
    """Made of the values; rises with the epochs at a pace of its own."""
    plain = {name: float(f"{value:.12g}") if isinstance(value, float) else value for name, value in values.items()}
    digest = hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).digest()
    return round((0.5 + digest[0] / 512) * (1 - (0.3 + digest[1] / 512) ** epoch), 9)


def plan(algorithm: str, space: SearchSpace, **more: Any) -> Plan:
    return Plan(
        dataset="none", data_fingerprint="a", space=space.name, space_fingerprint=space.fingerprint,
        **{"algorithm": algorithm, "pruner": "none", "seed": SEED, **more},
    )  # fmt: skip


def made(path: Path, algorithm: str, text: str = SPACE, **more: Any) -> Study:
    path.mkdir()
    return Study.create(Folder(path), plan(algorithm, SearchSpace.parse(text, "space.yaml"), **more), text)


def engine_of(study: Study) -> Engine:
    space = SearchSpace.parse(study.space_text, "space.yaml")
    return make_engine(Setting(space=space, plan=study.plan, n_trials=50, labels=np.zeros(0, dtype=int)))


def search(study: Study, n: int, *, epochs: int = 1, engine: Engine | None = None) -> str:
    """Up to n trials, one after another; why it ended before."""
    engine = engine or engine_of(study)
    for _ in range(n):
        proposal = engine.propose(study)
        if isinstance(proposal, Exhausted):
            return proposal.reason
        assert isinstance(proposal, Proposal)
        train(study, engine, proposal, epochs)
    return ""


def train(study: Study, engine: Engine, proposal: Proposal, epochs: int) -> None:
    assert proposal.trial is not None
    study.begin(proposal.trial, configuration=proposal.configuration.hash, seed=0, parameters=1, measures={})
    curve: tuple[Epoch, ...] = ()
    for epoch in range(1, epochs + 1):
        value = score(dict(proposal.configuration.values), epoch)
        curve = (*curve, Epoch(epoch=epoch, accuracy=0.5, loss=1.0, val_accuracy=value, val_loss=1.0))
        study.record_epoch(proposal.trial, curve)
        if engine.judge(proposal.trial, curve) and epoch < epochs:
            study.finish(proposal.trial, TrialState.PRUNED)
            return
    study.finish(proposal.trial, TrialState.COMPLETE)


def optimized(
    sampler: Callable[[int], BaseSampler],
    ask: Callable[[optuna.Trial], dict[str, Any]],
    n: int | None,
    *,
    epochs: int = 1,
    pruner: BasePruner | None = None,
) -> optuna.Study:
    """What Optuna does by itself, in one call of `optimize`. `sampler` makes one from its seed, `ask` suggests."""

    def fresh(n_before: int) -> BaseSampler:
        return sampler(int(np.random.SeedSequence((SEED, n_before)).generate_state(1)[0]))

    def objective(trial: optuna.Trial) -> float:
        values = ask(trial)
        for epoch in range(1, epochs + 1):
            value = score(values, epoch)
            trial.report(value, epoch)
            if trial.should_prune() and epoch < epochs:
                raise optuna.TrialPruned
        return value

    def reseed(study: optuna.Study, _: optuna.trial.FrozenTrial) -> None:
        study.sampler = fresh(len(study.trials))

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        study_name=str(SEED),
        direction="maximize",
        sampler=fresh(0),
        pruner=pruner or optuna.pruners.NopPruner(),
    )
    study.optimize(objective, n_trials=n, callbacks=[reseed])
    return study


def told(study: optuna.Study) -> list[tuple[dict[str, Any], str, int, float | None]]:
    """Of each trial its values, its state, its epochs and its score."""
    return [(row.params, row.state.name, len(row.intermediate_values), row.value) for row in study.get_trials()]
