"""A search by our Optuna engine in which looking up a curve takes the place of training. One worker."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import optuna
from optuna.trial import FrozenTrial
from optuna.trial import TrialState as Row

from benchmarks.defaults.candidates import register
from tuner.distributions import distribution, new_row
from tuner.engines import Proposal, Setting
from tuner.engines.optuna.engine import OptunaEngine
from tuner.plan import Plan
from tuner.trial import Epoch, Reason, Trial, TrialState

if TYPE_CHECKING:
    from benchmarks.defaults.candidates import Candidate
    from benchmarks.defaults.problem import Curve, Problem

DRAWN: dict[tuple[str, int, int], FrozenTrial] = {}
"""What the engine has proposed at random, by space, seed and number of trials before: nothing else plays a part."""

MOST_TRIALS = 600
"""Of one search: whoever ends everything after an epoch would go on for ever."""


@dataclass(kw_only=True)
class Training:
    """A trial of the replay."""

    trial: optuna.Trial
    curve: Curve
    state: TrialState = TrialState.RUNNING
    epochs: int = 0
    """Trained so far."""

    def __post_init__(self) -> None:
        self.number = self.trial.number
        self._shown: Trial | None = None

    def as_trial(self) -> Trial:
        """As samplers look at it: its number, its state, why it failed, and whether any of it was trained."""
        if self._shown is None or self._shown.state is not self.state:
            reason = Reason.NAN if self.state is TrialState.FAILED else ""
            curve = (_epoch(self, 1),) if self.epochs else ()
            self._shown = Trial(number=self.number, state=self.state, reason=reason, curve=curve)
        return self._shown

    @property
    def scores(self) -> list[float]:
        return list(self.curve.scores[: self.epochs])

    @property
    def score(self) -> float:
        """The best so far; 0 before the first epoch."""
        return max(self.scores, default=0.0)


@dataclass(kw_only=True)
class Trace:
    """What came of a search, in trainings' worth of time."""

    incumbents: list[list[float]] = field(default_factory=list)
    """[time, score, key] at each change of the trial that would be retrained."""
    ended: list[list[float]] = field(default_factory=list)
    """[time, epochs, score, whether complete] of each trial, in the order in which they ended."""


class Memory:
    """A study as the engine sees it, without a folder or a database."""

    def __init__(self) -> None:
        self.optuna = optuna.create_study(direction="maximize", storage=optuna.storages.InMemoryStorage())
        self.trainings: list[Training] = []

    def trials(self) -> list[Trial]:
        return [each.as_trial() for each in self.trainings]

    def row(self, training: Training) -> Any:
        return self.optuna._storage._get_trial(training.trial._trial_id)  # noqa: SLF001

    def add(self, row: FrozenTrial) -> optuna.Trial:
        """The row as a trial that runs, as presets are."""
        self.optuna.sampler = optuna.samplers.RandomSampler(seed=0)
        storage, study_id = self.optuna._storage, self.optuna._study_id  # noqa: SLF001
        return optuna.Trial(self.optuna, storage.create_new_trial(study_id, row))

    def tell(self, training: Training, state: TrialState) -> None:
        training.state = state
        if state is TrialState.FAILED:
            training.trial.set_constraint(Reason.NAN, 1.0)
        if state is TrialState.COMPLETE:
            self.optuna.tell(training.trial, training.score)
        else:
            self.optuna.tell(training.trial, state=Row.PRUNED)

    def take_up(self, training: Training) -> None:
        """What was told to be pruned goes on. Optuna has no such thing."""
        training.state = TrialState.RUNNING
        row = self.row(training)
        row.state, row.datetime_complete, row.values = Row.RUNNING, None, None


