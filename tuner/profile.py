"""Where the time of a study's sessions went: what its trials did on their slots, and its sessions beside them."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from reports.profile import TimeProfile, TimeSpent
from tuner.sessions import Session, Task, sessions_of
from tuner.timing import Phase
from tuner.trial import LOADING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tuner.study import StudyView
    from tuner.trial import Stay, Trial

STARTING, WAITING, CONFIRMING, RETRAINING, REPORTING = (
    "starting", "waiting", "confirming", "retraining", "reporting",
)  # fmt: skip

HOLDING_UP = (Task.PROPOSING, Task.RECORDING)
"""What a slot without a trial waits for; to judge one holds up nobody."""

TITLES: Mapping[str, str] = {
    STARTING: "Starting the command",
    LOADING: "Loading TensorFlow",
    Task.PROPOSING: "Proposing configurations",
    Task.RECORDING: "Recording in the study",
    WAITING: "Waiting for work",
    Phase.BUILDING: "Building the networks",
    Phase.TRACING: "Tracing graphs",
    Phase.TRAINING: "Training",
    Phase.VALIDATING: "Validating",
    Phase.STORING: "Writing checkpoints",
    CONFIRMING: "Training the best trials again",
    RETRAINING: "Retraining and testing the winner",
    REPORTING: "Writing the report",
    Phase.OTHER: "Other",
}
"""What time is spent on, in the order of a run."""


def profile_of(study: StudyView) -> TimeProfile | None:
    """None where an earlier version has run all of its sessions."""
    sessions = sessions_of(study)
    counted = int(study.fact("run", {}).get("sessions", len(sessions)))
    return profile(sessions, study.trials(), max(counted - len(sessions), 0)) if sessions else None


def profile(sessions: Sequence[Session], trials: Sequence[Trial], not_recorded: int = 0) -> TimeProfile:
    """Of these sessions, which ran the trials. A slot that has nothing to train waits: for the search to propose or to
    record what it must wait for, for its worker to load TensorFlow, or for work.
    """
    searches = _searches(sessions, trials)
    stays = [stay for trial in trials for stay in trial.stays if stay.began >= sessions[0].began]
    walls, trained = _walls(sessions, searches), sum(map(_trained, stays))
    idle = _idle(max(_of_slots(sessions, searches) - trained, 0.0), stays, sessions)
    spent = _sum([_beside(sessions), _on_slots(stays), idle])
    spent[Phase.OTHER] += max(_of_slots(sessions, walls) - sum(spent.values()), 0.0)
    return TimeProfile(
        spent=tuple(TimeSpent(name=str(name), title=TITLES[name], seconds=spent[name]) for name in TITLES),
        seconds=sum(walls),
        sessions=len(sessions),
        not_recorded=not_recorded,
        first_steps=tuple(session.first_step for session in sessions if session.first_step is not None),
        trained=trained,
        between=_between(stays, sessions),
        parent=_sum([{task.value: 0.0 for task in Task}, *(session.own for session in sessions)]),
        complete=all(session.searching is not None for session in sessions),
    )


Seconds = dict[str, float]
"""By what they were spent on."""


def _sum(parts: Sequence[Mapping[str, float]]) -> Seconds:
    whole: defaultdict[str, float] = defaultdict(float)
    for part in parts:
        for name, seconds in part.items():
            whole[str(name)] += seconds
    return whole


def _of_slots(sessions: Sequence[Session], seconds: Sequence[float]) -> float:
    """So many of each session, once for each of its slots."""
    return sum(session.slots * each for session, each in zip(sessions, seconds, strict=True))


def _searches(sessions: Sequence[Session], trials: Sequence[Trial]) -> list[float]:
    """Seconds that each session searched: of one that was killed, until something was last seen of its trials."""
    last = max((trial.last_seen for trial in trials), default=0.0)
    ends = [*(session.began for session in sessions[1:]), last]
    return [
        max(end - session.began, 0.0) if session.searching is None else session.searching
        for session, end in zip(sessions, ends, strict=True)
    ]


def _walls(sessions: Sequence[Session], searches: Sequence[float]) -> list[float]:
    """Seconds of each session from its command on."""
    return [
        max(session.seconds, session.starting + searching + session.finishing)
        for session, searching in zip(sessions, searches, strict=True)
    ]


def _beside(sessions: Sequence[Session]) -> Seconds:
    """Slot seconds outside of the searches, in all of which no trial is at work."""
    return {
        STARTING: sum(session.slots * session.starting for session in sessions),
        CONFIRMING: sum(session.slots * session.confirming for session in sessions),
        RETRAINING: sum(session.slots * session.retraining for session in sessions),
        REPORTING: sum(session.slots * session.reporting for session in sessions),
    }


def _trained(stay: Stay) -> float:
    """Seconds that its trial was at work there."""
    return stay.ended - stay.began - stay.waited


def _on_slots(stays: Sequence[Stay]) -> Seconds:
    """Seconds of trials at work. What no phase accounts for is other: of one that was cut off in its first epoch."""
    return _sum([_phases(stay) for stay in stays])


def _phases(stay: Stay) -> Seconds:
    known = {phase.value: stay.phases.get(phase, 0.0) for phase in Phase}
    trained, told = _trained(stay), sum(known.values())
    fits = min(trained / told, 1.0) if told else 0.0  # the clocks are those of two processes
    return _sum([{name: seconds * fits for name, seconds in known.items()}, {Phase.OTHER: trained - told * fits}])


def _idle(seconds: float, stays: Sequence[Stay], sessions: Sequence[Session]) -> Seconds:
    """The slot seconds of searches in which no trial was at work, by what was waited for."""
    loading = min(sum(min(stay.phases.get(LOADING, 0.0), stay.waited) for stay in stays), seconds)
    asked = {task.value: sum(each.held_up.get(task, 0.0) for each in sessions) for task in HOLDING_UP}
    left = seconds - loading
    fits = min(left / sum(asked.values()), 1.0) if any(asked.values()) else 0.0  # some while the worker loads
    held_up = {name: each * fits for name, each in asked.items()}
    return {**held_up, LOADING: loading, WAITING: max(left - sum(held_up.values()), 0.0)}


def _between(stays: Sequence[Stay], sessions: Sequence[Session]) -> float:
    """Seconds from the end of a trial until the next was begun on its slot, in the same session."""
    there: defaultdict[tuple[str, int], list[Stay]] = defaultdict(list)
    for stay in sorted(stays, key=lambda stay: stay.began):
        there[stay.slot, sum(session.began <= stay.began for session in sessions)].append(stay)
    return sum(
        max(following.began + following.waited - stay.ended, 0.0)
        for row in there.values()
        for stay, following in pairwise(row)
    )
