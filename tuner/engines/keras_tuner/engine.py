"""KerasTuner's oracles as an engine: they propose, the study is their memory, and the training is ours.

With the seed `s` of the plan, and where no preset or user's guess is among the trials, the proposals are those of a
stock tuner over `tuner.bridges.hypermodel` with `seed=s + 1` and the same scores. (KerasTuner takes a seed of 0 for
none.) They go on where a stock tuner ends, stands still or promotes nobody any more: see `Random`, `Bayesian` and
`Hyperband`. No folder of KerasTuner's is written.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from tuner.engines import Exhausted, History, Idle, Proposal
from tuner.engines.keras_tuner.importing import quietly
from tuner.trial import WHOLE, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import optuna

    from tuner.engines import Setting
    from tuner.engines.keras_tuner.replaying import Draft, Replay
    from tuner.trial import Epoch, Trial

GRID, HYPERBAND = "grid", "hyperband"


class KerasTunerEngine:
    """One of KerasTuner's oracles. A trial's notes hold what the oracle needs to be brought back to where it was."""

    def __init__(self, setting: Setting) -> None:
        self._setting = setting
        self._algorithm = setting.plan.algorithm
        # Random and Bayesian oracles draw until they happen to meet nothing new: whoever counts knows better.
        self.knows_its_end = self._algorithm in {GRID, HYPERBAND}
        self.goes_on = self._algorithm == HYPERBAND

    def propose(self, history: History) -> Proposal | Idle | Exhausted:
        trials = history.trials()
        draft = self._replay.draft(trials)
        status, values = draft.oracle.ask(draft.trial_id)
        if status == "IDLE":
            return Idle()
        if values is None:
            return Exhausted(self._end(draft))
        configuration = self._replay.configuration(values)
        return Proposal(
            configuration=configuration,
            stage=self._stage(values, trials),
            notes={
                "id": draft.trial_id,
                "ended": list(draft.ended),
                "values": self._replay.remainder(values, configuration),
                "state": draft.oracle.state(),
            },
        )

    def judge(self, trial: optuna.Trial, curve: Sequence[Epoch]) -> str:
        return ""

    @cached_property
    def _replay(self) -> Replay:
        """Made on use: it takes seconds and most of a gigabyte, which a finished study need not pay."""
        with quietly():
            from tuner.engines.keras_tuner.replaying import Replay

        space, plan = self._setting.space, self._setting.plan
        max_epochs = plan.epochs or space.default().training.epochs
        return Replay(space, self._algorithm, seed=plan.seed, max_epochs=max_epochs)

    def _stage(self, values: Mapping[str, Any], trials: Sequence[Trial]) -> Stage:
        if self._algorithm != HYPERBAND:
            return WHOLE
        epochs = values["tuner/epochs"]
        if not values["tuner/round"]:
            return Stage(epochs=epochs)
        past = trials[self._replay.number(values["tuner/trial_id"])]
        # What was turned down for a repeat has no checkpoints; the trial that it repeats has.
        return Stage(epochs=epochs, after=past.number if past.repeats is None else past.repeats)

    def _end(self, draft: Draft) -> str:
        if self._algorithm == GRID:
            return f"all {len(draft.oracle.start_order):,} configurations of KerasTuner's grid are done"
        return f"KerasTuner's {self._algorithm} search no longer finds values that it has not tried"
