"""A study in memory, and behind it Optuna's tables: what changes is written there in one transaction an event."""

from __future__ import annotations

import copy
import json
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from optuna.exceptions import StorageInternalError
from optuna.trial import TrialState as Row

from tuner import crashing
from tuner.errors import StudyError
from tuner.study.guard import take
from tuner.study.reading import read_study
from tuner.study.storage import InMemoryStorage, begin, copied, database_errors, open_engine
from tuner.study.view import not_ours
from tuner.study.writing import StudyChange, TrialChange, write

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterator, Sequence
    from pathlib import Path

    from optuna.distributions import BaseDistribution
    from optuna.trial import FrozenTrial
    from sqlalchemy import Connection, Engine

    from tuner.study.guard import Guard
    from tuner.study.reading import StoredStudy

OPEN = frozenset({Row.WAITING, Row.RUNNING})

PATIENCE = 0.25
"""Seconds that an epoch may wait for others to share its transaction with."""


def read_ledger(path: Path, name: str) -> Ledger:
    """The study in the database at `path` as it is now. Raises StudyError where it is damaged or not ours."""
    with copied(path) as engine:
        return _read(engine, path, name)


def _read(engine: Engine, path: Path, name: str) -> Ledger:
    with database_errors(path), begin(engine, writing=False) as connection:
        return Ledger(_ours(connection, path, name), None)


def open_ledger(path: Path, name: str) -> Ledger:
    """Likewise, and from now on ours to write to. Raises BusyError where that is another process's that lives."""
    engine = open_engine(path)
    with database_errors(path), begin(engine, writing=True) as connection:
        stored = _ours(connection, path, name)
        return Ledger(stored, take(connection, path, stored.row, name))


def _ours(connection: Connection, path: Path, name: str) -> StoredStudy:
    stored = read_study(connection, name)
    if stored is None:
        raise not_ours(path)
    return stored


