"""One run of the main job: the study made or taken up, searched, finished off, reported. Prints nothing."""

from __future__ import annotations

import os
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import tuner.data
from tuner import crashing
from tuner.braking import Braked
from tuner.cleaning import close
from tuner.control import INTERRUPTED
from tuner.engines import Setting, make_engine
from tuner.engines.checking import check_engine
from tuner.errors import Interrupted, StudyError, TuneError
from tuner.events import CarriedOver, Computing, Event, TakenUp, Warned
from tuner.executors.local import COMMAND, Local
from tuner.extending import ORIGIN
from tuner.finish.confirming import confirm
from tuner.finish.means import Means
from tuner.finish.report import write_report
from tuner.finish.retrain import retrain_winner
from tuner.jobs import TrainingJobs
from tuner.machine import hardware, peak_memory, versions
from tuner.opening import RUN, Request, asked, check_fits, closed_on_error, open_study, plan_of, why_precision
from tuner.planning import Images, needs, network_of
from tuner.room import check_room
from tuner.search import Search
from tuner.sessions import Timekeeper
from tuner.slots import crowding, slots
from tuner.study import Study, hold
from tuner.study.backups import Backups
from tuner.study.belongings import contents
from tuner.study.guard import beating
from tuner.study.leftovers import remove
from tuner.study.storage import storage_errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from reports.report import Report
    from search_spaces import Configuration, SearchSpace
    from tuner.control import Control
    from tuner.data import Split
    from tuner.engines import Engine
    from tuner.study import Folder


SHORT = 200
"""Characters of an error that a study remembers."""


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
    began: float | None = None,
) -> Outcome:
    """Does the job, or goes on with it. `command` starts a worker's process; `write` writes the report's files. `began`
    is when, by `time.monotonic`, the user gave the command, where that was before now.

    Raises a TuneError of every kind; whatever it raises, what was done is kept.
    """
    timekeeper = Timekeeper(began)
    devices = slots(
        request.gpus,
        workers=request.workers,
        trials_per_gpu=request.trials_per_gpu,
        network=network_of(request.space),
    )
    data = tuner.data.find(request.dataset, data=request.data, progress=_interruptible(watch.download, control))
    check_fits(request.space, data)
    plan = plan_of(request, data, devices)
    check_engine(request.space, plan)
    made = not request.folder.path.exists()
    _make_folder(request.folder.path)
    with (
        hold(request.folder.path, request.folder.name),
        storage_errors(request.folder.database),
        ExitStack() as stack,
    ):
        stack.enter_context(control.looking())
        if made:
            stack.enter_context(_gone_if_refused(request.folder))
        is_new = not request.folder.database.exists()
        if is_new:
            check_room(request, plan, data, len(devices))
        executor = stack.enter_context(closing(Local(devices, request.folder.logs, command)))
        if is_new:
            executor.start()  # TensorFlow is loaded while the study is made
        study = stack.enter_context(_held(open_study(request, plan, data, devices)))
        if not is_new:
            check_room(request, plan, data, len(devices), study)
        if crowded := crowding(devices):
            watch.event(Warned(text=crowded))
        watch.event(Computing(precision=study.plan.precision, why=why_precision(study, request, devices)))
        if is_new and (origin := study.fact(ORIGIN)):
            watch.event(CarriedOver.from_json(origin))
        jobs = TrainingJobs(folder=request.folder, plan=study.plan, data=data, space=request.space)
        stack.enter_context(beating(request.folder.database))
        backups = stack.enter_context(Backups(request.folder, lambda text: watch.event(Warned(text=text))))
        split = tuner.data.load_split(request.folder.split, data.fingerprint)
        means = Means(
            space=request.space,
            jobs=jobs,
            executor=executor,
            observe=watch.event,
            control=control,
            need=_needs(split, jobs),
            each_turn=backups.tick,
        )
        _search(request, study, split, means, timekeeper)
        _end_if_asked(control)
        memory = _finish(request, study, means, timekeeper)
        executor.close()
        _remember_memory(study, memory, timekeeper)
        with control.looking(looks=False), timekeeper.timing("reporting"):
            report, page = write(study, request.space)
        timekeeper.keep(study)
        return Outcome(report=report, page=page)


@contextmanager
def _gone_if_refused(folder: Folder) -> Iterator[None]:
    """Where the block raises before anything but logs is in the folder, that is gone too, with its lock. The caller
    holds it.
    """
    try:
        yield
    except BaseException:
        if set(contents(folder)) <= {folder.logs}:
            remove(folder.logs)
            close(folder)
        raise


@contextmanager
def _held(study: Study) -> Iterator[Study]:
    """Closed at the end of the block, whose error is told and not that of the closing."""
    with closed_on_error(study):
        yield study
    study.close()


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


