"""Reports to draw, made up but life-like: the numbers behave as those of a real search do."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from reports.calibration import Bin, Calibration
from reports.report import (
    ClassScores,
    Data,
    EpochScores,
    Evaluation,
    Importance,
    LayerRow,
    Model,
    Proportion,
    Provenance,
    Report,
    Search,
    TrialRow,
    TrialState,
    Value,
)
from reports.standing import wilson
from tests.reports.slots import on_slots

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

FASHION = (
    "T-shirt/top",
    "Trouser",
    "Pullover",
    "Dress",
    "Coat",
    "Sandal",
    "Shirt",
    "Sneaker",
    "Bag",
    "Ankle boot",
)
HOSTILE = (
    "<script>alert(1)</script>",
    '" onmouseover="alert(1)',
    "$x^2$ | `code` **bold**",
    "\u202eright to left\x00\x07",
    "=cmd()|' /C calc'!A0",
    "{{ 7 * 7 }}\n# heading",
)


def fashion(n_trials: int = 50) -> Report:
    """Fashion-MNIST searched with cnn_v4: trials pruned at epochs 4 and 12, two failed."""
    rng = np.random.default_rng(7)
    trials = _trials(rng, n_trials, n_epochs=20)
    best = max((t for t in trials if t.state == "complete"), key=lambda t: t.score or 0.0)
    confusion = _fashion_confusion(rng)
    return Report(
        study="fashion-mnist-cnn_v4",
        dataset="fashion-mnist",
        space="cnn_v4",
        space_description="Four convolution blocks ending in 1 x 1 x 128",
        made="2026-11-22T18:40:00+01:00",
        search=_search(n_trials, seconds=sum(t.seconds for t in trials)),
        trials=trials,
        importance=_importance(),
        data=data("fashion-mnist", FASHION, train=5400, validation=600, test=1000),
        provenance=_provenance("tune fashion-mnist --space cnn_v4 --trials 50 --timeout 2h"),
        model=_model(best),
        evaluation=evaluation(confusion, FASHION, validation=wilson(best.score or 0.0, 6000)),
    )


def digits() -> Report:
    """Three trials on scikit-learn's digits: intervals are wide, importance cannot be told."""
    rng = np.random.default_rng(3)
    names = tuple(str(i) for i in range(10))
    trials = tuple(
        replace(trial, state="complete", reason="", number=i) for i, trial in enumerate(_trials(rng, 3, n_epochs=5))
    )
    best = max(trials, key=lambda t: t.score or 0.0)
    confusion = rng.multinomial(1, [0.004] * 10, size=10) + np.diag([34] * 10)
    whole = fashion(6)
    return replace(
        whole,
        study="digits-mlp_v1",
        dataset="digits",
        space="mlp_v1",
        space_description="Two dense layers",
        trials=trials,
        search=replace(_search(3, seconds=51.2), sessions=1, timeout=None, turned_down={}),
        importance=Importance(note="It takes at least 4 complete trials; there are 3."),
        data=data("digits", names, train=115, validation=29, test=36),
        model=_model(best),
        evaluation=evaluation(confusion, names, validation=wilson(best.score or 0.0, 290)),
    )


def running() -> Report:
    """A search half-way: one trial on each of two slots, nothing retrained."""
    whole = fashion(18)
    going: list[TrialRow] = [
        replace(trial, state="running", finished_after=None, curve=trial.curve[:3]) for trial in whole.trials[-2:]
    ]
    return replace(
        whole,
        trials=(*whole.trials[:-2], *going),
        search=replace(whole.search, running=True, stopped_by=""),
        model=None,
        evaluation=None,
    )


def started() -> Report:
    """No trial has completed: one failed, one is in its first epoch."""
    trials = (
        TrialRow(number=0, state="failed", preset="published", reason="out of memory in conv[0]", seconds=2.0),
        TrialRow(number=1, state="running", values={"dense.units": 64}),
    )
    whole = running()
    return replace(whole, trials=trials, importance=Importance(note="No trial has completed."))


def empty() -> Report:
    return replace(started(), trials=(), importance=Importance())


def untested() -> Report:
    return replace(fashion(8), evaluation=None)


def many_classes(n: int) -> Report:
    rng = np.random.default_rng(n)
    names = tuple(f"class {i:03d} of the {_FAMILIES[i % len(_FAMILIES)]}" for i in range(n))
    return with_classes(names, 100, rng)


