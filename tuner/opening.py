"""The study of a request: made anew, or taken up where it is the same search. Trains nothing."""

from __future__ import annotations

import random
import shutil
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tuner.data
from search_spaces import SearchSpace, differences, misfit
from tuner.distributions import new_row
from tuner.engines.catalog import card
from tuner.engines.grid_search.checking import check_images
from tuner.errors import BusyError, StudyError, TuneError, UsageError
from tuner.extending import ORIGIN, carry
from tuner.files import new_file
from tuner.openings import OPENINGS
from tuner.plan import ACCURACY, AUTO, BEST, Budget, Keep, Plan
from tuner.precision import precision_for
from tuner.study import Folder, Study, attributes, hold
from tuner.study.backups import list_backups
from tuner.study.belongings import FOLDS
from tuner.study.leftovers import entries

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from optuna.trial import FrozenTrial

    from tuner.data import ImageData, Split
    from tuner.slots import Slot

RUN = "run"
"""Under which a study keeps what the last run was asked and what came of it."""

PRECISION = "precision"
"""Under which a study keeps why it has its precision."""

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
    precision: str = AUTO
    """Of PRECISIONS, or what suits the devices of a new study; likewise what an old one has."""
    gpus: str = "auto"
    workers: int | None = None
    """Trials at once on the CPU; None is what is fastest on this machine."""
    trials_per_gpu: int = 1
    data: Path | None = None
    """Where the user says the data set is."""
    keep: Keep = BEST
    confirm: int | None = None
    """How many of the best trials are trained again, to choose the winner by; None is as the search makes worth its
    while. Likewise `repeats`, under how many seeds each is.
    """
    repeats: int | None = None
    extends: Folder | None = None
    """The study whose trials a new one takes over, as far as its space can make them."""


def asked(request: Request) -> dict[str, Any]:
    """What `tune resume` asks for again."""
    return {
        "trials": request.budget.trials,
        "timeout": request.budget.timeout,
        "trial_timeout": request.budget.trial_timeout,
        "retries": request.budget.retries,
        "gpus": request.gpus,
        "workers": request.workers,
        "trials_per_gpu": request.trials_per_gpu,
        "data": str(request.data) if request.data else None,
        "keep": str(request.keep),
        "confirm": request.confirm,
        "repeats": request.repeats,
    }


def plan_of(request: Request, data: ImageData, devices: Sequence[Slot] = ()) -> Plan:
    """What is asked for, with everything that was left to the engine or to the devices; without any, to a CPU. Raises
    UsageError where the engine has not got what is asked for.
    """
    engine = card(request.engine)
    if engine.folds and (request.confirm or request.repeats):
        raise UsageError(f"{engine.name} trains each configuration once for each fold: leave out --confirm, --repeats.")
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
        precision=precision_for(devices, request.precision).name,
    )


def open_study(request: Request, plan: Plan, data: ImageData, devices: Sequence[Slot] = ()) -> Study:
    """The study of the request, new or taken up. Raises StudyError where it was begun as another."""
    if not request.folder.database.exists():
        _refuse_lost(request.folder)
        if request.extends:
            return _extended_study(request, plan, data)
        return _new_study(request, plan, data, why=precision_for(devices, request.precision).why)
    study = Study.open(request.folder, writable=True)
    with closed_on_error(study):
        _check_same(study, _settled(request, plan, study.plan), request.space)
        tuner.data.load_split(request.folder.split, data.fingerprint)
    return study


@contextmanager
def closed_on_error(study: Study) -> Iterator[None]:
    """Where the block raises, others may write to the study, and what is raised is the block's error."""
    try:
        yield
    except BaseException:
        with suppress(TuneError):
            study.close()
        raise


def _refuse_lost(folder: Folder) -> None:
    """Raises StudyError where a new study would take the place of one whose database somebody has deleted."""
    if list_backups(folder) or folder.set_aside:
        left = "are backups of it" if list_backups(folder) else f"is {folder.set_aside[-1].name}"
        raise StudyError(
            f"{folder.database}: it is missing, but there {left}. To have it back: tune repair "
            f"{folder.name}. To begin anew: tune clean {folder.name} --delete, or another --study NAME."
        )


def why_precision(study: Study, request: Request, devices: Sequence[Slot]) -> str:
    """Why the study has its precision; where these devices would have led to another, that too."""
    why: str = study.fact(PRECISION, "")
    here = precision_for(devices, request.precision).name
    if here == study.plan.precision:
        return why or "the study's own"
    return f"the study's own; {AUTO} would be {here} on these devices"


def _settled(request: Request, plan: Plan, old: Plan) -> Plan:
    """The plan with what the request leaves to the study that it goes on with."""
    return replace(plan, precision=old.precision) if request.precision == AUTO else plan


