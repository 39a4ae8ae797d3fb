"""What a seal vouches for in the rows of a damaged study, wherever else the rows disagree or are gone."""

from __future__ import annotations

import json
import re
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from optuna.trial import TrialState

from tuner.study.reading import parts_of, trial_of_rows
from tuner.study.seal import sums_of_attributes
from tuner.study.trouble import DAMAGE

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from optuna.trial import FrozenTrial

    from tuner.study.reading import Parts, StudyRows

ENDED = (TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL)

SUM = re.compile("[0-9a-f]{16}")


@dataclass(frozen=True, kw_only=True)
class Row:
    """A row of the table of trials, as it is or as it may have been."""

    trial_id: int
    number: int
    state: TrialState = TrialState.COMPLETE
    datetime_start: datetime | None = None
    datetime_complete: datetime | None = None


def sound_trials(rows: StudyRows) -> dict[int, FrozenTrial]:
    """By number, those that have ended and of which a seal shows that they are what was written. Where a trial's own
    row is not, or is gone, what it can have held is tried: the seal decides.
    """
    parts, by_id, first, known = (
        parts_of(rows),
        {row.trial_id: row for row in rows.trials},
        first_id(rows),
        _dates(rows),
    )
    sound: dict[int, FrozenTrial] = {}
    for trial_id in sorted(rows.sealed):
        guess = Row(trial_id=trial_id, number=trial_id - first, datetime_start=known, datetime_complete=known)
        for row in _readings(by_id.get(trial_id), guess):
            trial = _sound(row, parts)
            if trial is not None:
                sound[row.number] = trial
                break
    return sound


def first_id(rows: StudyRows) -> int:
    """The id of trial 0, as most rows show it. Trials of one study have theirs in the order of their numbers."""
    shown = Counter(row.trial_id - row.number for row in rows.trials).most_common(1)
    return int(shown[0][0]) if shown else 1


def _dates(rows: StudyRows) -> datetime | None:
    """A date for trials whose own is lost, because Optuna copies none without: when the last one ended."""
    return max((row.datetime_complete for row in rows.trials if row.datetime_complete is not None), default=None)


def _readings(found: Any, guess: Row) -> Iterator[Row]:
    """What stands there first."""
    if found is not None and found.datetime_complete is not None:
        guess = replace(guess, datetime_start=found.datetime_start, datetime_complete=found.datetime_complete)
    if found is not None and found.state.is_finished():
        yield replace(guess, number=found.number, state=found.state)
    for state in ENDED:
        yield replace(guess, state=state)


def _sound(row: Row, parts: Parts) -> FrozenTrial | None:
    with suppress(*DAMAGE):
        return trial_of_rows(row, parts)
    return None


def sound_attributes(rows: StudyRows) -> dict[str, Any]:
    """Those of the study's attributes of which a sum shows that they are what was written. The name is in the sum, so
    that it does not matter under which it stands.
    """
    vouched = {sum_ for sum_ in rows.sums.values() if isinstance(sum_, str)}
    return {name: json.loads(text) for name, (text, sum_) in _summed(rows).items() if sum_ in vouched}


def unsummed_attributes(rows: StudyRows) -> dict[str, Any]:
    """Those whose sum is gone, or is none any more, so that nothing shows whether they are what was written."""
    found: dict[str, Any] = {}
    for name, (text, _) in _summed(rows).items():
        if not SUM.fullmatch(str(rows.sums.get(name, ""))):
            with suppress(*DAMAGE):
                found[name] = json.loads(text)
    return found


def named_attributes(rows: StudyRows) -> set[str]:
    """Names of the study's attributes, also of those whose rows are lost."""
    found = _summed(rows)
    used = {sum_ for _, sum_ in found.values()}
    return {*found, *(name for name, sum_ in rows.sums.items() if sum_ not in used)}


def _summed(rows: StudyRows) -> dict[str, tuple[str, str]]:
    """Text of each attribute and its sum, by name."""
    texts = {each.key: each.value_json for each in rows.user}
    return {name: (texts[name], sum_) for name, sum_ in sums_of_attributes(texts).items()}