def hostile() -> Report:
    report = with_classes(HOSTILE, 50, np.random.default_rng(1))
    nasty = HOSTILE[0]
    rows = [replace(t, preset=nasty, reason=nasty, values={nasty: nasty, **t.values}) for t in report.trials]
    return replace(
        report,
        study=nasty,
        dataset=HOSTILE[1],
        space=HOSTILE[3],
        space_description=HOSTILE[2],
        trials=tuple(rows),
        importance=replace(report.importance, shares={name: 1 / len(HOSTILE) for name in HOSTILE}, note=nasty),
        provenance=replace(report.provenance, command=f"tune {nasty}", hardware=dict.fromkeys(HOSTILE, nasty)),
        search=replace(report.search, turned_down={nasty: 2}, stopped_by=nasty),
    )


def with_classes(names: tuple[str, ...], per_class: int, rng: Generator) -> Report:
    n = len(names)
    shares = np.full((n, n), 0.08 / max(n - 1, 1)) + np.diag([0.92 - 0.08 / max(n - 1, 1)] * n)
    shares += np.roll(np.diag(rng.uniform(0, 0.25, n)), 1, axis=1)
    confusion = np.stack([rng.multinomial(per_class, row / row.sum()) for row in shares])
    return replace(
        fashion(12),
        data=data("made up", names, train=5 * per_class, validation=per_class, test=per_class),
        evaluation=evaluation(confusion, names, validation=wilson(0.9, n * per_class)),
    )


def data(name: str, names: tuple[str, ...], *, train: int, validation: int, test: int) -> Data:
    splits = {"train": train, "validation": validation, "test": test}
    return Data(
        name=name,
        source="/usr/share/datasets/fashion-mnist",
        fingerprint="9f2c4a1be07d5583c1f0a8de7b6499217c0d3ee2f5a14bb86d21f7709ac35e48",
        image_shape=(28, 28, 1),
        class_names=names,
        counts={split: (n,) * len(names) for split, n in splits.items()},
    )


def evaluation(confusion: NDArray[np.int64], names: Sequence[str], *, validation: Proportion) -> Evaluation:
    total, right = int(confusion.sum()), int(np.trace(confusion))
    return Evaluation(
        accuracy=wilson(right / total, total),
        loss=0.2431,
        validation=validation,
        confusion=confusion,
        classes=tuple(_class_scores(confusion, i, name) for i, name in enumerate(names)),
        opened="2026-11-22T18:39:12+01:00",
        times_opened=1,
        calibration=calibration(total),
    )


def calibration(n: int) -> Calibration:
    """Of a model that is somewhat too sure."""
    shares = {0.5: 0.02, 0.7: 0.05, 0.9: 0.13, 0.99: 0.8}
    bins = tuple(
        Bin(low=sure - 0.05, high=sure + 0.01, confidence=sure, accuracy=wilson(sure**1.2, max(round(n * share), 1)))
        for sure, share in shares.items()
    )
    return Calibration(bins=bins, confidence=0.95, ece=0.021, brier=0.134)


