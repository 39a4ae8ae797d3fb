"""One run of the main job: the study made or taken up, searched, finished off, reported. Prints nothing."""

from __future__ import annotations

import os
import random
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tuner.data
from search_spaces import SearchSpace, misfit
from tuner.engines import make_engine
from tuner.errors import Interrupted, StudyError, UsageError
from tuner.events import Event, TakenUp
from tuner.executors.local import COMMAND, Local
from tuner.finish import retrain_winner, write_report
from tuner.jobs import TrainingJobs
from tuner.machine import hardware, peak_memory, versions
from tuner.plan import Budget, Plan
from tuner.search import Search
from tuner.slots import slots
from tuner.study import Folder, Study, hold, storage_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from reports.report import Report
    from tuner.control import Control
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
    pruner: str = "asha"
    gpus: str = "auto"
    data: Path | None = None
    """Where the user says the data set is."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    report: Report
    page: Path
    """The report's HTML page."""


@dataclass(frozen=True)
class Watch:
    """Who is told of what goes on."""

    event: Callable[[Event], None]
    download: Callable[[str, int, int], None] | None = None
    """Called with a file's name, bytes so far and bytes in all."""


def run(
    request: Request,
    watch: Watch,
    control: Control,
    *,
    command: Sequence[str] = COMMAND,
    write: Callable[[Study, SearchSpace], tuple[Report, Path]] = write_report,
) -> Outcome:
    """Does the job, or goes on with it. `command` starts a worker's process; `write` writes the report's files.

    Raises a TuneError of every kind; whatever it raises, what was done is kept.
    """
    devices = slots(request.gpus)
    data = tuner.data.find(request.dataset, data=request.data, progress=_interruptible(watch.download, control))
    check_fits(request.space, data)
    _make_folder(request.folder.path)
    with hold(request.folder.path, request.folder.name), storage_errors(request.folder.database):
        study = _study(request, data)
        jobs = TrainingJobs(folder=request.folder, plan=study.plan, data=data)
        with closing(Local(devices, request.folder.logs, command)) as executor:
            _search(request, study, jobs, executor, watch, control)
            _end_if_asked(control)
            memory = retrain_winner(study, request.space, jobs, executor, watch.event, control)
        _remember_memory(study, memory)
        report, page = write(study, request.space)
        return Outcome(report=report, page=page)


def _end_if_asked(control: Control) -> None:
    if control.stopping:
        raise Interrupted(control.reason, control.signal)


def _interruptible(tell: Callable[[str, int, int], None] | None, control: Control) -> Callable[[str, int, int], None]:
    """Tells of a download, and ends it when the run shall end."""

    def progress(file: str, done: int, total: int) -> None:
        _end_if_asked(control)
        if tell is not None:
            tell(file, done, total)

    return progress


def _search(
    request: Request, study: Study, jobs: TrainingJobs, executor: Local, watch: Watch, control: Control
) -> None:
    """Searches until the budget is spent, and keeps with the study what the report says of the run."""
    before: Mapping[str, Any] = study.fact(RUN, {})
    facts = {
        **_asked(request),
        "versions": versions(),
        "hardware": {**hardware(), "devices": ", ".join(executor.free())},
    }
    study.release_interrupted()
    if study.n_finished():
        watch.event(TakenUp(trials=tuple(study.trials())))
    search = Search(
        study=study,
        space=request.space,
        engine=make_engine(request.space, study.plan),
        executor=executor,
        jobs=jobs,
        budget=request.budget,
        observe=watch.event,
        control=control,
        seconds_before=_seconds_before(study, before),
    )
    if study.n_finished() < request.budget.trials:
        _end_if_asked(control)
        facts |= {"sessions": before.get("sessions", 0) + 1, "stopped_by": ""}
        study.remember(RUN, {**before, **facts})
        executor.start()
    stopped_by = search.run()
    study.remember(RUN, {**before, **facts, "stopped_by": stopped_by, "seconds": round(search.seconds, 1)})
    _remember_memory(study, search.worker_memory)


def _asked(request: Request) -> dict[str, Any]:
    """What `tune resume` asks for again."""
    return {
        "trials": request.budget.trials,
        "timeout": request.budget.timeout,
        "gpus": request.gpus,
        "data": str(request.data) if request.data else None,
    }


def _remember_memory(study: Study, worker: int) -> None:
    """The peaks of this process and of its workers, where they are higher than those of earlier sessions."""
    run = study.fact(RUN, {})
    peaks = dict(run.get("peak_memory", {}))
    for role, peak in (("parent", peak_memory()), ("worker", worker)):
        peaks[role] = max(peak, peaks.get(role, 0))
    study.remember(RUN, {**run, "peak_memory": peaks})


def _seconds_before(study: Study, before: Mapping[str, Any]) -> float:
    """A session that was killed left no total of its own, but its trials say when their epochs ended."""
    ends = [max(trial.finished_after or 0.0, trial.seen_after) for trial in study.trials()]
    return max([float(before.get("seconds", 0.0)), *ends])


def _study(request: Request, data: ImageData) -> Study:
    """The study of the request, new or taken up. Raises StudyError where it was begun as another."""
    plan = Plan(
        dataset=data.name,
        data_fingerprint=data.fingerprint,
        space=request.space.name,
        space_fingerprint=request.space.fingerprint,
        seed=request.seed,
        validation=request.validation,
        limit=request.limit,
        epochs=request.epochs,
        pruner=request.pruner,
    )
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
    space = request.space
    first = {name: space.preset(name).values for name in space.presets} or {"default": space.default().values}
    presets = [(name, values) for name, values in first.items() if _fits(space, values, data)]
    facts = {"data": _data_facts(plan, data, split, labels), "command": request.command, RUN: _asked(request)}
    return Study.create(request.folder, plan, request.space.text, presets, facts)


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


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudyError(f"{path}: cannot be made: {error.strerror}. Set TUNE_HOME to a folder of yours.") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise StudyError(f"{path}: cannot be written to. Set TUNE_HOME to a folder of yours.")
