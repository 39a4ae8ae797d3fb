"""What is trained next: the first of the queue, or else a proposal; what cannot be trained is turned down."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from search_spaces import Configuration, SearchSpace, Unbuildable, over_limit, summarize
from tuner import crashing
from tuner.distributions import chooser, new_row
from tuner.engines import Exhausted, Idle, Proposal
from tuner.events import Event, TurnedDown
from tuner.study import attributes, inbox
from tuner.trial import BLAMED, Identity, Reason, Stage, Trial, TrialState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import optuna

    from tuner.engines import Engine
    from tuner.study import Study

OPEN = frozenset({TrialState.WAITING, TrialState.RUNNING})

MAX_TURNED_DOWN = 300
"""Proposals in a row without one that can be trained, after which the space is taken to be exhausted."""

NOTHING_LEFT = "the space holds no configuration that was not tried"


@dataclass(frozen=True, kw_only=True)
class Trainable:
    """A trial that is RUNNING in the study and not begun yet."""

    trial: optuna.Trial
    configuration: Configuration
    stage: Stage
    measures: Mapping[str, float]
    """Of the model that is to be trained: parameters, multiply_adds."""

    @property
    def identity(self) -> Identity:
        return self.configuration.hash, self.stage.apart


@dataclass(kw_only=True)
class Proposals:
    """Trials to train, one after another, each identity once."""

    study: Study
    space: SearchSpace
    engine: Engine
    image_shape: tuple[int, int, int]
    n_classes: int
    observe: Callable[[Event], None]
    stopping: Callable[[], bool]

    def __post_init__(self) -> None:
        begun = [each for each in self.study.trials() if each.configuration]
        self._known = {each.identity: each for each in begun if _tells(each) or each.state in OPEN}
        self._seen = {configuration for configuration, _ in self._known}
        self._size = self.space.size()

    @property
    def any_scored(self) -> bool:
        return any(trial.scored for trial in self._known.values())

    def ended(self, trial: Trial) -> None:
        """From now on its like are repeats of it, unless it failed for no fault of its configuration."""
        if _tells(trial):
            self._known[trial.identity] = trial
        else:
            self._known.pop(trial.identity, None)

    def take_in(self) -> None:
        """Puts what users have enqueued meanwhile into the queue."""
        for event in inbox.take_in(self.study, self.space):
            self.observe(event)

    def next(self, *, anything_runs: bool) -> Trainable | Idle | Exhausted:
        # Who goes through a finite space in its order may meet all that is over a limit first.
        more = self._size.configurations or 0 if self.engine.knows_its_end else 0
        for _ in range(MAX_TURNED_DOWN + more):
            if self.stopping():
                return Idle()
            self.take_in()
            proposal = self._waiting() or self._proposed(anything_runs=anything_runs)
            if not isinstance(proposal, Proposal):
                return proposal
            assert proposal.trial is not None
            crashing.here("proposal-recorded")
            measures = self._weigh(proposal.trial, proposal.configuration, proposal.stage)
            if measures is not None:
                return Trainable(
                    trial=proposal.trial,
                    configuration=proposal.configuration,
                    stage=proposal.stage,
                    measures=measures,
                )
        return Exhausted(NOTHING_LEFT)

    def _waiting(self) -> Proposal | None:
        """The first of the queue."""
        trial = self.study.next_waiting()
        if trial is None:
            return None
        crashing.here("waiting-taken")
        stage = self.study.trials()[trial.number].stage
        return Proposal(configuration=self.space.configure(chooser(trial)), trial=trial, stage=stage)

    def _proposed(self, *, anything_runs: bool) -> Proposal | Idle | Exhausted:
        """What the engine proposes, recorded in the study."""
        size = self._size.configurations
        if not self.engine.knows_its_end and size is not None and len(self._seen) >= size:
            return Exhausted(NOTHING_LEFT)
        crashing.here("before-proposal")
        answer = self.engine.propose(self.study)
        if isinstance(answer, Idle) and not anything_runs:
            return Exhausted(NOTHING_LEFT)
        if not isinstance(answer, Proposal) or answer.trial is not None:
            return answer
        row = new_row(self.space, answer.configuration, attributes(answer.stage, answer.notes))
        return replace(answer, trial=self.study.add(row))

    def _weigh(self, trial: optuna.Trial, configuration: Configuration, stage: Stage) -> Mapping[str, float] | None:
        """Measures of the model that was proposed; None where it was turned down, which costs no training."""
        if forbidden := self.space.forbidden(configuration):
            if not self._size.without_forbidden:
                self._seen.add(configuration.hash)
            self._turn_down(trial, Reason.FORBIDDEN, forbidden)
            return None
        self._seen.add(configuration.hash)
        identity = (configuration.hash, stage.apart)
        earlier = self._known.get(identity)
        if earlier is not None and earlier.number != trial.number:
            self.study.repeat(trial, earlier)
            crashing.here("turned-down")
            self.observe(TurnedDown(number=trial.number, reason=Reason.REPEAT))
            return None
        try:
            summary = summarize(configuration, self.image_shape, self.n_classes)
        except Unbuildable as error:
            self._turn_down(trial, Reason.UNBUILDABLE, str(error))
            return None
        if excess := over_limit(self.space, summary):
            self._turn_down(trial, Reason.OVER_LIMIT, excess)
            return None
        # Until it ends, its twins in other slots are repeats too.
        self._known[identity] = self.study.trials()[trial.number]
        return {"parameters": summary.parameters, "multiply_adds": summary.multiply_adds}

    def _turn_down(self, trial: optuna.Trial, reason: Reason, detail: str) -> None:
        self.study.finish(trial, TrialState.TURNED_DOWN, reason=reason, detail=detail)
        self.observe(TurnedDown(number=trial.number, reason=reason))


def _tells(trial: Trial) -> bool:
    """Whether training its like again would tell nothing new."""
    return trial.state not in OPEN and (trial.scored or trial.reason in BLAMED)