def _search(request: Request, study: Study, split: Split, means: Means, timekeeper: Timekeeper) -> None:
    """Searches until the budget is spent, and keeps with the study what the report says of the run."""
    before: Mapping[str, Any] = study.fact(RUN, {})
    facts = {
        **asked(request),
        "versions": versions(),
        "hardware": {**hardware(), "devices": ", ".join(means.executor.free())},
    }
    study.release_interrupted(request.budget.retries)
    if study.n_finished():
        means.observe(TakenUp(trials=tuple(study.trials())))
    search = Search(
        study=study,
        space=request.space,
        engine=_engine(request, study, means.jobs, split),
        executor=means.executor,
        jobs=means.jobs,
        budget=request.budget,
        observe=means.observe,
        control=means.control,
        need=means.need,
        keep=request.keep,
        each_turn=means.each_turn,
        tasks=timekeeper.tasks,
        seconds_before=_seconds_before(study, before),
    )
    timekeeper.search(study, len(means.executor.slots), search.seconds)
    if study.n_finished() < request.budget.trials:
        _end_if_asked(means.control)
        commands = list(dict.fromkeys([*before.get("commands", []), request.command]))
        facts |= {"sessions": before.get("sessions", 0) + 1, "stopped_by": "", "exhausted": False, "commands": commands}
        timekeeper.counts = True
        _remember_run(study, {**before, **facts}, timekeeper)
        crashing.here("run-noted")
        means.executor.start()
    try:
        stopped_by = search.run()
    except (TuneError, KeyboardInterrupt) as error:
        timekeeper.searched()
        with suppress(TuneError), storage_errors(request.folder.database):  # a full disk, say, has no room for it
            facts |= {"stopped_by": _in_words(error), "seconds": round(search.seconds, 1)}
            _remember_run(study, {**before, **facts}, timekeeper)
        raise
    timekeeper.searched()
    crashing.here("search-ended")
    facts |= {"stopped_by": stopped_by, "exhausted": search.exhausted, "seconds": round(search.seconds, 1)}
    study.remember(RUN, {**before, **facts})
    _remember_memory(study, search.worker_memory, timekeeper)


def _finish(request: Request, study: Study, means: Means, timekeeper: Timekeeper) -> int:
    """Confirms and retrains the winner where that is still to be done. Returns the workers' peak memory in bytes; 0
    without any.
    """
    try:
        with timekeeper.timing("confirming"):
            memory = confirm(study, request, means)
        with timekeeper.timing("retraining"):
            memory = max(memory, retrain_winner(study, means))
    except (TuneError, KeyboardInterrupt):
        with suppress(TuneError), storage_errors(request.folder.database):
            timekeeper.keep(study)
        raise
    timekeeper.counts = timekeeper.counts or memory > 0
    return memory


def _in_words(error: BaseException) -> str:
    """Why a search ended by it, for `ended because ...`."""
    match error:
        case KeyboardInterrupt():
            return INTERRUPTED
        case Braked():
            return f"there were {error.why}"
        case _:
            return f"it met an error: {str(error).splitlines()[0]}"[:SHORT]


def _remember_run(study: Study, run: Mapping[str, Any], timekeeper: Timekeeper) -> None:
    """What is told of the run, and where its time went so far, in one transaction."""
    with study.together():
        study.remember(RUN, run)
        timekeeper.keep(study)


def _remember_memory(study: Study, worker: int, timekeeper: Timekeeper) -> None:
    """The peaks of this process and of its workers, where they are higher than those of earlier sessions; and what went
    where so far.
    """
    run = study.fact(RUN, {})
    peaks = dict(run.get("peak_memory", {}))
    for role, peak in (("parent", peak_memory()), ("worker", worker)):
        peaks[role] = max(peak, peaks.get(role, 0))
    _remember_run(study, {**run, "peak_memory": peaks}, timekeeper)


def _seconds_before(study: Study, before: Mapping[str, Any]) -> float:
    """A session that was killed left no total of its own, but its trials say when they were last seen."""
    return max([float(before.get("seconds", 0.0)), *(trial.last_seen for trial in study.trials())])


def _needs(split: Split, jobs: TrainingJobs) -> Callable[[Configuration, bool], int]:
    return needs(
        Images(
            shape=jobs.image_shape,
            n_classes=jobs.n_classes,
            n_train=len(split.train),
            n_validation=len(split.validation),
        )
    )


def _engine(request: Request, study: Study, jobs: TrainingJobs, split: Split) -> Engine:
    labels = jobs.data.train()[1][split.rows]
    return make_engine(Setting(space=request.space, plan=study.plan, n_trials=request.budget.trials, labels=labels))


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudyError(f"{path}: cannot be made: {error.strerror}. Set TUNE_HOME to a folder of yours.") from None
    if not os.access(path, os.W_OK | os.X_OK):
        raise StudyError(f"{path}: cannot be written to. Set TUNE_HOME to a folder of yours.")
