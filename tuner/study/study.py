"""A study: its plan and its trials, kept in Optuna's tables. Only the process that holds the lock writes."""

from __future__ import annotations

import warnings
from contextlib import contextmanager, suppress
from dataclasses import astuple
from functools import partial
from typing import TYPE_CHECKING, Any

from tuner.plan import RETRIES
from tuner.study.collecting import settle, uncollected
from tuner.study.cuts import cuts_of, is_to_blame, last_seen, was_training
from tuner.study.records import (
    CURVE,
    CUTS,
    ENQUEUED,
    FOLDS,
    GUESS,
    NO_PHASES,
    OUTCOME,
    SETUP,
    STAYS,
    curve_so_far,
    has_slot,
    phases_so_far,
    row_of,
    trial_of,
    with_end,
    with_slot,
    with_training,
)
from tuner.study.trouble import row_errors
from tuner.study.view import StudyView, no_study
from tuner.trial import BLAMED, FINISHED, Epoch, Fold, Reason, Trial, TrialState, objective_values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    import optuna
    from optuna.trial import FrozenTrial
    from optuna.trial import TrialState as Row

    from tuner.plan import Plan
    from tuner.study.folder import Folder
    from tuner.study.ledger import Ledger


class Study(StudyView):
    """One study in its folder. `optuna` is the genuine Optuna study, for engines and for anybody's tools.

    What is recorded is on the disk when the call returns; or, within `together`, when its block ends.
    """

    def __init__(self, folder: Folder, ledger: Ledger) -> None:
        import optuna

        self.folder = folder
        self.optuna = optuna.load_study(study_name=ledger.name, storage=ledger)
        self._ledger = ledger
        self._attributes = dict(self.optuna.user_attrs)
        self._trials: list[Trial] = []
        """As they were when they were last asked for."""

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
        from tuner.study.creating import create_database

        create_database(folder, plan, space_text, rows, facts or {})
        return cls.open(folder, writable=True)

    @classmethod
    def open(cls, folder: Folder, *, writable: bool = False) -> Study:
        """The study in `folder`: as it is now, or `writable` by us alone from now on.

        Raises StudyError where there is none, or it is damaged or not ours; BusyError where another process writes.
        """
        from tuner.study.ledger import open_ledger, read_ledger

        if not folder.database.exists():
            raise no_study(folder.database)
        opened = open_ledger if writable else read_ledger
        return cls(folder, opened(folder.database, folder.name))

    @property
    def row(self) -> int:
        """By which others ask its database for it."""
        return self._ledger.row

    def remember(self, name: str, value: Any) -> None:
        """Keeps a plain JSON value with the study."""
        self.optuna.set_user_attr(name, value)
        self._attributes[name] = value

    @contextmanager
    def together(self) -> Iterator[None]:
        """What is recorded in the block is on the disk when it ends, all of it or nothing. Until then nobody may hear
        of it, and nothing may be done that builds on it: `then` is for that. Readers of this object see it at once.

        Where it is no more than epochs they may wait for the next block or `tick`: after a kill their checkpoint tells
        them again.
        """
        with self._ledger.together(patient=True):
            yield

    def then(self, action: Callable[[], None]) -> None:
        """Does it when the block of `together` has ended and is on the disk; at once outside of one."""
        self._ledger.then(action)

    def tick(self) -> None:
        """To be called now and then: brings to the disk what has waited long enough."""
        self._ledger.commit(patient=True)

    def flush(self) -> None:
        """All that was recorded is on the disk when this returns."""
        self._ledger.commit()

    def close(self) -> None:
        """Nothing more is to be recorded. Another process may write at once."""
        self._ledger.close()

    def trials(self) -> list[Trial]:
        changed = sorted(self._ledger.changed)
        with row_errors(self.folder.database), uncollected():
            for number in changed:
                self._trials[number : number + 1] = [trial_of(self._row(number))]
                self._ledger.changed.discard(number)
        settle(len(changed))
        return self._trials.copy()

    def release_interrupted(self, retries: int = RETRIES) -> int:
        """Trials that a dead process left RUNNING wait again, to go on under their own numbers; one that may be what
        kills run after run is given up. Returns how many there were.

        Left RUNNING they would repel the sampler, which counts them as poor until they end (constant_liar).
        """
        rows = self._ledger.running()
        trained = [row for row in rows if was_training(row)]
        with self._ledger.together():
            for row in rows:
                cuts = cuts_of(row) if row in trained else []
                if cuts:
                    self._ledger.set_trial_user_attr(row._trial_id, CUTS, cuts)  # noqa: SLF001
                if cuts and is_to_blame(cuts, len(trained), retries):
                    self._give_up(row, len(cuts))
                else:
                    self.pause(row.number, last_seen(row))
        return len(rows)

    def _give_up(self, row: FrozenTrial, n_cuts: int) -> None:
        trial, part = trial_of(row), "epoch" if self.plan.folds is None else "fold"
        self.finish(
            self._handle(row._trial_id),  # noqa: SLF001
            TrialState.FAILED,
            reason=Reason.CRASH,
            detail=f"the whole run died {n_cuts} times in its {part} {max(len(trial.folds), len(trial.curve)) + 1}",
            seconds=round(trial.seconds, 3),
            finished_after=last_seen(row),
        )

    def add(self, row: FrozenTrial) -> optuna.Trial:
        """The row as a new trial of the study, put there whole: a process that dies leaves all of it or nothing."""
        return self._handle(self._ledger.create_new_trial(self.row, row))

    def queue(self, row: FrozenTrial) -> int:
        """The row as a trial that waits. Returns its number. It is on the disk then, also within `together`: who asked
        for it forgets about it.
        """
        trial_id = self._ledger.create_new_trial(self.row, row)
        self.flush()
        return self._ledger.get_trial(trial_id).number

    def guesses(self) -> dict[str, int]:
        """Numbers of the trials that came through the inbox, by the identity they had there."""
        return {row.user_attrs[GUESS]: row.number for row in self._ledger.rows() if GUESS in row.user_attrs}

    def next_waiting(self) -> optuna.Trial | None:
        """The next trial of the queue, RUNNING now; None where none waits. What was cut off goes before what a user
        asked for, and that before presets.
        """
        rows = self._ledger.waiting()
        if not rows:
            return None
        first = min(rows, key=lambda row: (SETUP not in row.user_attrs, ENQUEUED not in row.user_attrs, row.number))
        self._ledger.run(first._trial_id)  # noqa: SLF001
        return self._handle(first._trial_id)  # noqa: SLF001

    def _handle(self, trial_id: int) -> optuna.Trial:
        """The running trial, to be reported of. It has its values; should a killed run have left some undrawn, they
        are drawn at random.
        """
        import optuna

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
        with self._ledger.together():
            self._ledger.hasten()
            if clock is not None:
                trial.set_user_attr(STAYS, with_slot(self._row(trial.number).user_attrs, setup["device"], clock))
            trial.set_user_attr(SETUP, setup)

    def record_start(self, number: int, clock: float, phases: Mapping[str, float] = NO_PHASES) -> None:
        """The trial trains on its slot from the search time `clock` on, in seconds; so far it waited there, of which
        `phases` are known.
        """
        self._change_stay(number, partial(with_training, clock=clock, phases=phases))

    def record_epoch(
        self,
        trial: optuna.Trial,
        curve: tuple[Epoch, ...],
        clock: float = 0.0,
        phases: Mapping[str, float] = NO_PHASES,
    ) -> None:
        """Keeps the curve and shows its last point to the pruner. `clock` is the search time in seconds, `phases` what
        went where on this slot.
        """
        last = curve[-1]
        if last.val_accuracy is None:
            raise ValueError("an epoch of a trial must have a validation accuracy.")
        with self._ledger.together():
            trial.set_user_attr(CURVE, curve_so_far(curve, clock, phases))
            if len(self.plan.objectives) == 1:
                self._show(trial, {last.epoch: last.val_accuracy})

    def record_fold(
        self,
        trial: optuna.Trial,
        folds: tuple[Fold, ...],
        clock: float = 0.0,
        phases: Mapping[str, float] = NO_PHASES,
    ) -> None:
        """Keeps the folds, and the mean of their accuracies so far where Optuna's dashboards look for a curve."""
        with self._ledger.together():
            self._ledger.hasten()  # no checkpoint tells it again
            trial.set_user_attr(FOLDS, [list(astuple(fold)) for fold in folds])
            trial.set_user_attr(CURVE, curve_so_far((), clock, phases))
            if len(self.plan.objectives) == 1:
                self._show(trial, {len(folds): sum(fold.accuracy for fold in folds) / len(folds)})

    def _show(self, trial: optuna.Trial, curve: Mapping[int, float]) -> None:
        """By step. `Trial.report` would refuse them where there are several objectives, and warn of one seen again."""
        for step, value in curve.items():
            self._ledger.set_trial_intermediate_value(trial._trial_id, step, value)  # noqa: SLF001

    def pause(self, number: int, clock: float | None = None, phases: Mapping[str, float] = NO_PHASES) -> None:
        """The trial waits to be gone on with. It leaves its slot at the search time `clock`, in seconds."""
        with self._ledger.together():
            self.leave(number, clock, phases)
            self._ledger.wait(self._id(number))

    def leave(self, number: int, clock: float | None, phases: Mapping[str, float] = NO_PHASES) -> None:
        """The trial leaves its slot at the search time `clock`, in seconds. Where nobody knows its `phases`, those hold
        that its last epoch there told.
        """
        if clock is not None:
            phases = phases or phases_so_far(self._row(number).user_attrs)
            self._change_stay(number, partial(with_end, clock=clock, phases=phases))

    def _change_stay(self, number: int, change: Callable[[list[Any]], list[Any]]) -> None:
        stays = self._row(number).user_attrs.get(STAYS, [])
        if has_slot(stays):
            self._ledger.set_trial_user_attr(self._id(number), STAYS, [*stays[:-1], change(stays[-1])])

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
        cost: Mapping[str, int] | None = None,
    ) -> None:
        """Ends a trial for good. When this returns it is on the disk. `measures` were taken at its end; `cost` may
        have `memory` and `device_memory`, in bytes.
        """
        outcome: dict[str, Any] = {"state": state.value, "reason": reason, "detail": detail, "seconds": seconds}
        outcome |= {"finished_after": finished_after, **(cost or {})}
        with self._ledger.together():
            self.leave(trial.number, finished_after)
            trial.set_user_attr(OUTCOME, outcome | ({"measures": dict(measures)} if measures else {}))
            if reason in BLAMED:
                trial.set_constraint(reason, 1.0)
            row = row_of(state, reason)
            self._tell(trial, self._values(trial) if row.name == "COMPLETE" else None, row)

    def _values(self, trial: optuna.Trial) -> list[float]:
        """What the complete trial has come to in each objective."""
        ended = trial_of(self._row(trial.number))
        values = objective_values(ended, self.plan.objectives)
        if len(values) > 1:  # TPE can read no curves of pruned trials there, so only these have any
            self._show(trial, {epoch.epoch: epoch.val_accuracy or 0.0 for epoch in ended.curve})
        return values

    def repeat(self, trial: optuna.Trial, of: Trial) -> None:
        """Ends a proposal that repeats an earlier trial, with that trial's outcome, so that the sampler learns of it
        what it would have learnt from training it again.
        """
        from optuna.trial import TrialState as Row

        # Of a trial that has not ended nothing is known yet. What is told as FAIL a sampler does not see.
        row = row_of(of.state, of.reason) if of.state in FINISHED else Row.FAIL
        outcome = {"state": TrialState.TURNED_DOWN.value, "reason": Reason.REPEAT.value, "repeats": of.number}
        outcome["detail"] = f"the same as trial {of.number}"
        with self._ledger.together():
            if row is Row.COMPLETE or (row is Row.PRUNED and len(self.plan.objectives) == 1):
                self._show(trial, {epoch.epoch: epoch.val_accuracy or 0.0 for epoch in of.curve})
            if of.reason in BLAMED:
                trial.set_constraint(of.reason, 1.0)
            trial.set_user_attr(OUTCOME, outcome)
            self._tell(trial, objective_values(of, self.plan.objectives) if row is Row.COMPLETE else None, row)

    def _tell(self, trial: optuna.Trial, values: list[float] | None, row: Row) -> None:
        import optuna

        with suppress(optuna.exceptions.UpdateFinishedTrialError), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            self.optuna.tell(trial, values, state=row)

    def _row(self, number: int) -> FrozenTrial:
        return self._ledger.get_trial(self._id(number))

    def _id(self, number: int) -> int:
        return self._ledger.get_trial_id_from_study_id_trial_number(self.row, number)