def _new_study(request: Request, plan: Plan, data: ImageData, *, why: str) -> Study:
    labels = data.train()[1]
    split = tuner.data.split(labels, validation=plan.validation, seed=plan.seed, limit=plan.limit)
    if plan.folds is not None:
        check_images(labels[split.rows], plan)
    _clear_folds(request.folder)
    tuner.data.save_split(split, request.folder.split, data.fingerprint)
    facts = {
        "data": _data_facts(plan, data, split, labels),
        "command": request.command,
        PRECISION: why,
        RUN: asked(request),
    }
    queue = _presets(request.space, data) if _presets_first(plan) else []
    return Study.create(request.folder, plan, request.space.text, queue, facts)


def _extended_study(request: Request, plan: Plan, data: ImageData) -> Study:
    """With the trials of an older one that are valid in the new space, on the same split. The older is only read."""
    assert request.extends is not None
    with _only_reader(request.extends):
        old = Study.open(request.extends)
        plan = _settled(request, plan, old.plan)
        _check_same_but_space(old, plan)
        split = tuner.data.load_split(request.extends.split, data.fingerprint)
        carried = carry(old, request.space)
        facts = {
            "data": old.fact("data"),
            "command": request.command,
            PRECISION: old.fact(PRECISION, ""),
            RUN: asked(request),
        }
        # What was chosen after a look at the test set was chosen with it, in whichever study the look was.
        facts[OPENINGS] = [{"study": old.folder.name, **each} for each in old.fact(OPENINGS, [])]
        queue = [] if not _presets_first(plan) else _presets(request.space, data, carried.configurations)
        tuner.data.save_split(split, request.folder.split, data.fingerprint)
        _copy_folds(request.extends, request.folder)
    facts |= {ORIGIN: carried.origin.to_json()}
    return Study.create(request.folder, plan, request.space.text, [*carried.rows, *queue], facts)


@contextmanager
def _only_reader(folder: Folder) -> Iterator[None]:
    """Nobody adds trials to the study while they are carried over. Raises BusyError where somebody does."""
    with ExitStack() as stack:
        try:
            stack.enter_context(hold(folder.path, folder.name))
        except BusyError as busy:
            holder = str(busy).partition(". ")[0]
            raise BusyError(
                f"{holder}. Its trials are carried over when it has ended: wait for it, or stop it."
            ) from None
        yield


def _check_same_but_space(old: Study, plan: Plan) -> None:
    same = replace(plan, space=old.plan.space, space_fingerprint=old.plan.space_fingerprint)
    if differences := old.plan.differences(same):
        lines = "".join(f"\n  {line}" for line in differences)
        raise StudyError(
            f"the trials of study '{old.folder.name}' cannot be carried over, its plan was another:{lines}"
        )


def _clear_folds(folder: Folder) -> None:
    """Those that a run left which was killed before its study was there, or a study that somebody deleted."""
    for left in _folds(folder):
        left.unlink()


def _folds(folder: Folder) -> list[Path]:
    """Those that are ours."""
    return [path for path in entries(folder.path) if FOLDS.fullmatch(path.name)]


def _copy_folds(source: Folder, target: Folder) -> None:
    _clear_folds(target)
    for path in filter(Path.is_file, _folds(source)):
        with new_file(target.path / path.name) as work:
            shutil.copyfile(path, work)


def _presets_first(plan: Plan) -> bool:
    return card(plan.engine).algorithm(plan.algorithm).presets_first


def _presets(space: SearchSpace, data: ImageData, known: Container[str] = ()) -> list[FrozenTrial]:
    """Those that fit the images and are not known, as trials that wait; the defaults where the space has no presets."""
    first = {name: space.preset(name) for name in space.presets} or {"default": space.default()}
    return [
        new_row(space, configuration, attributes(preset=name), waiting=True)
        for name, configuration in first.items()
        if configuration.hash not in known and not misfit(space, configuration, data.image_shape, data.n_classes)
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
    lines = study.plan.differences(plan)
    if not lines:
        return
    if study.plan.space_fingerprint != plan.space_fingerprint:
        lines = [line for line in lines if not line.startswith("space_fingerprint")]
        lines += _space_differences(SearchSpace.parse(study.space_text, "the study's space"), space)
    only_space = all(line.startswith("space:") for line in lines)
    over = f", or take its trials over: tune resume {study.folder.name} --space SPACE --extend" if only_space else ""
    told = "".join(f"\n  {line}" for line in lines)
    raise StudyError(
        f"study '{study.folder.name}' was started on another plan:{told}\n"
        f"Give this search a name of its own with --study NAME, or go on with the old plan: "
        f"tune resume {study.folder.name}{over}"
    )


def _space_differences(old: SearchSpace, new: SearchSpace) -> list[str]:
    """A line for each thing that differs; a word where nothing that is tried does."""
    lines = [f"space: {each}" for each in differences(old, new)]
    return lines or ["space: it is written differently, and makes the same configurations"]


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
