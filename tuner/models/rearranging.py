"""The layers of a network in the order that trains fastest. Weights, outputs and gradients stay what they are."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from search_spaces import LayerSummary

if TYPE_CHECKING:
    from collections.abc import Sequence

POOLING = "max_pooling2d"

MONOTONE = frozenset(
    {"relu", "relu6", "leaky_relu", "elu", "celu", "selu", "softplus", "softsign", "sigmoid"}
    | {"tanh", "hard_sigmoid", "hard_tanh", "exponential"}
)
"""Activations that never fall: the largest of their values is the value of the largest."""

LAYERS = frozenset({"re_lu", "leaky_relu", "elu"})
"""Kinds of layers that are such an activation, while none of their arguments is negative."""

SLOPES = frozenset({"alpha", "negative_slope", "threshold"})


def rearranged(layers: Sequence[LayerSummary]) -> tuple[LayerSummary, ...]:
    """Each activation that only a max pooling reads, behind it: a quarter of the values, where it pools 2 x 2."""
    readers = Counter(source for layer in layers for source in layer.inputs)
    made: dict[str, LayerSummary] = {}
    stands_for: dict[str, str] = {}
    for each in layers:
        layer = replace(each, inputs=tuple(stands_for.get(source, source) for source in each.inputs))
        before = made.get(layer.inputs[0])
        if layer.kind != POOLING or before is None or readers[each.inputs[0]] > 1:
            made[layer.name] = layer
        elif _is_activation(before):
            del made[before.name]
            made[layer.name] = replace(layer, inputs=before.inputs)
            made[before.name] = replace(before, inputs=(layer.name,))
            stands_for[layer.name] = before.name
        elif _activation(before) in MONOTONE:
            activation = _split_off(before, layer.name)
            made[before.name] = replace(before, arguments={**before.arguments, "activation": None})
            made[layer.name] = layer
            made[activation.name] = activation
            stands_for[layer.name] = activation.name
        else:
            made[layer.name] = layer
    return tuple(made.values())


def _is_activation(layer: LayerSummary) -> bool:
    rises = all(value is None or value >= 0 for name, value in layer.arguments.items() if name in SLOPES)
    return (layer.kind in LAYERS and rises) or (layer.kind == "activation" and _activation(layer) in MONOTONE)


def _activation(layer: LayerSummary) -> Any:
    """By name; what is no name, as an object with arguments, is not moved."""
    name = layer.arguments.get("activation")
    return name if isinstance(name, str) else None


def _split_off(layer: LayerSummary, source: str) -> LayerSummary:
    return LayerSummary(
        name=f"{layer.name}_then_{_activation(layer)}",
        kind="activation",
        path=layer.path,
        arguments={"activation": _activation(layer)},
        inputs=(source,),
        output_shape=(),
        parameters=0,
    )
