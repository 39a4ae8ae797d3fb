"""Between the values of an oracle and those of a trial of ours.

They differ where KerasTuner's conditions are wider than the space's, so that it draws what is not used; in the last
digits of a drawn number, which trials do not keep; and in what Hyperband notes beside its values.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tuner.engines.keras_tuner import knobs
from tuner.trial import plain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search_spaces import Configuration, Parameter, SearchSpace, Value
    from tuner.engines.keras_tuner.kept import Kept
    from tuner.trial import Trial


class Translation:
    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._parameters = {parameter.name: parameter for parameter in space.parameters()}

    def configuration(self, values: Mapping[str, Any]) -> Configuration:
        """What the oracle's values make of the space."""

        def choose(parameter: Parameter) -> Value:
            if parameter.name not in values:  # its conditions in KerasTuner were seen too narrow
                return parameter.default
            return parameter.domain.accept(plain(knobs.read(parameter, values[parameter.name])))

        return self._space.configure(choose)

    def remainder(self, values: Mapping[str, Any], configuration: Configuration, oracle: Kept) -> dict[str, Any]:
        """Those of the oracle's values that the trial's will not tell."""
        told = {name: plain(value) for name, value in configuration.values.items()}
        defaults = {each.name: each.default for each in oracle.hyperparameters.space}

        def expected(name: str) -> Any:
            return knobs.offer(self._parameters[name], told[name]) if name in told else defaults.get(name)

        return {name: value for name, value in values.items() if name not in defaults or expected(name) != value}

    def values(self, trial: Trial, oracle: Kept) -> dict[str, Any]:
        """The oracle's values of a trial, with the remainder that was noted for it."""
        noted = trial.engine.get("values", {})
        hyperparameters = oracle.holding({})
        found = hyperparameters.values
        for each in hyperparameters.space:
            if not hyperparameters.is_active(each):
                continue
            if each.name in noted:
                found[each.name] = noted[each.name]
            elif each.name in trial.values:
                found[each.name] = knobs.offer(self._parameters[each.name], trial.values[each.name])
            else:
                found[each.name] = each.default
        return {**found, **noted}
