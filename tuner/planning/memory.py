"""How much memory a training process takes at its peak, on a CPU.

Fitted to the peak resident memory of 21 trainings, each in a process of its own as a worker does them, on Linux 6.18
with tensorflow 2.21.0 and keras 3.15.1 (2026-11-22): perceptrons of 25 thousand to 5.8 million weights, the preset of
cnn_v4 in batches of 64, 128 and 256, four convolutions of 64 filters in batches of 32, 128 and 512, residual blocks,
separable convolutions, 30 layers in a row; 1,437 to 60,000 images. Measured were 693 to 1,238 MiB, the estimates
0.95 to 1.05 times that. A worker that has trained many keeps some of what it freed: 1.09 and 1.30 times the
estimate in the two searches of benchmarks/main_job.md. Under mixed precision the estimate is an upper bound: measured
peaks were lower by 4 to 9 % (docs/decisions/0015-precision.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tuner.planning.work import Work

MEBIBYTE = 2**20
FLOAT = 4
"""Bytes of a number in single precision."""

FRAMEWORK = 710 * MEBIBYTE
"""A process that has imported TensorFlow and traced a small network."""
LAYER = 2 * MEBIBYTE
"""What each layer adds to the traced graphs."""

COPIES = 3
"""Of the images, a byte a value: pages of the file, the rows of the split, TensorFlow's own."""

WEIGHT_COPIES = 2.7
"""Of weights, gradients and what the optimizer keeps: theirs, those of a step's way back, the checkpoint's."""

KEPT = 0.8
"""Of all activations of a batch, until the way back has used them."""
WORKING = 2.7
"""Times the largest activation of a batch: what the layer at work needs beside those that are kept."""
EVALUATION = 4.2
"""Times the largest activation of a batch of validation images, of which none are kept."""

EVALUATION_BATCH = 256
"""Validation images at a time; `tuner.training.pipeline` has it from measurements of its own."""


CONTEXT = 600 * MEBIBYTE
"""What a process takes of a GPU before its first training: CUDA's context and the libraries' workspaces. Reasoned, as
is the whole estimate for a GPU: it was never compared with one.
"""


def training_memory(work: Work) -> int:
    """Bytes at the peak of one training on a CPU."""
    data = COPIES * (work.n_train + work.n_validation) * work.image_values
    return round(FRAMEWORK + LAYER * work.n_layers + data + _tensors(work))


def device_memory(work: Work) -> int:
    """Bytes of a GPU at the peak of one training in single precision; the images stay with the processor."""
    return round(CONTEXT + _tensors(work))


def _tensors(work: Work) -> float:
    weights = WEIGHT_COPIES * FLOAT * work.parameters * (2 + work.slots)
    step = FLOAT * work.batch_size * (KEPT * work.activations + WORKING * work.largest_activation)
    evaluated = FLOAT * min(work.n_validation, EVALUATION_BATCH) * EVALUATION * work.largest_activation
    return weights + max(step, evaluated)
