"""Keras's optimizers, each variable updated by TensorFlow's one kernel for it instead of ten small ones.

The formulas are the same ones. A small network spends a third of a step on its optimizer otherwise: each of the small
kernels reads and writes all weights. What the kernels cannot do is left to Keras.
Source: tensorflow/core/kernels/training_ops.cc.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class _OneKernel:
    """Mixed into an optimizer of Keras, ahead of it."""

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        if isinstance(gradient, tf.IndexedSlices) or not self._has_kernel():
            super().update_step(gradient, variable, learning_rate)  # type: ignore[misc]
        else:
            self._apply(tf.cast(gradient, variable.dtype), variable, tf.cast(learning_rate, variable.dtype))

    def _has_kernel(self) -> bool:
        return True

    def _apply(self, gradient: tf.Tensor, variable: Any, learning_rate: tf.Tensor) -> None:
        raise NotImplementedError

    def _slot(self, slots: list[Any], variable: Any) -> Any:
        return _resource(slots[self._get_variable_index(variable)])  # type: ignore[attr-defined]


class _Adam(_OneKernel):
    def _has_kernel(self) -> bool:
        return not self.amsgrad  # type: ignore[attr-defined]

    def _apply(self, gradient: tf.Tensor, variable: Any, learning_rate: tf.Tensor) -> None:
        dtype = gradient.dtype
        step = keras.ops.cast(self.iterations + 1, dtype)  # type: ignore[attr-defined]
        beta_1, beta_2 = tf.constant(self.beta_1, dtype), tf.constant(self.beta_2, dtype)  # type: ignore[attr-defined]
        tf.raw_ops.ResourceApplyAdam(
            var=_resource(variable),
            m=self._slot(self._momentums, variable),  # type: ignore[attr-defined]
            v=self._slot(self._velocities, variable),  # type: ignore[attr-defined]
            beta1_power=tf.pow(beta_1, step),
            beta2_power=tf.pow(beta_2, step),
            lr=learning_rate,
            beta1=beta_1,
            beta2=beta_2,
            epsilon=tf.constant(self.epsilon, dtype),  # type: ignore[attr-defined]
            grad=gradient,
        )


class Adam(_Adam, keras.optimizers.Adam):  # type: ignore[misc]
    pass


class AdamW(_Adam, keras.optimizers.AdamW):  # type: ignore[misc]
    pass


class SGD(_OneKernel, keras.optimizers.SGD):  # type: ignore[misc]
    def _apply(self, gradient: tf.Tensor, variable: Any, learning_rate: tf.Tensor) -> None:
        if not self.momentum:
            tf.raw_ops.ResourceApplyGradientDescent(var=_resource(variable), alpha=learning_rate, delta=gradient)
            return
        tf.raw_ops.ResourceApplyKerasMomentum(
            var=_resource(variable),
            accum=self._slot(self.momentums, variable),
            lr=learning_rate,
            grad=gradient,
            momentum=tf.constant(self.momentum, gradient.dtype),
            use_nesterov=self.nesterov,
        )


class RMSprop(_OneKernel, keras.optimizers.RMSprop):  # type: ignore[misc]
    """The kernel keeps the last step of each weight, which Keras keeps only where momentum is asked for."""

    def build(self, var_list: list[Any]) -> None:
        if self.built:
            return
        super().build(var_list)
        if not self.momentum:
            self._momentums: list[Any] = self.add_optimizer_variables(var_list, "momentum")

    def _has_kernel(self) -> bool:
        return not self.centered

    def _apply(self, gradient: tf.Tensor, variable: Any, learning_rate: tf.Tensor) -> None:
        dtype = gradient.dtype
        tf.raw_ops.ResourceApplyRMSProp(
            var=_resource(variable),
            ms=self._slot(self._velocities, variable),
            mom=self._slot(self._momentums, variable),
            lr=learning_rate,
            rho=tf.constant(self.rho, dtype),
            momentum=tf.constant(self.momentum, dtype),
            epsilon=tf.constant(self.epsilon, dtype),
            grad=gradient,
        )


def _resource(variable: Any) -> Any:
    """TensorFlow's handle of a variable of its own or of Keras's."""
    return (variable.value if isinstance(variable, keras.Variable) else variable).handle
