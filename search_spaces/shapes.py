"""What one Keras layer makes of an image's shape, and how many weights it has. Follows Keras 3.15.1 without it.

Shapes are without the batch axis: (height, width, channels) or (features,). Each function answers with the shape after
the layer and its weights, those that are not trained included, and raises ValueError where Keras would.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from math import prod
from typing import Any

Shape = tuple[int, ...]
Arguments = Mapping[str, Any]
"""With Keras's defaults filled in."""
Effect = Callable[[Arguments, Shape], tuple[Shape, int]]

IMAGE_RANK = 3
TO_A_VECTOR = "classes are told from a vector: end with 'flatten' or 'global_average_pooling2d'"


def effect_of(kind: str, arguments: Arguments, shape: Shape) -> tuple[Shape, int]:
    """Shape after the layer, and its weights. ValueError where Keras would not build it on this shape."""
    if needs_image(kind) and len(shape) != IMAGE_RANK:
        raise ValueError(
            f"{kind} needs an image (height, width, channels), but a layer before it has made a vector of {shape[0]}"
        )
    effect = EFFECTS.get(kind)
    return effect(arguments, shape) if effect else (shape, 0)


def needs_image(kind: str) -> bool:
    """Whether the layer takes nothing but images. Source: the layers' `input_spec` in Keras."""
    return kind in NEED_IMAGE


def keeps_image(kind: str, arguments: Arguments) -> bool:
    """Whether an image is still one after the layer."""
    return kind != "flatten" and (not kind.startswith("global_") or bool(arguments.get("keepdims")))


def pair(value: Any) -> tuple[int, int]:
    """(height, width) of an argument that may be one number for both."""
    return (value, value) if isinstance(value, int) else (value[0], value[1])


# --- convolutions -----------------------------------------------------------------------------------------------------


