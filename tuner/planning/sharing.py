"""How fast trials that train side by side on the CPU are together, against one that has all cores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from search_spaces import all_layers
from tuner.slots import Network

if TYPE_CHECKING:
    from search_spaces import SearchSpace
    from tuner.slots import Measured

CONVOLVES = "conv"
"""In the name of each layer of Keras that does."""


def network_of(space: SearchSpace) -> Network:
    """What the space's defaults make."""
    convolves = any(CONVOLVES in layer.kind for layer in all_layers(space.default().layers))
    return Network.CONVOLUTIONS if convolves else Network.PERCEPTRON


def gain(workers: int, network: Network, measured: Measured | None = None) -> float:
    """Times as many images a second as one worker with all cores trains on: as measured here, else 1.

    They share the same cores: that two of one core each are faster than one of both is to be shown first.
    """
    if measured is None or measured.splits[0].workers != 1:
        return 1.0
    one, *more = measured.splits
    rates = next((split.rates for split in reversed(more) if split.workers <= workers), one.rates)
    return rates[network] / one.rates[network]
