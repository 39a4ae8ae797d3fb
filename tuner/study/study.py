"""A study: its plan and its trials, kept in Optuna's tables. Only the process that holds the lock writes."""

from __future__ import annotations

import contextlib
import warnings
from dataclasses import astuple
from datetime import datetime
from typing import TYPE_CHECKING, Any

import optuna
from optuna.trial import TrialState as Row

from tuner.errors import StudyError
from tuner.files import new_file, sweep
from tuner.plan import OBJECTIVES, Plan
from tuner.study.lock import is_held
from tuner.study.records import (
    CURVE,
    CUTS,
    ENQUEUED,
    FOLDS,
    GUESS,
    OUTCOME,
    SETUP,
    STAYS,
    row_of,
    rows_of,
    stays_of,
    trial_of,
)
from tuner.study.storage import database_errors, open_storage
from tuner.trial import BLAMED, FINISHED, Epoch, Fold, Reason, Trial, TrialState, objective_values

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from optuna.trial import FrozenTrial

    from tuner.study.folder import Folder


CUT_SHORT = "its process ended before the search did"

MAX_CUTS = 2
"""Times a trial that a run died in is begun again without having gained an epoch."""


class Study:
    """One study in its folder. `optuna` is the genuine Optuna study, for engines and for anybody's tools."""

    def __init__(self, folder: Folder, study: optuna.Study) -> None:
        self.folder = folder
        self.optuna = study
        self._attributes = dict(study.user_attrs)
        self._ended: dict[int, Trial] = {}
        """Trials that will not change any more."""

    @classmethod
    def create(
        cls,
        folder: Folder,
        plan: Plan,
        space_text: str,
        rows: Iterable[FrozenTrial] = (),
        facts: Mapping[str, Any] | None = None,
    ) -> Study:
        """A new study with these rows as its first trials. It is there whole or not at all."""
        sweep(folder.path, folder.database.name)
        with new_file(folder.database) as unfinished:
            unfinished.unlink()
            storage = open_storage(unfinished, writable=True)
            with database_errors(folder.database):
                directions = [OBJECTIVES[objective] for objective in plan.objectives]
                study = optuna.create_study(storage=storage, study_name=folder.name, directions=directions)
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                    study.set_metric_names(list(plan.objectives))
                created = datetime.now().astimezone().isoformat(timespec="seconds")
                for name, fact in {
                    "plan": plan.to_json(),
                    "space": space_text,
                    "created": created,
                    **(facts or {}),
                }.items():
                    study.set_user_attr(name, fact)
                for row in rows:
                    study.add_trial(row)
            storage.engine.dispose()
        return cls.open(folder, writable=True)

    @classmethod
    def open(cls, folder: Folder, *, writable: bool = False) -> Study:
        """The study in `folder`. Raises StudyError where there is none, or it is damaged or not ours."""
        if not folder.database.exists():
            raise StudyError(f"{folder.database}: no study there.")
        storage = open_storage(folder.database, writable=writable)
        with database_errors(folder.database):
            names = optuna.get_all_study_names(storage)
            name = folder.name if folder.name in names else next(iter(names), None)
            study = cls(folder, optuna.load_study(study_name=name, storage=storage)) if name else None
        if study is None or not study.is_ours:
            raise StudyError(f"{folder.database}: an Optuna database, but not of a study of tune.")
        return study

    @property
    def is_ours(self) -> bool:
        """Whether it has what a study of ours begins with."""
        return {"plan", "space", "created"} <= set(self._attributes)

    @property
    def plan(self) -> Plan:
        try:
            return Plan.from_json(self._attributes["plan"])
        except TypeError:
            raise StudyError(f"{self.folder.database}: its plan was written by another version of tune.") from None

    @property
    def stopped_by(self) -> str:
        """Why its search last ended; empty where one goes on."""
        said = str(self.fact("run", {}).get("stopped_by", ""))
        return said or ("" if is_held(self.folder.path) else CUT_SHORT)

    @property
    def row(self) -> int:
        """By which others ask its database for it."""
        return int(self.optuna._study_id)  # noqa: SLF001, Optuna has no public name for it

    @property
    def space_text(self) -> str:
        """The space file as it was when the study began."""
        return str(self._attributes["space"])

    @property
    def created(self) -> str:
        """Local date and time, ISO 8601 with offset."""
        return str(self._attributes["created"])

    def fact(self, name: str, default: Any = None) -> Any:
        """A value that somebody remembered under `name`."""
        return self._attributes.get(name, default)

    def remember(self, name: str, value: Any) -> None:
        """Keeps a plain JSON value with the study."""
        self.optuna.set_user_attr(name, value)
        self._attributes[name] = value

    def trials(self) -> list[Trial]:
        """All trials by number, those turned down included."""
        with database_errors(self.folder.database):
            return [self._trial(row) for row in self.optuna.get_trials(deepcopy=False)]

    def _trial(self, row: FrozenTrial) -> Trial:
        if row.number in self._ended:
            return self._ended[row.number]
        trial = trial_of(row)
        if row.state.is_finished():
            self._ended[row.number] = trial
        return trial

    def n_finished(self) -> int:
        """Trials that count towards the budget."""
        return sum(trial.state in FINISHED for trial in self.trials())

    def release_interrupted(self) -> int:
        """Trials that a dead process left RUNNING wait again, to go on under their own numbers. Returns how many.

        One in which run after run died without another epoch is given up: it may be what kills them.
        Left RUNNING they would repel the sampler, which counts them as poor until they end (constant_liar).
        """
        rows = self.optuna.get_trials(deepcopy=False, states=(Row.RUNNING,))
        for row in rows:
            # With several objectives there are no intermediate values, and with folds no curve.
            gained = max(len(row.intermediate_values), len(row.user_attrs.get(CURVE, {}).get("epochs", [])))
            stopped_at = [*row.user_attrs.get(CUTS, []), gained]
            trial = self._handle(row._trial_id)  # noqa: SLF001
            trial.set_user_attr(CUTS, stopped_at)
            if len(stopped_at) > MAX_CUTS and len(set(stopped_at[-MAX_CUTS - 1 :])) == 1:
                part = "epoch" if self.plan.folds is None else "fold"
                detail = f"the whole run died {MAX_CUTS + 1} times in its {part} {stopped_at[-1] + 1}"
                self.finish(trial, TrialState.FAILED, reason=Reason.CRASH, detail=detail)
            else:
                self.pause(row.number)
        return len(rows)

    def add(self, row: FrozenTrial) -> optuna.Trial:
        """The row as a new trial of the study, put there whole: a process that dies leaves all of it or nothing."""
        return self._handle(self._put(row))

    def queue(self, row: FrozenTrial) -> int:
        """The row as a trial that waits, put there whole. Returns its number."""
        return int(self._storage.get_trial_number_from_id(self._put(row)))

    def _put(self, row: FrozenTrial) -> int:
        """Id of the row in the database, where Optuna's own `add_trial` would not tell it."""
        return int(self._storage.create_new_trial(self.row, template_trial=row))

    def guesses(self) -> dict[str, int]:
        """Numbers of the trials that came through the inbox, by the identity they had there."""
        rows = self.optuna.get_trials(deepcopy=False)
        return {row.user_attrs[GUESS]: row.number for row in rows if GUESS in row.user_attrs}

    def next_waiting(self) -> optuna.Trial | None:
        """The next trial of the queue, RUNNING now; None where none waits. What was cut off goes before what a user
        asked for, and that before presets.
        """
        rows = self.optuna.get_trials(deepcopy=False, states=(Row.WAITING,))
        if not rows:
            return None
        first = min(rows, key=lambda row: (SETUP not in row.user_attrs, ENQUEUED not in row.user_attrs, row.number))
        self._storage.set_trial_state_values(first._trial_id, Row.RUNNING)  # noqa: SLF001
        return self._handle(first._trial_id)  # noqa: SLF001

    def _handle(self, trial_id: int) -> optuna.Trial:
        """The running trial, to be reported of. It has its values; should a killed run have left some undrawn, they
        are drawn at random.
        """
        sampler = self.optuna.sampler
        self.optuna.sampler = optuna.samplers.RandomSampler(seed=self.plan.seed)
        try:
            return optuna.Trial(self.optuna, trial_id)  # Optuna's own way to take up a running trial
        finally:
            self.optuna.sampler = sampler

    def begin(self, trial: optuna.Trial, *, clock: float | None = None, **setup: Any) -> None:
        """Records what is known of a trial that is about to train: configuration, seed, parameters, device, retries.
        From the search time `clock` on, in seconds, it has the slot `device`.
        """
        if clock is not None:
            stays = [list(astuple(stay)) for stay in stays_of(self._attributes_of(trial.number))]
            trial.set_user_attr(STAYS, [*stays, [setup["device"], clock, None]])
        trial.set_user_attr(SETUP, setup)

    def record_epoch(self, trial: optuna.Trial, curve: tuple[Epoch, ...], clock: float = 0.0) -> None:
        """Keeps the curve and shows its last point to the pruner. `clock` is the search time in seconds."""
        trial.set_user_attr(CURVE, {"epochs": rows_of(curve), "clock": clock})
        last = curve[-1]
        if last.val_accuracy is None:
            raise ValueError("an epoch of a trial must have a validation accuracy.")
        if len(self.plan.objectives) == 1:
            self._show(trial, {last.epoch: last.val_accuracy})

    def record_fold(self, trial: optuna.Trial, folds: tuple[Fold, ...]) -> None:
        """Keeps the folds, and the mean of their accuracies so far where Optuna's dashboards look for a curve."""
        trial.set_user_attr(FOLDS, [list(astuple(fold)) for fold in folds])
        if len(self.plan.objectives) == 1:
            self._show(trial, {len(folds): sum(fold.accuracy for fold in folds) / len(folds)})

    def _show(self, trial: optuna.Trial, curve: Mapping[int, float]) -> None:
        """Intermediate values by step. `Trial.report` would refuse them where there are several objectives, and would
        warn of an epoch that was trained again.
        """
        for step, value in curve.items():
            self._storage.set_trial_intermediate_value(trial._trial_id, step, value)  # noqa: SLF001

    def pause(self, number: int, clock: float | None = None) -> None:
        """The trial waits to be gone on with. It leaves its slot at the search time `clock`, in seconds."""
        self._leave(number, clock)
        self._storage.set_trial_state_values(self._id(number), Row.WAITING)

    def _leave(self, number: int, clock: float | None) -> None:
        stays = self._attributes_of(number).get(STAYS)
        if clock is not None and stays and stays[-1][-1] is None:
            slot, began, _ = stays[-1]
            self._storage.set_trial_user_attr(self._id(number), STAYS, [*stays[:-1], [slot, began, clock]])

    def _attributes_of(self, number: int) -> Mapping[str, Any]:
        return self.optuna.get_trials(deepcopy=False)[number].user_attrs

    def finish(
        self,
        trial: optuna.Trial,
        state: TrialState,
        *,
        reason: str = "",
        detail: str = "",
        seconds: float = 0.0,
        finished_after: float | None = None,
        measures: Mapping[str, float] | None = None,
        cost: Mapping[str, float] | None = None,
    ) -> None:
        """Ends a trial for good. When this returns it is on the disk. `measures` were taken at its end; `cost` may
        have `waited` in seconds, and `memory` and `device_memory` in bytes.
        """
        outcome = {
            "state": state.value,
            "reason": reason,
            "detail": detail,
            "seconds": seconds,
            "finished_after": finished_after,
            **(cost or {}),
        }
        self._leave(trial.number, finished_after)
        trial.set_user_attr(OUTCOME, outcome | ({"measures": dict(measures)} if measures else {}))
        if reason in BLAMED:
            trial.set_constraint(reason, 1.0)
        row = row_of(state, reason)
        values = None
        if row is Row.COMPLETE:
            ended = trial_of(self.optuna.get_trials(deepcopy=False)[trial.number])
            values = objective_values(ended, self.plan.objectives)
            if len(values) > 1:  # TPE can read no curves of pruned trials there, so only these have any
                self._show(trial, {epoch.epoch: epoch.val_accuracy or 0.0 for epoch in ended.curve})
        self._tell(trial, values, row)

    def repeat(self, trial: optuna.Trial, of: Trial) -> None:
        """Ends a proposal that repeats an earlier trial, with that trial's outcome, so that the sampler learns of it
        what it would have learnt from training it again.
        """
        # Of a trial that has not ended nothing is known yet. What is told as FAIL a sampler does not see.
        row = row_of(of.state, of.reason) if of.state in FINISHED else Row.FAIL
        if row is Row.COMPLETE or (row is Row.PRUNED and len(self.plan.objectives) == 1):
            self._show(trial, {epoch.epoch: epoch.val_accuracy or 0.0 for epoch in of.curve})
        if of.reason in BLAMED:
            trial.set_constraint(of.reason, 1.0)
        trial.set_user_attr(
            OUTCOME,
            {
                "state": TrialState.TURNED_DOWN.value,
                "reason": Reason.REPEAT.value,
                "detail": f"the same as trial {of.number}",
                "repeats": of.number,
            },
        )
        self._tell(trial, objective_values(of, self.plan.objectives) if row is Row.COMPLETE else None, row)

    def _tell(self, trial: optuna.Trial, values: list[float] | None, row: Row) -> None:
        with contextlib.suppress(optuna.exceptions.UpdateFinishedTrialError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.optuna.tell(trial, values, state=row)

    @property
    def _storage(self) -> Any:
        return self.optuna._storage  # noqa: SLF001, Optuna has no public way to put a trial back into its queue

    def _id(self, number: int) -> int:
        return int(self._storage.get_trial_id_from_study_id_trial_number(self.row, number))
