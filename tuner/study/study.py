"""A study: its plan and its trials, kept in Optuna's tables. Only the process that holds the lock writes."""

from __future__ import annotations

import contextlib
import warnings
from datetime import datetime
from typing import TYPE_CHECKING, Any

import optuna
from optuna.trial import TrialState as Row

from tuner.errors import StudyError
from tuner.files import new_file, sweep
from tuner.plan import Plan
from tuner.study.records import CURVE, CUTS, OUTCOME, PRESET, SETUP, row_of, rows_of, trial_of
from tuner.study.storage import database_errors, open_storage
from tuner.trial import BLAMED, FINISHED, Epoch, Reason, Trial, TrialState, Value

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tuner.study.folder import Folder


MAX_CUTS = 2
"""Times a trial that a run died in is begun again without having gained an epoch."""


class Study:
    """One study in its folder. `optuna` is the genuine Optuna study, for engines and for anybody's tools."""

    def __init__(self, folder: Folder, study: optuna.Study) -> None:
        self.folder = folder
        self.optuna = study
        self._attributes = dict(study.user_attrs)

    @classmethod
    def create(
        cls,
        folder: Folder,
        plan: Plan,
        space_text: str,
        presets: Iterable[tuple[str, Mapping[str, Value]]] = (),
        facts: Mapping[str, Any] | None = None,
    ) -> Study:
        """A new study with the presets queued as its first trials. It is there whole or not at all."""
        sweep(folder.path, folder.database.name)
        with new_file(folder.database) as unfinished:
            unfinished.unlink()
            storage = open_storage(unfinished, writable=True)
            with database_errors(folder.database):
                study = optuna.create_study(storage=storage, study_name=folder.name, direction="maximize")
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
                    study.set_metric_names([plan.objective])
                created = datetime.now().astimezone().isoformat(timespec="seconds")
                for name, fact in {
                    "plan": plan.to_json(),
                    "space": space_text,
                    "created": created,
                    **(facts or {}),
                }.items():
                    study.set_user_attr(name, fact)
                for name, values in presets:
                    study.enqueue_trial(dict(values), user_attrs={PRESET: name})
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
            return [trial_of(row) for row in self.optuna.get_trials(deepcopy=False)]

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
            stopped_at = [*row.user_attrs.get(CUTS, []), len(row.intermediate_values)]
            trial = optuna.Trial(self.optuna, row._trial_id)  # noqa: SLF001, Optuna's own way to take up a running trial
            trial.set_user_attr(CUTS, stopped_at)
            if len(stopped_at) > MAX_CUTS and len(set(stopped_at[-MAX_CUTS - 1 :])) == 1:
                detail = f"the whole run died {MAX_CUTS + 1} times in its epoch {stopped_at[-1] + 1}"
                self.finish(trial, TrialState.FAILED, reason=Reason.CRASH, detail=detail)
            else:
                self.pause(row.number)
        return len(rows)

    def begin(self, trial: optuna.Trial, **setup: Any) -> None:
        """Records what is known of a trial that is about to train: configuration, seed, parameters, device."""
        trial.set_user_attr(SETUP, setup)

    def record_epoch(self, trial: optuna.Trial, curve: tuple[Epoch, ...], clock: float = 0.0) -> None:
        """Keeps the curve and shows its last point to the pruner. `clock` is the search time in seconds."""
        trial.set_user_attr(CURVE, {"epochs": rows_of(curve), "clock": clock})
        last = curve[-1]
        if last.val_accuracy is None:
            raise ValueError("an epoch of a trial must have a validation accuracy.")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # an epoch trained again after a crash was reported before
            trial.report(last.val_accuracy, step=last.epoch)

    def pause(self, number: int) -> None:
        """The trial waits to be gone on with."""
        self._storage.set_trial_state_values(self._id(number), Row.WAITING)

    def finish(
        self,
        trial: optuna.Trial,
        state: TrialState,
        *,
        reason: str = "",
        detail: str = "",
        score: float | None = None,
        seconds: float = 0.0,
        finished_after: float | None = None,
    ) -> None:
        """Ends a trial for good. When this returns it is on the disk."""
        trial.set_user_attr(
            OUTCOME,
            {
                "state": state.value,
                "reason": reason,
                "detail": detail,
                "seconds": seconds,
                "finished_after": finished_after,
            },
        )
        if reason in BLAMED:
            trial.set_constraint(reason, 1.0)
        row = row_of(state, reason)
        complete = row is Row.COMPLETE and score is not None
        with contextlib.suppress(optuna.exceptions.UpdateFinishedTrialError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.optuna.tell(trial, score if complete else None, state=row)

    def repeat(self, trial: optuna.Trial, of: Trial) -> None:
        """Ends a proposal that repeats an earlier trial, with that trial's outcome, so that the sampler learns of it
        what it would have learnt from training it again.
        """
        for epoch in of.curve:
            if epoch.val_accuracy is not None:
                trial.report(epoch.val_accuracy, step=epoch.epoch)
        if of.reason in BLAMED:
            trial.set_constraint(of.reason, 1.0)
        trial.set_user_attr(
            OUTCOME,
            {
                "state": TrialState.TURNED_DOWN.value,
                "reason": Reason.REPEAT.value,
                "detail": f"the same as trial {of.number}",
            },
        )
        row = row_of(of.state, of.reason)
        self.optuna.tell(trial, of.score if row is Row.COMPLETE else None, state=row)

    @property
    def _storage(self) -> Any:
        return self.optuna._storage  # noqa: SLF001, Optuna has no public way to put a trial back into its queue

    def _id(self, number: int) -> int:
        return int(self._storage.get_trial_id_from_study_id_trial_number(self.optuna._study_id, number))  # noqa: SLF001
