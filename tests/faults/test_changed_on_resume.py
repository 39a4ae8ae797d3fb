"""Fault test 34: what changes under a study is refused, each thing on its line, or taken up where it may be."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from evidence import Measured
from fakes import job
from fakes.starting import Nursery, Tune

from tuner.plan import Budget, Plan
from tuner.study import Study

SPACE = """
name: small
description: As it was
variables: {act: {choice: [relu, tanh]}}
layers:
  - flatten
  - dense: {units: {int: [8, 64], log: true, default: 16}, activation: $act}
  - dropout: {rate: {float: [0.0, 0.5], step: 0.1, default: 0.2}}
training:
  optimizer: {adam: {learning_rate: {float: [1e-4, 1e-2], log: true}}}
  batch_size: {choice: [16, 32]}
  epochs: 2
limits: {parameters: 100_000}
forbid: [training.batch_size == 16 and dense.units > 60]
presets: {first: {values: {dense.units: 20}}}
"""

REFUSED = 4


def images(path: Path, seed: int) -> None:
    numbers = np.random.default_rng(seed)
    pixels = numbers.integers(0, 256, (250, 28, 28), dtype=np.uint8)
    labels = (np.arange(250) % 10).astype(np.uint8)
    np.savez(path, x_train=pixels[:200], y_train=labels[:200], x_test=pixels[200:], y_test=labels[200:])


@dataclass(frozen=True)
class Variant:
    what: str
    told: str | None
    """A line of the diff; None where the study goes on."""
    more: tuple[str, ...] = ()
    old: str = ""
    """What stands in the space file, and what stands there instead."""
    new: str = ""
    data: str = "a.npz"
    dataset: str = "fashion-mnist"


TWO_OBJECTIVES = ("--objective", "val_accuracy", "--objective", "parameters")

VARIANTS = [
    # the space
    Variant(
        "a range that is wider",
        "space: ~ dense.units: 8 to 64, log -> 8 to 99, log (wider)",
        old="[8, 64]",
        new="[8, 99]",
    ),
    Variant(
        "a range that is narrower",
        "space: ~ dense.units: 8 to 64, log -> 16 to 64, log (narrower)",
        old="[8, 64]",
        new="[16, 64]",
    ),
    Variant(
        "a range that is no longer in powers",
        "space: ~ dense.units: 8 to 64, log -> 8 to 64",
        old=", log: true, default: 16",
        new="",
    ),
    Variant("another step", "space: ~ dropout.rate: 0.0 to 0.5, step 0.1 -> ", old="step: 0.1", new="step: 0.05"),
    Variant("another default", "space: ~ dense.units: default 16 -> 32", old="default: 16", new="default: 32"),
    Variant(
        "an option more",
        "space: ~ variables.act: relu or tanh -> relu, tanh or elu",
        old="[relu, tanh]",
        new="[relu, tanh, elu]",
    ),
    Variant("another option", "space: ~ training.batch_size: 16 or 32 -> 16 or 64", old="[16, 32]", new="[16, 64]"),
    Variant(
        "options in another order",
        "space: ~ variables.act: relu or tanh -> tanh or relu",
        old="[relu, tanh]",
        new="[tanh, relu]",
    ),
    Variant("a layer more", "space: ", old="  - dropout", new="  - batch_normalization\n  - dropout"),
    Variant(
        "a parameter less",
        "space: ~ dropout.rate: 0.0 to 0.5, step 0.1 -> 0.2",
        old="{float: [0.0, 0.5], step: 0.1, default: 0.2}",
        new="0.2",
    ),
    Variant("another optimizer", "space: ", old="{adam: {learning", new="{rmsprop: {learning"),
    Variant("more epochs in the space", "space: ~ training.epochs: 2 -> 3", old="epochs: 2", new="epochs: 3"),
    Variant("a limit that is higher", "space: ~ limits.parameters: 100,000 -> 200,000", old="100_000", new="200_000"),
    Variant("a rule less", "space: ", old="forbid: [training.batch_size == 16 and dense.units > 60]\n", new=""),
    Variant("another preset", "space: ", old="{dense.units: 20}", new="{dense.units: 21}"),
    Variant(
        "a setting on the command line",
        "space: ~ training.batch_size: 16 or 32 -> 32",
        ("--set", "training.batch_size=32"),
    ),
    Variant("a parameter kept at a value", "space: ~ dense.units: 8 to 64, log -> 20", ("--fix", "dense.units=20")),
    Variant("another space", "space: small -> mlp_v1", ("--space", "mlp_v1")),
    Variant("another description", None, old="As it was", new="As it is"),
    Variant("another way of writing it", None, old="{adam: {learning", new="{ adam:  {learning"),
    # the data
    Variant("other images", "data_fingerprint: ", data="b.npz"),
    Variant("another data set", "dataset: fashion-mnist -> digits", dataset="digits"),
    Variant("fewer images", "limit: not set -> 100", ("--limit", "100")),
    Variant("another split", "validation: 0.15 -> 0.3", ("--validation", "0.3")),
    Variant("the same images elsewhere", None, data="copy/a.npz"),
    # the seed, the engine
    Variant("another seed", "seed: 0 -> 1", ("--seed", "1")),
    Variant("another engine", "engine: optuna -> keras-tuner", ("--engine", "keras-tuner")),
    Variant("another algorithm", "algorithm: tpe -> random", ("--algorithm", "random")),
    Variant("another pruner", "pruner: asha -> none", ("--pruner", "none")),
    Variant("another objective", "objectives: val_accuracy -> val_accuracy, parameters", TWO_OBJECTIVES),
    Variant("more epochs", "epochs: not set -> 5", ("--epochs", "5")),
    Variant("another precision", "precision: float32 -> mixed_bfloat16", ("--precision", "mixed_bfloat16")),
    # what may change
    Variant("more time", None, ("--timeout", "1h")),
    Variant("other retries", None, ("--retries", "5")),
    Variant("another policy for the disk", None, ("--keep", "none")),
    Variant("no GPUs", None, ("--gpus", "none")),
]


@pytest.fixture(scope="module")
def begun(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Tune:
    """A study of one finished trial on some images."""
    made = Tune(nursery, tmp_path_factory.mktemp("changed"))
    (made.folder / "small.yaml").write_text(SPACE)
    for name, seed in (("a.npz", 0), ("b.npz", 1)):
        images(made.folder / name, seed)
    (made.folder / "copy").mkdir()
    (made.folder / "copy" / "a.npz").write_bytes((made.folder / "a.npz").read_bytes())
    started = made.run(*command())
    assert started.wait() == 0, started.said
    return made


def command(more: tuple[str, ...] = (), data: str = "a.npz", dataset: str = "fashion-mnist") -> tuple[str, ...]:
    where = ("--data", data) if dataset == "fashion-mnist" else ()
    return (dataset, "--space", "small.yaml", "--trials", "1", "--study", "s", *where, *more)


def test_every_change_is_refused_with_its_line_or_taken_up(begun: Tune, measured: Measured) -> None:
    space = begun.folder / "small.yaml"
    before = trials(begun)
    wrong, refused, taken_up = [], 0, 0
    for each in VARIANTS:
        assert each.old in SPACE
        space.write_text(SPACE.replace(each.old, each.new, 1) if each.old else SPACE)
        started = begun.run(*command(each.more, each.data, each.dataset))
        code, lines = started.wait(), [line.strip() for line in started.said.splitlines()]
        if each.told is None:
            taken_up += code == 0
            wrong += [(each.what, code, lines)] if code else []
        else:
            diff = [line for line in lines if line.startswith(each.told)]
            readable = len(diff) >= 1 and lines[-1].startswith("Give this search a name of its own with --study NAME")
            refused += code == REFUSED and readable
            wrong += [] if code == REFUSED and readable else [(each.what, code, lines)]
    space.write_text(SPACE)
    measured(
        34,
        target="25 variants of changed space/data/code/seed/engine: refused with a readable diff, or accepted where "
        "documented",
        figure=f"{len(VARIANTS)} variants: {refused} refused with a line old -> new, {taken_up} taken up, "
        f"{len(wrong)} otherwise",
    )
    assert wrong == []
    assert trials(begun) == before


def trials(of: Tune) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(of.study("s") / "study.db")) as database:
        return database.execute("SELECT number, state, datetime_complete FROM trials ORDER BY number").fetchall()


@pytest.mark.usefixtures("unsynced")
def test_another_version_of_the_program_goes_on_and_is_noted(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Code may change under a study: its plan's new fields have defaults, and each run notes what it ran with."""
    study = job.make(home, monkeypatch)
    study.run(budget=Budget(trials=1))
    plan = Study.open(study.request.folder).plan
    assert Plan.from_json({name: each for name, each in plan.to_json().items() if name != "precision"}) == plan
    assert Plan.from_json({**plan.to_json(), "colour": "red"}) == plan

    monkeypatch.setattr("tuner.run.versions", lambda: {"tune": "9.9"})
    study.run(budget=Budget(trials=1))

    assert Study.open(study.request.folder).fact("run")["versions"] == {"tune": "9.9"}