class Ledger(InMemoryStorage):
    """Optuna's storage in memory, filled from the tables and true to them: there is one writer, so memory knows it all.

    Optuna's own storage for databases commits each attribute by itself and asks the tables for every trial that runs
    whenever a sampler looks, which is some 40 ms of work a trial.
    """

    def __init__(self, stored: StoredStudy, guard: Guard | None, clock: Callable[[], float] = time.monotonic) -> None:
        """To be read only, where there is no guard to write past."""
        super().__init__()
        self._guard = guard
        self._clock = clock
        self._change = StudyChange()
        self._urgent = False
        """Whether what changed must not wait."""
        self._committed = clock()
        self._depth = 0
        self._afterwards: list[Callable[[], None]] = []
        self.changed: set[int] = set()
        """Numbers of the trials that are others than when who reads them took them off this list."""
        self._open: set[int] = set()
        """Numbers of the trials that have not ended: few, and asked for at every proposal."""
        self._fill(stored)

    def _fill(self, stored: StoredStudy) -> None:
        """Under the ids of the tables."""
        self._max_study_id = stored.row - 1
        self.create_new_study(stored.directions, stored.name)
        study = self._studies[stored.row]
        study.user_attrs, study.system_attrs, study.trials = stored.user_attrs, stored.system_attrs, stored.trials
        for trial in stored.trials:
            self._trial_id_to_study_id_and_number[trial._trial_id] = (stored.row, trial.number)  # noqa: SLF001
            study.param_distribution.update(trial.distributions)
            self._update_cache(trial._trial_id, stored.row)  # noqa: SLF001
            self._note(trial)
        self._max_trial_id = self._written_id = stored.last_id
        self.row, self.name = stored.row, stored.name

    # --- one transaction ----------------------------------------------------------------------------------------------

    @contextmanager
    def together(self, *, patient: bool = False) -> Iterator[None]:
        """What changes in the block is committed in one transaction at its end. Where it is `patient`, and nothing but
        epochs has changed, it waits a little for more. Within another block, that one's end is meant.
        """
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if not self._depth:
                actions, self._afterwards = self._afterwards, []  # and none of them, if the commit fails
                self.commit(patient=patient)
                for action in actions:
                    action()

    def then(self, action: Callable[[], None]) -> None:
        """Does it when the outermost block has ended and is committed; at once where there is none."""
        if self._depth:
            self._afterwards.append(action)
        else:
            action()

    def hasten(self) -> None:
        """What changed in this block must not wait beyond its end."""
        self._urgent = True

    def commit(self, *, patient: bool = False) -> None:
        """Everything is on the disk when this returns; what is `patient` and not urgent may be left for the next time.

        What could not be written stays to be written.
        """
        if not self._change or (patient and not self._urgent and self._clock() - self._committed < PATIENCE):
            return
        if self._guard is None:
            raise StorageInternalError("the study was opened to be read")
        crashing.here("before-commit")
        with self._guard.transaction(self._written_id) as connection:
            trials = {trial_id: self._get_trial(trial_id) for trial_id in self._change.trials}
            write(connection, self.row, self._change, trials)
            crashing.here("uncommitted")
        crashing.here("committed")
        self._change, self._urgent = StudyChange(), False
        self._committed, self._written_id = self._clock(), self._max_trial_id

    def close(self) -> None:
        """What waits is on the disk, and others may write."""
        self.commit()
        if self._guard is not None:
            with suppress(StudyError):  # a full disk: the mark of a process that ended bars nobody
                self._guard.release()

    def _changed(self, *, urgent: bool = False) -> None:
        self._urgent = self._urgent or urgent
        if not self._depth:
            self.commit()

    def _set_trial(self, trial_id: int, trial: FrozenTrial) -> None:
        super()._set_trial(trial_id, trial)
        self._note(trial)

    def _note(self, trial: FrozenTrial) -> None:
        """It is another than before."""
        self.changed.add(trial.number)
        if trial.state.is_finished():
            self._open.discard(trial.number)
        else:
            self._open.add(trial.number)

    # --- what a study asks --------------------------------------------------------------------------------------------

    def rows(self) -> list[FrozenTrial]:
        """All trials by number. Not to be changed."""
        return self.get_all_trials(self.row, deepcopy=False)

    def waiting(self) -> list[FrozenTrial]:
        return self.get_all_trials(self.row, deepcopy=False, states=(Row.WAITING,))

    def running(self) -> list[FrozenTrial]:
        return self.get_all_trials(self.row, deepcopy=False, states=(Row.RUNNING,))

    def run(self, trial_id: int) -> None:
        """The trial is RUNNING now."""
        self.set_trial_state_values(trial_id, Row.RUNNING)

    def wait(self, trial_id: int) -> None:
        """The trial is WAITING now."""
        self.set_trial_state_values(trial_id, Row.WAITING)

    # --- what Optuna calls --------------------------------------------------------------------------------------------

    def set_study_user_attr(self, study_id: int, key: str, value: Any) -> None:
        self._change.user_attrs[key] = value = _plain(value)
        super().set_study_user_attr(study_id, key, value)
        self._changed(urgent=True)

    def set_study_system_attr(self, study_id: int, key: str, value: Any) -> None:
        self._change.system_attrs[key] = value = _plain(value)
        super().set_study_system_attr(study_id, key, value)
        self._changed(urgent=True)

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        trial_id = super().create_new_trial(study_id, template_trial)
        trial = self._get_trial(trial_id)
        trial.user_attrs, trial.system_attrs = _plain(trial.user_attrs), _plain(trial.system_attrs)
        self._change.trials[trial_id] = TrialChange(new=True)
        self._note(trial)
        self._changed(urgent=True)
        return trial_id

    def set_trial_param(
        self, trial_id: int, param_name: str, param_value_internal: float, distribution: BaseDistribution
    ) -> None:
        super().set_trial_param(trial_id, param_name, param_value_internal, distribution)
        self._change.of(trial_id).params.add(param_name)
        self._changed()

    def set_trial_state_values(self, trial_id: int, state: Row, values: Sequence[float] | None = None) -> bool:
        if not super().set_trial_state_values(trial_id, state, values):
            return False
        self._change.of(trial_id).state = True
        self._changed(urgent=True)
        return True

    def set_trial_intermediate_value(self, trial_id: int, step: int, intermediate_value: float) -> None:
        super().set_trial_intermediate_value(trial_id, step, intermediate_value)
        self._change.of(trial_id).steps.add(step)
        self._changed()

    def set_trial_user_attr(self, trial_id: int, key: str, value: Any) -> None:
        super().set_trial_user_attr(trial_id, key, _plain(value))
        self._change.of(trial_id).user_attrs.add(key)
        self._changed()

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        super().set_trial_system_attr(trial_id, key, _plain(value))
        self._change.of(trial_id).system_attrs.add(key)
        self._changed()

    def get_all_trials(
        self, study_id: int, deepcopy: bool = True, states: Container[Row] | None = None
    ) -> list[FrozenTrial]:
        # Where Optuna's storage is asked for what waits alone, it takes none before the first that did to wait again.
        wanted = None if states is None else frozenset(state for state in Row if state in states)
        if wanted is None or not wanted <= OPEN:
            return super().get_all_trials(study_id, deepcopy, wanted)
        trials = self._studies[study_id].trials
        found = [trials[number] for number in sorted(self._open) if trials[number].state in wanted]
        return copy.deepcopy(found) if deepcopy else found


def _plain(value: Any) -> Any:
    """As it is read back from JSON: tuples are lists then, and what is no JSON is refused before it is kept."""
    return json.loads(json.dumps(value))