def _conv2d(arguments: Arguments, shape: Shape) -> tuple[Shape, int]:
    filters, groups, channels = arguments["filters"], arguments["groups"], shape[2]
    if filters % groups:
        raise ValueError(f"groups must divide the filters. Got {groups} groups and {filters} filters")
    if channels % groups:
        raise ValueError(f"groups must divide the channels. Got {groups} groups and {channels} channels")
    strides, dilation = arguments["strides"], arguments["dilation_rate"]
    if max(pair(strides)) > 1 and max(pair(dilation)) > 1:
        raise ValueError(f"strides and dilation_rate exclude each other. Got {_sides(strides)} and {_sides(dilation)}")
    weights = prod(pair(arguments["kernel_size"])) * (channels // groups) * filters
    return (*_after_kernel(arguments, shape), filters), weights + _bias(arguments, filters)


def _depthwise_conv2d(arguments: Arguments, shape: Shape) -> tuple[Shape, int]:
    channels = shape[2] * arguments["depth_multiplier"]
    weights = prod(pair(arguments["kernel_size"])) * channels
    return (*_after_kernel(arguments, shape), channels), weights + _bias(arguments, channels)


def _separable_conv2d(arguments: Arguments, shape: Shape) -> tuple[Shape, int]:
    filters, between = arguments["filters"], shape[2] * arguments["depth_multiplier"]
    weights = prod(pair(arguments["kernel_size"])) * between + between * filters
    return (*_after_kernel(arguments, shape), filters), weights + _bias(arguments, filters)


def _after_kernel(arguments: Arguments, shape: Shape) -> tuple[int, int]:
    strides, dilation, kernel = (pair(arguments[name]) for name in ("strides", "dilation_rate", "kernel_size"))
    reach = (dilation[0] * (kernel[0] - 1) + 1, dilation[1] * (kernel[1] - 1) + 1)
    return _windows(arguments, shape, reach, strides, f"kernel_size {_sides(arguments['kernel_size'])}")


# --- pooling and reshaping --------------------------------------------------------------------------------------------


def _pooling2d(arguments: Arguments, shape: Shape) -> tuple[Shape, int]:
    pool = pair(arguments["pool_size"])
    strides = pool if arguments["strides"] is None else pair(arguments["strides"])
    after = _windows(arguments, shape, pool, strides, f"pool_size {_sides(arguments['pool_size'])}")
    return (*after, shape[2]), 0


def _global_pooling2d(arguments: Arguments, shape: Shape) -> tuple[Shape, int]:
    return ((1, 1, shape[2]) if arguments["keepdims"] else (shape[2],)), 0


def _zero_padding2d(arguments: Arguments, shape: Shape) -> tuple[Shape, int]:
    (top, bottom), (left, right) = _margins(arguments["padding"])
    return (shape[0] + top + bottom, shape[1] + left + right, shape[2]), 0


def _cropping2d(arguments: Arguments, shape: Shape) -> tuple[Shape, int]:
    (top, bottom), (left, right) = _margins(arguments["cropping"])
    after = (shape[0] - top - bottom, shape[1] - left - right, shape[2])
    if min(after) < 1:
        raise ValueError(f"cropping leaves nothing of the {shape[0]} x {shape[1]} input")
    return after, 0


def _up_sampling2d(arguments: Arguments, shape: Shape) -> tuple[Shape, int]:
    vertical, horizontal = pair(arguments["size"])
    return (shape[0] * vertical, shape[1] * horizontal, shape[2]), 0


def _flatten(_: Arguments, shape: Shape) -> tuple[Shape, int]:
    return (prod(shape),), 0


def _windows(
    arguments: Arguments, shape: Shape, window: tuple[int, int], strides: tuple[int, int], named: str
) -> tuple[int, int]:
    """Places that a window takes. Source: Keras, operation_utils.compute_pooling_output_shape."""
    if arguments["padding"] == "same":
        return (shape[0] - 1) // strides[0] + 1, (shape[1] - 1) // strides[1] + 1
    if window[0] > shape[0] or window[1] > shape[1]:
        raise ValueError(f"{named} does not fit the {shape[0]} x {shape[1]} input. With 'padding: same' it would")
    return (shape[0] - window[0]) // strides[0] + 1, (shape[1] - window[1]) // strides[1] + 1


def _margins(value: Any) -> tuple[tuple[int, int], tuple[int, int]]:
    vertical, horizontal = (value, value) if isinstance(value, int) else value
    return pair(vertical), pair(horizontal)


def _sides(value: Any) -> str:
    return str(value) if isinstance(value, int) else f"{value[0]} x {value[1]}"


# --- the rest ---------------------------------------------------------------------------------------------------------


def _dense(arguments: Arguments, shape: Shape) -> tuple[Shape, int]:
    units = arguments["units"]
    return (*shape[:-1], units), shape[-1] * units + _bias(arguments, units)


def _batch_normalization(arguments: Arguments, shape: Shape) -> tuple[Shape, int]:
    # The moving mean and variance are weights that are not trained.
    return shape, shape[-1] * (2 + arguments["center"] + arguments["scale"])


def _normalization(arguments: Arguments, shape: Shape) -> tuple[Shape, int]:
    return shape, shape[-1] * (arguments["center"] + arguments["scale"])


def _group_normalization(arguments: Arguments, shape: Shape) -> tuple[Shape, int]:
    groups, channels = arguments["groups"], shape[-1]
    if groups != -1 and channels % groups:
        raise ValueError(f"groups must divide the channels. Got {groups} groups and {channels} channels")
    return _normalization(arguments, shape)


def _rms_normalization(_: Arguments, shape: Shape) -> tuple[Shape, int]:
    return shape, shape[-1]


def _prelu(arguments: Arguments, shape: Shape) -> tuple[Shape, int]:
    shared = arguments["shared_axes"] or ()
    for axis in shared:
        if axis > len(shape):
            raise ValueError(f"shared_axes names axis {axis}, but the input has {len(shape)}")
    return shape, prod(1 if axis in shared else length for axis, length in enumerate(shape, start=1))


def _bias(arguments: Arguments, channels: int) -> int:
    return channels if arguments["use_bias"] else 0


EFFECTS: Mapping[str, Effect] = {
    "conv2d": _conv2d,
    "depthwise_conv2d": _depthwise_conv2d,
    "separable_conv2d": _separable_conv2d,
    "max_pooling2d": _pooling2d,
    "average_pooling2d": _pooling2d,
    "global_max_pooling2d": _global_pooling2d,
    "global_average_pooling2d": _global_pooling2d,
    "zero_padding2d": _zero_padding2d,
    "cropping2d": _cropping2d,
    "up_sampling2d": _up_sampling2d,
    "flatten": _flatten,
    "dense": _dense,
    "batch_normalization": _batch_normalization,
    "layer_normalization": _normalization,
    "group_normalization": _group_normalization,
    "rms_normalization": _rms_normalization,
    "prelu": _prelu,
}
"""Layers that change the shape or have weights. The others do neither."""

MERGES: Mapping[str, str] = {
    "concatenate": "Concatenate",
    "add": "Add",
    "average": "Average",
    "maximum": "Maximum",
    "multiply": "Multiply",
}
"""How branches become one -> Keras's class."""


def merged(merge: str, shapes: Sequence[Shape]) -> Shape:
    """Shape after the merge. ValueError where Keras would not merge these."""
    first, *others = shapes
    fixed = slice(0, -1) if merge == "concatenate" else slice(0, None)
    for other in others:
        if len(other) != len(first) or other[fixed] != first[fixed]:
            need = "sides" if merge == "concatenate" else "shapes"
            raise ValueError(f"{merge} needs equal {need}. Got {by(first)} and {by(other)}")
    return (*first[:-1], sum(shape[-1] for shape in shapes)) if merge == "concatenate" else first


def projection(before: Shape, after: Shape) -> tuple[str, dict[str, Any]]:
    """(kind, arguments) of the layer that makes the one shape of the other on a residual block's shortcut.

    A 1 x 1 convolution with the strides that it takes, or a dense layer. Source: He et al. 2016, section 3.3, option B.
    Raises ValueError where no such layer does.
    """
    if len(before) == len(after) == 1:
        return "dense", {"units": after[0]}
    if len(before) != len(after):
        raise ValueError(f"a residual block cannot make {by(after)} of {by(before)} and add the two")
    strides = [-(-length // shorter) for length, shorter in zip(before[:2], after[:2], strict=True)]
    for length, shorter, stride in zip(before[:2], after[:2], strides, strict=True):
        if -(-length // stride) != shorter:
            text = f"a residual block cannot add {by(after)} to {by(before)}"
            raise ValueError(f"{text}: no stride leads from {length} to {shorter}. With 'padding: same' one would")
    return "conv2d", {"filters": after[2], "kernel_size": 1, "strides": strides, "padding": "same"}


def by(shape: Shape) -> str:
    """`14 x 14 x 32`"""
    return " x ".join(str(length) for length in shape)


def multiply_adds(kind: str, arguments: Arguments, after: Shape, parameters: int) -> int:
    """Multiplications, each with its addition, that one image costs in the layer. Zero where no weights are applied."""
    if kind not in APPLY_KERNEL:
        return 0
    kernel = parameters - _bias(arguments, after[-1])
    return kernel * prod(after[:-1])


APPLY_KERNEL = frozenset({"conv2d", "depthwise_conv2d", "separable_conv2d", "dense"})
"""Layers whose cost is counted. The others hardly multiply: pooling compares, normalisation can be folded away."""

NEED_IMAGE = frozenset(kind for kind in EFFECTS if kind.endswith("2d")) | {"spatial_dropout2d"}
