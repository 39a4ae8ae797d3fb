"""The study of a request: made anew, or taken up where it is the same search. Trains nothing."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tuner.data
from search_spaces import SearchSpace, misfit
from tuner.distributions import new_row
from tuner.engines.catalog import card
from tuner.errors import StudyError, UsageError
from tuner.plan import ACCURACY, Budget, Plan
from tuner.study import Folder, Study, attributes

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray
    from optuna.trial import FrozenTrial

    from tuner.data import ImageData, Split

RUN = "run"
"""Under which a study keeps what the last run was asked and what came of it."""

DRAWS = 200
"""Random configurations looked at before a space is said not to fit a data set."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a command asked for, checked no further than its words."""

    dataset: str
    space: SearchSpace
    folder: Folder
    budget: Budget
    command: str
    """The line that starts the same study anew."""
    seed: int = 0
    validation: float = 0.15
    limit: int | None = None
    epochs: int | None = None
    engine: str = "optuna"
    algorithm: str | None = None
    """None is the engine's first; likewise the pruner, and the folds of an engine that has some."""
    pruner: str | None = None
    objectives: tuple[str, ...] = (ACCURACY,)
    folds: int | None = None
    gpus: str = "auto"
    data: Path | None = None
    """Where the user says the data set is."""


def asked(request: Request) -> dict[str, Any]:
    """What `tune resume` asks for again."""
    return {
        "trials": request.budget.trials,
        "timeout": request.budget.timeout,
        "gpus": request.gpus,
        "data": str(request.data) if request.data else None,
    }


def plan_of(request: Request, data: ImageData) -> Plan:
    """What is asked for, with everything that was left to the engine. Raises UsageError where it has not got that."""
    engine = card(request.engine)
    algorithm = engine.algorithm(request.algorithm)
    return Plan(
        dataset=data.name,
        data_fingerprint=data.fingerprint,
        space=request.space.name,
        space_fingerprint=request.space.fingerprint,
        engine=engine.name,
        algorithm=algorithm.name,
        pruner=request.pruner or algorithm.pruners[0],
        objectives=request.objectives,
        folds=request.folds or engine.folds,
        seed=request.seed,
        validation=request.validation,
        limit=request.limit,
        epochs=request.epochs,
    )


def open_study(request: Request, plan: Plan, data: ImageData) -> Study:
    """The study of the request, new or taken up. Raises StudyError where it was begun as another."""
    if not request.folder.database.exists():
        return _new_study(request, plan, data)
    study = Study.open(request.folder, writable=True)
    _check_same(study, plan, request.space)
    tuner.data.load_split(request.folder.split, data.fingerprint)
    return study


def _new_study(request: Request, plan: Plan, data: ImageData) -> Study:
    labels = data.train()[1]
    split = tuner.data.split(labels, validation=plan.validation, seed=plan.seed, limit=plan.limit)
    tuner.data.save_split(split, request.folder.split, data.fingerprint)
    facts = {"data": _data_facts(plan, data, split, labels), "command": request.command, RUN: asked(request)}
    queue = _presets(request.space, data) if card(plan.engine).algorithm(plan.algorithm).presets_first else []
    return Study.create(request.folder, plan, request.space.text, queue, facts)


def _presets(space: SearchSpace, data: ImageData) -> list[FrozenTrial]:
    """Those that fit the images, as trials that wait; the defaults where the space has no presets."""
    first = {name: space.preset(name) for name in space.presets} or {"default": space.default()}
    return [
        new_row(space, configuration, attributes(preset=name), waiting=True)
        for name, configuration in first.items()
        if not misfit(space, configuration, data.image_shape, data.n_classes)
    ]


def _data_facts(plan: Plan, data: ImageData, split: Split, labels: NDArray[np.uint8]) -> dict[str, Any]:
    """What reports say of the data, kept with the study so that they need not find it again."""
    n_classes = len(data.class_names)
    return {
        "name": data.name,
        "source": data.source,
        "fingerprint": data.fingerprint,
        "image_shape": list(data.image_shape),
        "class_names": list(data.class_names),
        "counts": {
            "train": tuner.data.class_counts(labels[split.train], n_classes),
            "validation": tuner.data.class_counts(labels[split.validation], n_classes),
            "test": data.test_counts,
        },
        "note": _note(plan, data),
    }


def _note(plan: Plan, data: ImageData) -> str:
    if plan.limit is None or plan.limit >= data.n_train:
        return ""
    return f"a stratified sample of {plan.limit:,} of {data.n_train:,} training images (--limit)"


def _check_same(study: Study, plan: Plan, space: SearchSpace) -> None:
    differences = study.plan.differences(plan)
    if not differences:
        return
    if study.plan.space_fingerprint != plan.space_fingerprint:
        differences = [line for line in differences if not line.startswith("space_fingerprint")]
        differences += space_differences(SearchSpace.parse(study.space_text, "the study's space"), space)
    lines = "".join(f"\n  {line}" for line in differences)
    raise StudyError(
        f"study '{study.folder.name}' was started on another plan:{lines}\n"
        f"Give this search a name of its own with --study NAME, or go on with the old plan: "
        f"tune resume {study.folder.name}"
    )


def space_differences(old: SearchSpace, new: SearchSpace) -> list[str]:
    """One line for each parameter that differs; a word where only settings that are not searched do."""
    before, after = (
        {each.name: f"{each.domain.describe()} (default {each.default})" for each in space.parameters()}
        for space in (old, new)
    )
    lines = [f"space: - {name}: {what}" for name, what in before.items() if after.get(name) != what]
    lines += [f"space: + {name}: {what}" for name, what in after.items() if before.get(name) != what]
    return lines or ["space: a fixed setting, a limit, a rule or a preset changed; no parameter did"]


def check_fits(space: SearchSpace, data: ImageData) -> None:
    """Raises UsageError where no configuration of the space can be built on the data's images."""
    problem = _problem(space, space.default().values, data)
    rng = random.Random(0)
    draws = (space.configure(lambda parameter: parameter.domain.sample(rng)) for _ in range(DRAWS))
    if problem and not any(_fits(space, draw.values, data) for draw in draws):
        shape = " x ".join(str(side) for side in data.image_shape)
        raise UsageError(f"space '{space.name}' does not fit the {shape} images of {data.name}: {problem}")


def _fits(space: SearchSpace, values: Mapping[str, Any], data: ImageData) -> bool:
    return not _problem(space, values, data)


def _problem(space: SearchSpace, values: Mapping[str, Any], data: ImageData) -> str:
    """Why the configuration cannot be trained on the data; '' where it can."""
    return misfit(space, space.check_values(values), data.image_shape, len(data.class_names)) or ""
