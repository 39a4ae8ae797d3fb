"""A forecast as plain values, for JSON: bytes, seconds, numbers."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from search_spaces import LayerSummary
    from tuner.planning import Case, Forecast, Speed
    from tuner.planning.disk import Need


def forecast_document(forecast: Forecast) -> dict[str, Any]:
    draws = forecast.draws
    return {
        "problem": forecast.problem,
        "configurations": [case_document(case) for case in forecast.cases],
        "draws": {
            "n": draws.n,
            "trainable": draws.n_trainable,
            "hindered": [asdict(each) for each in draws.hindered],
            "trial_seconds": asdict(draws.trial) if draws.trial else None,
            "memory": draws.memory,
        },
        "search": {"trials": forecast.trials, "seconds": asdict(forecast.search) if forecast.search else None},
    }


def case_document(case: Case) -> dict[str, Any]:
    cost, summary = case.cost, case.summary
    return {
        "name": case.name,
        "hindrance": str(case.hindrance) if case.hindrance else None,
        "problem": case.problem,
        "parameters": summary.parameters if summary else None,
        "multiply_adds": summary.multiply_adds if summary else None,
        "activations": summary.activations if summary else None,
        "memory": cost.memory if cost else None,
        "epoch_seconds": asdict(cost.epoch) if cost else None,
        "trial_seconds": asdict(cost.trial) if cost else None,
        "configuration": case.configuration.to_json(),
    }


def layer_document(layer: LayerSummary) -> dict[str, Any]:
    return {
        "name": layer.name,
        "kind": layer.kind,
        "path": layer.path,
        "inputs": list(layer.inputs),
        "output_shape": list(layer.output_shape),
        "parameters": layer.parameters,
        "multiply_adds": layer.multiply_adds,
    }


def disk_document(need: Need | None, free: int) -> dict[str, Any]:
    """Bytes."""
    return {"free": free, "need": {"total": need.total, **asdict(need)} if need else None}


def speed_document(speed: Speed | None) -> dict[str, Any] | None:
    """What was measured: multiply-adds and bytes a second of one core."""
    return asdict(speed) if speed else None