class Replay:
    """One search. `run` returns what came of it."""

    def __init__(self, problem: Problem, candidate: Candidate, seed: int, budget: float) -> None:
        register(candidate)
        self.problem = problem
        self.candidate = candidate
        self.memory = Memory()
        self.trace = Trace()
        self.clock = 0.0
        self.budget = budget * problem.cost
        plan = Plan(
            dataset="none", data_fingerprint="", space="", space_fingerprint="", seed=seed,
            algorithm=candidate.name, pruner=candidate.name, epochs=problem.epochs,
        )  # fmt: skip
        self.engine = OptunaEngine(Setting(space=problem.space, plan=plan, n_trials=0, labels=None))  # type: ignore[arg-type]
        self._seed = seed
        self._distributions = {each.name: distribution(each.domain) for each in problem.space.parameters()}
        self._best = (False, 0.0)
        self._queue = [*problem.presets] if candidate.presets_first else []
        problem.begin(seed)

    def run(self) -> Trace:
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        steps = self.candidate.steps(self)
        while self.clock < self.budget and len(self.memory.trainings) < MOST_TRIALS:
            number, last = next(steps)
            training = self._begin() if number is None else self.memory.trainings[number]
            if training is None:
                break
            if training.state is not TrialState.RUNNING:
                self.memory.take_up(training)
            self._train(training, min(last, self.problem.epochs))
        return self.trace

    def _begin(self) -> Training | None:
        at_random = not self._queue and self.candidate.sampler == "random"
        trial = self._next()
        curve = self.problem.curve(trial.params, at_random=at_random)
        if curve is None:
            return None
        training = Training(trial=trial, curve=curve)
        self.memory.trainings.append(training)
        self._tell_what_is_trained(training)
        self.clock += curve.start
        return training

    def _next(self) -> optuna.Trial:
        if self._queue:
            configuration = self.problem.space.check_values(self._queue.pop(0))
            return self.memory.add(new_row(self.problem.space, configuration, {}))
        key = (self.problem.space.fingerprint, self._seed, len(self.memory.trainings))
        if self.candidate.sampler == "random" and key in DRAWN:
            return self.memory.add(DRAWN[key])
        proposal = self.engine.propose(self.memory)
        assert isinstance(proposal, Proposal)
        assert proposal.trial is not None
        if self.candidate.sampler == "random":
            DRAWN[key] = new_row(self.problem.space, proposal.configuration, {})
        return proposal.trial

    def _tell_what_is_trained(self, training: Training) -> None:
        """A table has other values than those proposed: the sampler learns of what was trained."""
        row, values = self.memory.row(training), dict(training.curve.values)
        if row.params != values:
            row.distributions = {name: self._distributions[name] for name in values}
            row.params = values

    def _train(self, training: Training, last: int) -> None:
        """On to its epoch `last`, unless the pruner ends it before, or time does."""
        curve = tuple(_epoch(training, number) for number in range(1, training.epochs + 1))
        while training.epochs < last:
            if training.epochs == len(training.curve.scores):
                self._end(training, TrialState.FAILED)
                return
            self.clock += training.curve.seconds[training.epochs]
            if self.clock > self.budget:
                return
            training.epochs += 1
            curve = (*curve, _epoch(training, training.epochs))
            self.memory.row(training).intermediate_values[training.epochs] = training.scores[-1]
            self._look(training)
            if training.epochs < self.problem.epochs and self.engine.judge(training.trial, curve):
                self._end(training, TrialState.PRUNED)
                return
        self._end(training, TrialState.COMPLETE if last == self.problem.epochs else TrialState.PRUNED)

    def _end(self, training: Training, state: TrialState) -> None:
        self.memory.tell(training, state)
        self._look(training)
        now = round(self.clock / self.problem.cost, 4)
        self.trace.ended.append([now, training.epochs, training.score, state is TrialState.COMPLETE])

    def _look(self, training: Training) -> None:
        """Notes who would win if the search ended now: the best of the complete trials, of all where there is none."""
        standing = (training.state is TrialState.COMPLETE, training.score)
        if training.state is TrialState.FAILED or standing <= self._best:
            return
        self._best = standing
        now = round(self.clock / self.problem.cost, 4)
        self.trace.incumbents.append([now, training.score, float(training.curve.key)])


def _epoch(training: Training, number: int) -> Epoch:
    return Epoch(epoch=number, accuracy=0.0, loss=0.0, val_accuracy=training.curve.scores[number - 1])
