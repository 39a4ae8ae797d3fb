"""How a trial ends: recorded for good, begun again, or put aside until the next run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tuner import crashing
from tuner.braking import WORKER, Brake
from tuner.events import Event, TrialEnded, WorkerLost
from tuner.trial import BLAMED, FINISHED, Reason, TrialState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tuner.engines import Engine
    from tuner.keeping import Keeper
    from tuner.messages import Done
    from tuner.proposing import Proposals
    from tuner.running import Running
    from tuner.study import Study
    from tuner.trial import Trial


@dataclass(kw_only=True)
class Endings:
    study: Study
    engine: Engine
    keeper: Keeper
    proposals: Proposals
    retries: int
    observe: Callable[[Event], None]
    clock: Callable[[], float]
    seconds: Callable[[], float]
    """Search time so far, earlier sessions included."""
    again: list[Running]
    """Where those are put that shall be begun again."""
    stopping: bool = False
    """Whether the search gives up what runs: then nothing is begun again."""

    def __post_init__(self) -> None:
        ended = [trial.state for trial in self.study.trials() if trial.state in FINISHED]
        self.n_finished = len(ended)
        self._at_start = set(ended) <= {TrialState.FAILED}
        self.brake = Brake(self.study.folder.logs)

    def after(self, running: Running) -> Trial | None:
        """The trial that it goes on with."""
        return None if running.stage.after is None else self.study.trials()[running.stage.after]

    def pause(self, running: Running) -> None:
        """It waits for the next run."""
        self.study.pause(running.number, self.seconds(), running.phases)

    def prune(self, running: Running, seconds: float) -> None:
        self._finish(running, TrialState.PRUNED, running.pruned, "", seconds)

    def complete(self, running: Running, message: Done, seconds: float) -> None:
        measured = {} if message.latency is None else {"latency": message.latency}
        lacking = set(self.study.plan.objectives[1:]) - {*running.what.measures, *measured}
        if not running.progress:
            self.give_up(running, Reason.CRASH, "it ended without a score", seconds)
        elif lacking:  # without a value in each objective it has no place among the others
            self.give_up(running, Reason.CRASH, f"its {', '.join(sorted(lacking))} was not measured", seconds)
        else:
            self._finish(running, TrialState.COMPLETE, "", "", seconds, measured)

    def fail(
        self, running: Running, reason: str, detail: str, seconds: float, *, fault_elsewhere: bool = False
    ) -> None:
        """Begins it again where its configuration is not to blame, as far as one knows; else gives it up."""
        short_of_memory = reason == Reason.OUT_OF_MEMORY and not running.alone
        crashed = reason == Reason.CRASH and (self.stopping or running.may_begin_again(self.retries))
        if running.pruned:
            self.prune(running, seconds)
        elif reason == Reason.CRASH and fault_elsewhere and not self.stopping:
            self._begin_again(running, detail)
        elif reason == Reason.CRASH and running.begun is None and not self.stopping:
            # Its worker did not come as far as to it: that says nothing of the trial, and is no retry.
            self._begin_again(running, detail)
            self.brake.failure(WORKER, detail)
        elif not (short_of_memory or crashed):
            self.give_up(running, reason, detail, seconds)
        elif self.stopping:
            self.pause(running)
        else:
            running.alone = running.alone or short_of_memory
            self._begin_again(running, f"{detail}; alone on its device now" if short_of_memory else detail)

    def give_up(self, running: Running, reason: str, detail: str, seconds: float) -> None:
        """It has failed for good. Raises TuneError where too many have."""
        running.curve = running.curve or self.study.trials()[running.number].curve
        self._finish(running, TrialState.FAILED, reason, detail, seconds)
        # A grid goes through its values in order, so what fails for its configuration comes in a row.
        expected = self.engine.knows_its_end and reason in BLAMED
        if not expected and not self.stopping:
            self.brake.failure(reason, detail, at_start=self._at_start)

    def _begin_again(self, running: Running, detail: str) -> None:
        self.study.leave(running.number, self.seconds(), running.phases)
        running.begin_again(self.clock())
        self.again.append(running)
        self.observe(WorkerLost(number=running.number, detail=detail, retry=running.retries))

    def _finish(
        self,
        running: Running,
        state: TrialState,
        reason: str,
        detail: str,
        seconds: float,
        measures: Mapping[str, float] | None = None,
    ) -> None:
        crashing.here("before-finish")
        now = self.seconds()
        with self.study.together():
            self.study.leave(running.number, now, running.phases)
            self.study.finish(
                running.trial,
                state,
                reason=reason,
                detail=detail,
                seconds=round(seconds, 3),
                finished_after=now,
                measures=measures,
                cost=running.cost,
            )
        self.n_finished += 1
        trial = self.study.trials()[running.number]
        self.study.then(partial(self._drop_checkpoints, trial))
        self.proposals.ended(trial)
        if state is not TrialState.FAILED:
            self._at_start = False
            self.brake.success()
        self.observe(TrialEnded(trial=trial))

    def _drop_checkpoints(self, trial: Trial) -> None:
        crashing.here("finished")
        self.keeper.ended(trial)
        crashing.here("checkpoints-dropped")