def _class_scores(confusion: NDArray[np.int64], i: int, name: str) -> ClassScores:
    right, said, support = int(confusion[i, i]), int(confusion[:, i].sum()), int(confusion[i].sum())
    precision, recall = right / max(said, 1), right / max(support, 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return ClassScores(name=name, precision=precision, recall=recall, f1=f1, support=support)


def _trials(rng: Generator, n: int, n_epochs: int) -> tuple[TrialRow, ...]:
    rows: list[TrialRow] = []
    clock = 0.0
    for number in range(n):
        level = min(0.925, 0.885 + 0.018 * rng.standard_normal() + 0.02 * number / max(n, 1))
        state, epochs, reason = _fate(rng, number, level, n_epochs)
        curve = _curve(rng, level, epochs)
        best = max(curve, key=lambda scores: scores.val_accuracy or 0.0, default=None)
        seconds = sum(scores.seconds for scores in curve) + 1.7
        clock += seconds
        rows.append(
            TrialRow(
                number=number,
                state=state,
                reason=reason,
                preset="published" if number == 0 else "",
                score=best.val_accuracy if best else None,
                best_epoch=best.epoch if best else None,
                curve=curve,
                seconds=seconds,
                parameters=int(rng.integers(28_000, 124_999)) if number else 120_234,
                values=_values(rng),
                finished_after=clock,
            )
        )
    return tuple(rows)


def _fate(rng: Generator, number: int, level: float, n_epochs: int) -> tuple[TrialState, int, str]:
    if number in {11, 29}:
        reason = "out of memory: conv[3].conv2d wants 1.2 GB" if number == 11 else "the loss became NaN in epoch 1"
        return "failed", 0, reason
    if number > 4 and level < 0.893 and rng.random() < 0.8:
        epoch = 4 if level < 0.885 else 12
        return "pruned", epoch, f"below the median of its peers at epoch {epoch}"
    return "complete", n_epochs, ""


def _curve(rng: Generator, level: float, n_epochs: int) -> tuple[EpochScores, ...]:
    speed, gap = rng.uniform(2.0, 4.5), rng.uniform(0.0, 0.05)
    rows: list[EpochScores] = []
    for epoch in range(1, n_epochs + 1):
        reached = 1 - np.exp(-epoch / speed)
        val = level - 0.22 * (1 - reached) + 0.003 * rng.standard_normal()
        train = level + gap * epoch / 20 - 0.3 * (1 - reached)
        rows.append(
            EpochScores(
                epoch=epoch,
                accuracy=float(min(train, 0.999)),
                loss=float(2.4 * (1 - min(train, 0.999)) + 0.02),
                val_accuracy=float(val),
                val_loss=float(2.6 * (1 - val) + 0.05 * gap * epoch + 0.004 * rng.standard_normal()),
                seconds=float(rng.uniform(2.5, 3.4)),
            )
        )
    return tuple(rows)


def _values(rng: Generator) -> dict[str, Value]:
    values: dict[str, Value] = {"conv.repeat": int(rng.integers(2, 5))}
    for i in range(int(values["conv.repeat"])):
        values[f"conv[{i}].conv2d.filters"] = int(rng.choice([16, 32, 64, 128]))
        values[f"conv[{i}].conv2d.activation"] = str(rng.choice(["relu", "leaky_relu", "elu", "tanh", "sigmoid"]))
        values[f"conv[{i}].dropout.rate"] = round(float(rng.choice(np.arange(0, 0.55, 0.05))), 2)
    values["dense.units"] = int(rng.integers(32, 257))
    optimizer = str(rng.choice(["adam", "sgd"], p=[0.75, 0.25]))
    values["training.optimizer"] = optimizer
    values[f"training.optimizer.{optimizer}.learning_rate"] = float(10 ** rng.uniform(-4, -2))
    if optimizer == "sgd":
        values["training.optimizer.sgd.momentum"] = float(rng.uniform(0, 0.99))
    values["training.batch_size"] = int(rng.choice([64, 128, 256]))
    return values


def _search(n_trials: int, seconds: float) -> Search:
    return Search(
        engine="optuna",
        algorithm="tpe",
        pruner="median",
        trials_asked=n_trials,
        timeout=7200.0,
        running=False,
        stopped_by=f"all {n_trials} trials are done",
        seconds=seconds,
        sessions=2,
        started="2026-11-22T17:48:12+01:00",
        turned_down={"more than 125,000 parameters": 23, "repeats an earlier trial": 4},
    )


def _importance() -> Importance:
    return Importance(
        shares={
            "training.optimizer.adam.learning_rate": 0.412,
            "conv.repeat": 0.187,
            "training.optimizer": 0.121,
            "conv[0].conv2d.activation": 0.094,
            "conv[0].dropout.rate": 0.071,
            "conv[1].conv2d.filters": 0.048,
            "dense.units": 0.031,
            "training.batch_size": 0.021,
            "conv[2].dropout.rate": 0.015,
        },
        n_trials=34,
        method="fANOVA",
        note="Parameters that only some configurations have (momentum under sgd) are judged on those alone.",
    )


def _model(best: TrialRow) -> Model:
    rng = np.random.default_rng(5)
    retrained = tuple(replace(s, val_accuracy=None, val_loss=None) for s in _curve(rng, 0.93, best.best_epoch or 1))
    return Model(
        trial=best.number,
        preset=best.preset,
        layers=_layers(),
        parameters=best.parameters or 0,
        values=best.values,
        training={"optimizer": "adam", "optimizer.adam.learning_rate": 0.00213, "batch_size": 128, "epochs": 20},
        epochs=best.best_epoch or 1,
        curve=retrained,
        seconds=63.4,
        files={"model": "model.keras", "configuration": "configuration.json", "manifest": "manifest.json"},
        sha256="4be1c0de" * 8,
        configuration=json.dumps({"layers": [{"conv2d": {"filters": 32, "kernel_size": 3}}], "training": {}}, indent=2),
    )


def _layers() -> tuple[LayerRow, ...]:
    rows = [LayerRow(name="rescaling", kind="rescaling", output_shape=(28, 28, 1), parameters=0)]
    size, before = 28, 1
    for i, filters in enumerate((32, 32, 64, 128)):
        activation = {"filters": filters, "kernel_size": 3, "activation": "relu"}
        shape, weights = (size, size, filters), 9 * before * filters + filters
        rows.append(
            LayerRow(name=f"conv2d_{i}", kind="conv2d", output_shape=shape, parameters=weights, settings=activation)
        )
        size, before = size // 2, filters
        rows.append(LayerRow(name=f"pool_{i}", kind="max_pooling2d", output_shape=(size, size, filters), parameters=0))
    rows.append(LayerRow(name="flatten", kind="flatten", output_shape=(128,), parameters=0))
    rows.append(
        LayerRow(name="output", kind="dense", output_shape=(10,), parameters=1290, settings={"activation": "softmax"})
    )
    return tuple(rows)


def _provenance(command: str) -> Provenance:
    return Provenance(
        command=command,
        versions={"kerastune": "0.1.0", "python": "3.11.2", "tensorflow": "2.21.0", "keras": "3.15.1", "optuna": "5.0"},
        hardware={"processor": "Intel Xeon, 2 cores", "memory": "8.0 GB", "graphics": "none"},
        seeds={"search": 0, "split": 0, "retraining": 1234567890},
        protocol=(
            "The training images were split 90 : 10 into training and validation, stratified by class.",
            "Trials were scored by their best validation accuracy; they never saw the test set.",
            "The winner was retrained on training and validation images, then tested once.",
        ),
        peak_memory={"parent": 182_000_000, "worker": 1_420_000_000},
    )


def _fashion_confusion(rng: Generator) -> NDArray[np.int64]:
    recall = (0.87, 0.985, 0.88, 0.925, 0.88, 0.98, 0.765, 0.97, 0.985, 0.96)
    shares = np.full((10, 10), 0.002)
    for i, j, share in ((0, 6, 0.09), (2, 4, 0.06), (2, 6, 0.05), (4, 2, 0.06), (4, 6, 0.05), (6, 0, 0.11)):
        shares[i, j] = share
    for i, j, share in ((6, 2, 0.06), (6, 4, 0.05), (9, 7, 0.035), (7, 9, 0.02), (5, 7, 0.012), (3, 6, 0.03)):
        shares[i, j] = share
    for i, share in enumerate(recall):
        shares[i] *= (1 - share) / (shares[i].sum() - shares[i, i])
        shares[i, i] = share
    return np.stack([rng.multinomial(1000, row / row.sum()) for row in shares]).astype(np.int64)


_FAMILIES = ("beetles", "orchids and their allies", "sea-going ferries", "fonts")


def named(report: Report, names: tuple[str, ...]) -> Report:
    """The same with other class names."""
    return replace(report, data=replace(report.data, class_names=names))


def eight_slots() -> Report:
    """Fifty trials on four GPUs with two trials at once on each."""
    return on_slots(fashion(50), [f"GPU {i} (NVIDIA A100), share {j} of 2" for i in range(4) for j in (1, 2)])


def one_slot() -> Report:
    return on_slots(fashion(200), ["CPU"])


def tiny() -> Report:
    """Two trials, two classes: small enough to be read whole."""
    curve = (
        EpochScores(epoch=1, accuracy=0.7, loss=0.6, val_accuracy=0.75, val_loss=0.55, seconds=1.0),
        EpochScores(epoch=2, accuracy=0.9, loss=0.3, val_accuracy=0.85, val_loss=0.4, seconds=1.0),
    )
    values: dict[str, Value] = {"dense.units": 32, "training.optimizer": "adam"}
    best = TrialRow(number=1, state="complete", score=0.85, best_epoch=2, curve=curve, seconds=2.0, parameters=1_234)
    other = replace(best, number=0, preset="published", score=0.8, values={**values, "dense.units": 64})
    stopped = TrialRow(number=2, state="pruned", reason="below a | b", score=0.5, best_epoch=1, seconds=1.0)
    report = Report(
        study="cats",
        dataset="cats_or_dogs",
        space="mlp",
        space_description="One *dense* layer",
        made="2026-11-22T18:40:00+01:00",
        search=replace(_search(3, 65.0), sessions=1, timeout=None, turned_down={"too large": 2}),
        trials=(other, replace(best, values=values), stopped),
        importance=Importance(note="It takes 4 complete trials; there are 2."),
        data=data("cats_or_dogs", ("cat", "dog<1>"), train=80, validation=20, test=50),
        provenance=_provenance("tune cats_or_dogs --space mlp"),
        model=replace(_model(replace(best, values=values)), layers=_layers()[-1:], parameters=1_234),
        evaluation=evaluation(np.array([[45, 5], [10, 40]]), ("cat", "dog<1>"), validation=wilson(0.85, 40)),
    )
    return on_slots(report, ["CPU"])


def exploded() -> Report:
    """A trial whose loss went to 1e9 and then to NaN."""
    report = fashion(8)
    wild = list(report.trials[1].curve)
    wild[1] = replace(wild[1], val_loss=1e9)
    wild[2] = replace(wild[2], loss=float("nan"), val_loss=float("inf"))
    return replace(report, trials=(report.trials[0], replace(report.trials[1], curve=tuple(wild)), *report.trials[2:]))
