"""Spaces and images that are small enough to train on in a second."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from search_spaces import SearchSpace

NESTED = """
name: nested
variables: {act: {choice: [relu, elu]}, rate: {float: [0.1, 0.5], step: 0.1}}
layers:
  - repeat: {int: [1, 3]}
    name: conv
    layers:
      - conv2d: {filters: {choice: [2, 4]}, kernel_size: 1, activation: $act}
      - optional: {bool}
        name: norm
        layers: [{batch_normalization: {momentum: {float: [0.9, 0.99]}}}]
  - choice:
      - max_pooling2d: {pool_size: {choice: [2, [2, 4]]}}
      - name: deep
        layers:
          - choice:
              - average_pooling2d: {pool_size: {choice: [2, 4]}}
              - conv2d: {filters: {int: [2, 8], log: true}, kernel_size: 3}
            name: inner
          - dropout: {rate: $rate}
    name: pool
  - flatten
training:
  optimizer:
    choice:
      - adam: {learning_rate: {float: [1e-3, 1e-2], log: true}}
      - sgd: {learning_rate: 0.05, momentum: {float: [0.0, 0.9], step: 0.3}}
  batch_size: {choice: [32, 64]}
  epochs: 1
"""

DENSE = """
name: dense
layers: [flatten, {dense: {units: {choice: [2, 32]}, activation: relu}}]
training: {optimizer: {adam: {learning_rate: {choice: [1e-4, 1e-2]}}}, batch_size: 32, epochs: 2}
"""


@pytest.fixture(scope="session")
def nested() -> SearchSpace:
    """Nested choices, a repeat with draws and an optional block in each turn, variables, two optimizers."""
    return SearchSpace.parse(NESTED, "nested.yaml")


@pytest.fixture(scope="session")
def dense() -> SearchSpace:
    """Four configurations, one of which learns."""
    return SearchSpace.parse(DENSE, "dense.yaml")


@pytest.fixture(scope="session")
def pictures() -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """200 noisy images of 8 x 8 in three classes, sorted by class: bright above, bright below, or neither."""
    rng = np.random.default_rng(0)
    labels = np.sort(np.arange(200) % 3)
    images = rng.integers(0, 100, (200, 8, 8, 1), dtype=np.uint8)
    images[labels == 1, :4] += 100
    images[labels == 2, 4:] += 100
    return images, labels
