"""Trials of a study in another space: which of them the new space can make too, and why not the others."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from search_spaces import Configuration, Obstacle, SearchSpace, over_limit, shown, summarize
from tuner.distributions import finished_row, new_row
from tuner.events import CarriedOver
from tuner.study import Study, attributes, records
from tuner.study.remnants import LOST
from tuner.trial import FINISHED, TrialState

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from optuna.trial import FrozenTrial

    from search_spaces import Value
    from tuner.trial import Stage, Trial

ORIGIN = "origin"
"""Under which a study keeps what it took over, and from where."""

INDEX = re.compile(r"\[[0-9]+\]")

OPEN = frozenset({TrialState.WAITING, TrialState.RUNNING})

MOST_VALUES = 3
"""Values of a parameter that a reason names one by one."""
MOST_REASONS = 5


@dataclass(frozen=True, kw_only=True)
class Carried:
    """Rows of a study that another one may begin with."""

    rows: tuple[FrozenTrial, ...]
    """Finished ones first, then guesses of users that still wait."""
    configurations: frozenset[str]
    """Hashes of all of them."""
    origin: CarriedOver


def carry(study: Study, space: SearchSpace) -> Carried:
    """What `study` holds that `space` can make, as rows of a new study in that space. Reads only."""
    old = SearchSpace.parse(study.space_text, f"{study.plan.space}.yaml")
    trials = study.trials()
    finished = [trial for trial in trials if trial.state in FINISHED and trial.detail != LOST]
    judged = {trial.number: _adopted(study, space, old, trial.values) for trial in finished}
    made = {number: each for number, each in judged.items() if isinstance(each, Configuration)}
    obstacles = [each for each in judged.values() if isinstance(each, Obstacle)]
    begun = [trial for trial in trials if trial.state in OPEN and trial.configuration]
    guesses = [_adopted(study, space, old, trial.values) for trial in trials if _is_open_guess(trial)]
    waiting = [each for each in guesses if isinstance(each, Configuration)]
    return Carried(
        rows=(
            *_finished(study, space, trials, made),
            *(new_row(space, each, attributes(enqueued=True), waiting=True) for each in waiting),
        ),
        configurations=frozenset(each.hash for each in (*made.values(), *waiting)),
        origin=CarriedOver(
            study=study.folder.name,
            carried=len(made),
            finished=len(finished),
            reasons=tuple(_reasons(obstacles)),
            cut_off=len(begun),
        ),
    )


def _is_open_guess(trial: Trial) -> bool:
    return trial.state is TrialState.WAITING and trial.enqueued and not trial.configuration


def _adopted(
    study: Study, space: SearchSpace, old: SearchSpace, values: Mapping[str, Value]
) -> Configuration | Obstacle:
    """In the new space, where it is within the limits."""
    made = space.adopt(old, values)
    if isinstance(made, Obstacle) or space.limits == old.limits:
        return made
    data = study.fact("data")
    height, width, channels = data["image_shape"]
    excess = over_limit(space, summarize(made, (height, width, channels), len(data["class_names"])))
    return Obstacle(verb="break", setting="a limit", why=f"for one {excess}") if excess else made


def _finished(
    study: Study, space: SearchSpace, trials: Sequence[Trial], made: Mapping[int, Configuration]
) -> Iterator[FrozenTrial]:
    numbers = {old: new for new, old in enumerate(made)}
    rows = study.optuna.get_trials(deepcopy=False)
    for number, configuration in made.items():
        kept = records.carried(
            rows[number],
            study=study.folder.name,
            configuration=configuration.hash,
            stage=_renumbered(trials[number].stage, numbers),
        )
        yield finished_row(space, configuration, rows[number], kept)


def _renumbered(stage: Stage, numbers: Mapping[int, int]) -> Stage:
    """The trial that it went on with has another number now, or is not there."""
    return stage if stage.after is None else replace(stage, after=numbers.get(stage.after))


# --- reasons ----------------------------------------------------------------------------------------------------------


def _reasons(obstacles: Sequence[Obstacle]) -> Iterator[str]:
    """One for each kind of obstacle, the commonest first."""
    kinds: defaultdict[tuple[str, str, str], list[Obstacle]] = defaultdict(list)
    for each in obstacles:
        alike = "" if each.setting == "a limit" else each.why
        kinds[each.verb, INDEX.sub("", each.setting), alike].append(each)
    ordered = sorted(kinds.values(), key=len, reverse=True)
    yield from (_reason(group) for group in ordered[:MOST_REASONS])
    if rest := sum(map(len, ordered[MOST_REASONS:])):
        yield f"{rest} have other reasons"


def _reason(group: Sequence[Obstacle]) -> str:
    first, n = group[0], len(group)
    names = list(dict.fromkeys(each.setting for each in group))
    name = names[0] if len(names) == 1 else INDEX.sub("", names[0])
    verb = {"have": "has", "lack": "lacks", "break": "breaks"}[first.verb] if n == 1 else first.verb
    values = _values([each.value for each in group if each.value is not None])
    return f"{n} {verb} {name}{f' = {values}' if values else ''}{f', {first.why}' if first.why else ''}"


def _values(values: Sequence[Value]) -> str:
    """`3`, `3 or 4`, `0.02 to 0.08`."""
    different = sorted(set(values), key=lambda value: (isinstance(value, str), value))
    if len(different) <= MOST_VALUES or any(isinstance(value, str) for value in different):
        return " or ".join(shown(value) for value in different)
    return f"{shown(different[0])} to {shown(different[-1])}"
