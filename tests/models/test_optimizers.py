"""Our updates against Keras's own, on the same gradients."""

from __future__ import annotations

import functools
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from search_spaces import Component
from tuner import models

STEPS = 20

SETTINGS: dict[str, tuple[str, dict[str, Any]]] = {
    "adam": ("adam", {"learning_rate": 0.01}),
    "adam with other betas": ("adam", {"learning_rate": 0.01, "beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}),
    "amsgrad": ("adam", {"learning_rate": 0.01, "amsgrad": True}),
    "adamw": ("adamw", {"learning_rate": 0.01, "weight_decay": 0.1}),
    "clipped adam": ("adam", {"learning_rate": 0.01, "clipnorm": 0.1}),
    "averaged adam": ("adam", {"learning_rate": 0.01, "use_ema": True, "ema_momentum": 0.9}),
    "accumulating adam": ("adam", {"learning_rate": 0.01, "gradient_accumulation_steps": 3}),
    "sgd": ("sgd", {"learning_rate": 0.1}),
    "momentum": ("sgd", {"learning_rate": 0.1, "momentum": 0.9}),
    "nesterov": ("sgd", {"learning_rate": 0.1, "momentum": 0.9, "nesterov": True}),
    "rmsprop": ("rmsprop", {"learning_rate": 0.01}),
    "rmsprop with momentum": ("rmsprop", {"learning_rate": 0.01, "momentum": 0.8}),
    "centered rmsprop": ("rmsprop", {"learning_rate": 0.01, "centered": True}),
}


def trained(optimizer: keras.optimizers.Optimizer) -> list[np.ndarray[Any, Any]]:
    random = np.random.default_rng(0)
    variables = [keras.Variable(random.normal(size=shape).astype(np.float32)) for shape in ((5, 4), (4,))]
    optimizer.build(variables)
    step = tf.function(lambda gradients: optimizer.apply(gradients, variables))
    for _ in range(STEPS):
        step([tf.constant(random.normal(size=variable.shape), tf.float32) for variable in variables])
    optimizer.finalize_variable_values(variables)
    return [variable.numpy() for variable in variables]


@pytest.mark.parametrize("name", SETTINGS)
def test_an_optimizer_takes_the_steps_that_keras_takes(name: str) -> None:
    kind, arguments = SETTINGS[name]
    ours = models.build_optimizer(Component(kind=kind, arguments=arguments))
    theirs = getattr(keras.optimizers, type(ours).__name__)(**arguments)
    for mine, keras_own in zip(trained(ours), trained(theirs), strict=True):
        np.testing.assert_allclose(mine, keras_own, rtol=2e-5, atol=2e-6)


def test_a_step_in_one_kernel_reads_the_schedule_and_the_step_count() -> None:
    decay = {"learning_rate": 0.1, "momentum": 0.9}
    schedule = keras.optimizers.schedules.ExponentialDecay(0.1, decay_steps=2, decay_rate=0.5)
    ours = models.build_optimizer(Component(kind="sgd", arguments=decay), schedule)
    theirs = keras.optimizers.SGD(schedule, momentum=0.9)
    for mine, keras_own in zip(trained(ours), trained(theirs), strict=True):
        np.testing.assert_allclose(mine, keras_own, rtol=2e-5, atol=2e-6)
    assert int(ours.iterations) == STEPS


def _one_step(optimizer: keras.optimizers.Optimizer, variable: keras.Variable, gradient: tf.Tensor) -> None:
    optimizer.apply([gradient], [variable])


def test_the_common_optimizers_update_each_weight_in_one_operation() -> None:
    for kind, operation in (
        ("adam", "ResourceApplyAdam"),
        ("adamw", "ResourceApplyAdam"),
        ("sgd", "ResourceApplyGradientDescent"),
        ("rmsprop", "ResourceApplyRMSProp"),
    ):
        optimizer = models.build_optimizer(Component(kind=kind, arguments={"learning_rate": 0.1}))
        variable = keras.Variable(np.zeros(3, np.float32))
        optimizer.build([variable])
        step = tf.function(functools.partial(_one_step, optimizer, variable))
        graph = step.get_concrete_function(tf.TensorSpec([3]))
        kinds = {each.type for each in graph.graph.get_operations()}
        kinds |= {node.op for function in graph.graph.as_graph_def().library.function for node in function.node_def}
        assert operation in kinds, kind
