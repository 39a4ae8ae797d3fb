"""Writes search_spaces/keras_table.json from the installed Keras. Run it after a new Keras.

Names, defaults and "required" come from Keras's signatures; lists of names from trying them on tensors. What a value
may be is stated here, once per argument, since Keras's signatures carry no types: a new argument is a KeyError.
"""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

TARGET = Path(__file__).parents[2] / "search_spaces" / "keras_table.json"

LAYERS = {
    "conv2d": "Conv2D",
    "depthwise_conv2d": "DepthwiseConv2D",
    "separable_conv2d": "SeparableConv2D",
    "max_pooling2d": "MaxPooling2D",
    "average_pooling2d": "AveragePooling2D",
    "global_max_pooling2d": "GlobalMaxPooling2D",
    "global_average_pooling2d": "GlobalAveragePooling2D",
    "zero_padding2d": "ZeroPadding2D",
    "cropping2d": "Cropping2D",
    "up_sampling2d": "UpSampling2D",
    "flatten": "Flatten",
    "dense": "Dense",
    "dropout": "Dropout",
    "spatial_dropout2d": "SpatialDropout2D",
    "alpha_dropout": "AlphaDropout",
    "gaussian_dropout": "GaussianDropout",
    "gaussian_noise": "GaussianNoise",
    "batch_normalization": "BatchNormalization",
    "layer_normalization": "LayerNormalization",
    "group_normalization": "GroupNormalization",
    "rms_normalization": "RMSNormalization",
    "unit_normalization": "UnitNormalization",
    "activation": "Activation",
    "re_lu": "ReLU",
    "leaky_relu": "LeakyReLU",
    "elu": "ELU",
    "prelu": "PReLU",
    "softmax": "Softmax",
}
OPTIMIZERS = {
    "adam": "Adam",
    "adamw": "AdamW",
    "nadam": "Nadam",
    "adamax": "Adamax",
    "sgd": "SGD",
    "rmsprop": "RMSprop",
    "adagrad": "Adagrad",
    "adadelta": "Adadelta",
    "adafactor": "Adafactor",
    "ftrl": "Ftrl",
    "lamb": "Lamb",
    "lion": "Lion",
}
WITHHELD = {
    "data_format": "images are channels-last here",
    "axis": "it is always the channels",
    "input_axes": "it follows from the layer",
    "output_axes": "it follows from the layer",
    "seed": "seeds come from the study",
    "noise_shape": "it depends on the batch",
    "name": "write 'name:' beside the layer",
    "dtype": "precision is a setting of the run",
    "loss_scale_factor": "precision is a setting of the run",
    "synchronized": "one trial runs on one device",
    "renorm": "it adds weights that only training uses",
    "renorm_clipping": "it adds weights that only training uses",
    "renorm_momentum": "it adds weights that only training uses",
    "use_ema": "write 'averaging: ema' in the training",
    "ema_momentum": "write 'averaging: {ema: {momentum: ...}}' in the training",
    "ema_overwrite_frequency": "averages are scored and saved, never trained on: see 'averaging'",
    "lora_rank": "nothing is fine-tuned here",
    "lora_alpha": "nothing is fine-tuned here",
    "quantization_config": "precision is a setting of the run",
}

INLINE_FROM = 4
"""Depth of one argument's entry: table, layers, conv2d, arguments, filters."""

POSITIVE = {"type": "int", "low": 1}
PAIR = {"type": "pair", "low": 1}
SHARE = {"type": "float", "low": 0, "below": 1}
NOT_NEGATIVE = {"type": "float", "low": 0}
ABOVE_ZERO = {"type": "float", "above": 0}
ANY_NUMBER = {"type": "float"}
BOOL = {"type": "bool"}
ACTIVATION = {"type": "name", "noun": "an activation", "of": "activations"}
PADDING = {"type": "name", "noun": "a padding", "of": "paddings"}
KERNEL_START = {"type": "name", "noun": "an initializer", "of": "kernel_initializers"}
VECTOR_START = {"type": "name", "noun": "an initializer", "of": "vector_initializers"}
REGULARIZER = {"type": "name", "noun": "a regularizer", "of": "regularizers", "null": True}
CONSTRAINT = {"type": "name", "noun": "a constraint", "of": "constraints", "null": True}

OBJECTS: dict[str, dict[str, str]] = {
    # Arguments of activations are those of the layers of the same name, which is what they become.
    "activations": {"leaky_relu": "LeakyReLU", "elu": "ELU", "relu": "ReLU"},
    "regularizers": {"l1": "L1", "l2": "L2", "l1_l2": "L1L2"},
    "constraints": {"max_norm": "MaxNorm", "min_max_norm": "MinMaxNorm"},
    "kernel_initializers": {
        "random_normal": "RandomNormal",
        "random_uniform": "RandomUniform",
        "truncated_normal": "TruncatedNormal",
        "constant": "Constant",
        "orthogonal": "Orthogonal",
        "variance_scaling": "VarianceScaling",
    },
    "vector_initializers": {
        "random_normal": "RandomNormal",
        "random_uniform": "RandomUniform",
        "truncated_normal": "TruncatedNormal",
        "constant": "Constant",
    },
}
"""Objects of Keras that an argument can be given with arguments of their own: name in a space file -> class."""
OBJECT_MODULES = {
    "activations": "layers",
    "regularizers": "regularizers",
    "constraints": "constraints",
    "kernel_initializers": "initializers",
    "vector_initializers": "initializers",
}

RULES: dict[str, dict[str, Any]] = {
    "filters": POSITIVE,
    "units": POSITIVE,
    "groups": POSITIVE,
    "group_normalization.groups": {"type": "int", "low": 1, "also": [-1]},
    "depth_multiplier": POSITIVE,
    "kernel_size": PAIR,
    "strides": PAIR,
    "max_pooling2d.strides": PAIR | {"null": True},
    "average_pooling2d.strides": PAIR | {"null": True},
    "dilation_rate": PAIR,
    "pool_size": PAIR,
    "size": PAIR,
    "padding": PADDING,
    "zero_padding2d.padding": {"type": "margins"},
    "cropping": {"type": "margins"},
    "activation": ACTIVATION | {"null": True},
    "activation.activation": ACTIVATION,
    "interpolation": {"type": "name", "noun": "an interpolation", "of": "interpolations"},
    "shared_axes": {"type": "axes", "null": True},
    "rate": SHARE,
    "stddev": NOT_NEGATIVE,
    "negative_slope": NOT_NEGATIVE,
    "threshold": NOT_NEGATIVE,
    "max_value": NOT_NEGATIVE | {"null": True},
    "alpha": ANY_NUMBER,
    "epsilon": ABOVE_ZERO,
    "momentum": {"type": "float", "low": 0, "high": 1},
    "learning_rate": ABOVE_ZERO,
    "beta_1": SHARE,
    "beta_2": SHARE,
    "rho": SHARE,
    "gradient_accumulation_steps": {"type": "int", "low": 2, "null": True},
    "weight_decay": NOT_NEGATIVE | {"null": True},
    "adamw.weight_decay": NOT_NEGATIVE,
    "clipnorm": ABOVE_ZERO | {"null": True},
    "clipvalue": ABOVE_ZERO | {"null": True},
    "global_clipnorm": ABOVE_ZERO | {"null": True},
    "initial_accumulator_value": NOT_NEGATIVE,
    "beta_2_decay": {"type": "float", "below": 0},
    "epsilon_1": ABOVE_ZERO,
    "epsilon_2": ABOVE_ZERO,
    "clip_threshold": ABOVE_ZERO,
    "learning_rate_power": {"type": "float", "high": 0},
    "l1_regularization_strength": NOT_NEGATIVE,
    "l2_regularization_strength": NOT_NEGATIVE,
    "l2_shrinkage_regularization_strength": NOT_NEGATIVE,
    "beta": ANY_NUMBER,
    "l1": NOT_NEGATIVE,
    "l2": NOT_NEGATIVE,
    "max_norm.max_value": ABOVE_ZERO,
    "min_max_norm.max_value": ABOVE_ZERO,
    "min_value": NOT_NEGATIVE,
    "min_max_norm.rate": {"type": "float", "low": 0, "high": 1},
    "mean": ANY_NUMBER,
    "minval": ANY_NUMBER,
    "maxval": ANY_NUMBER,
    "value": ANY_NUMBER,
    "gain": ABOVE_ZERO,
    "variance_scaling.scale": ABOVE_ZERO,
    "mode": {"type": "name", "noun": "a mode", "of": "fan_modes"},
    "distribution": {"type": "name", "noun": "a distribution", "of": "distributions"},
} | dict.fromkeys(
    [
        "use_bias", "keepdims", "center", "scale", "nesterov", "amsgrad", "centered", "relative_step",
    ],
    BOOL,
)  # fmt: skip


def rule_of(kind: str, argument: str) -> dict[str, Any]:
    """What the argument may be. KeyError for an argument that nobody has thought about."""
    if f"{kind}.{argument}" in RULES:
        return RULES[f"{kind}.{argument}"]
    if argument.endswith("_regularizer"):
        return REGULARIZER
    if argument.endswith("_constraint"):
        return CONSTRAINT
    if argument.endswith("_initializer"):
        many_axes = argument.startswith(("kernel", "depthwise", "pointwise"))
        return KERNEL_START if many_axes else VECTOR_START
    return RULES[argument]


def arguments_of(kind: str, built_by: type) -> dict[str, Any]:
    recorded = {}
    for argument in list(inspect.signature(built_by.__init__).parameters.values())[1:]:
        if argument.kind is argument.VAR_KEYWORD or argument.name in WITHHELD:
            continue
        required = argument.default is argument.empty
        recorded[argument.name] = {"required": required, "rule": rule_of(kind, argument.name)} | (
            {} if required else {"default": argument.default}
        )
    return recorded


def works(action: Any, *tensors: Any) -> bool:
    """Whether the action keeps the shape of every tensor."""
    try:
        return all(tuple(action(tensor).shape) == tuple(tensor.shape) for tensor in tensors)
    except Exception:  # noqa: BLE001 - whatever Keras raises, the name is not one for a space
        return False


def lower_case(names: Iterable[str]) -> list[str]:
    return sorted(name for name in names if name == name.lower())


def activations() -> list[str]:
    from keras.src.activations import ALL_OBJECTS_DICT

    vector, image = np.ones((2, 6), "float32"), np.ones((2, 4, 4, 6), "float32")
    return [name for name in lower_case(ALL_OBJECTS_DICT) if works(keras.activations.get(name), vector, image)]


def initializers(*shapes: tuple[int, ...]) -> list[str]:
    from keras.src.initializers import ALL_OBJECTS_DICT

    def fill(name: str) -> Any:
        return lambda tensor: keras.initializers.get(name)(tensor.shape)

    return [name for name in lower_case(ALL_OBJECTS_DICT) if works(fill(name), *map(np.empty, shapes))]


def record() -> dict[str, Any]:
    interpolations = ["bicubic", "bilinear", "lanczos3", "lanczos5", "nearest"]
    return {
        "keras": keras.__version__,
        "names": {
            "activations": activations(),
            "kernel_initializers": initializers((3, 3, 4, 8), (6, 8)),
            "vector_initializers": initializers((8,), (4, 4, 8)),
            "regularizers": ["l1", "l2"],
            "constraints": ["max_norm", "min_max_norm", "non_neg", "unit_norm"],
            "paddings": ["valid", "same"],
            "interpolations": interpolations,
            "fan_modes": ["fan_in", "fan_out", "fan_avg"],
            "distributions": ["truncated_normal", "untruncated_normal", "uniform"],
        },
        "objects": {
            family: {
                kind: {"class": name, "arguments": arguments_of(kind, getattr(getattr(keras, module), name))}
                for kind, name in OBJECTS[family].items()
            }
            for family, module in OBJECT_MODULES.items()
        },
        "withheld": WITHHELD,
        "layers": {
            kind: {"class": name, "arguments": arguments_of(kind, getattr(keras.layers, name))}
            for kind, name in LAYERS.items()
        },
        "optimizers": {
            kind: {"class": name, "arguments": arguments_of(kind, getattr(keras.optimizers, name))}
            for kind, name in OPTIMIZERS.items()
        },
    }


def as_text(table: dict[str, Any]) -> str:
    """JSON with one argument a line: a new Keras then shows as a short diff."""
    return _block(table, depth=0) + "\n"


def _block(content: Any, depth: int) -> str:
    if not isinstance(content, dict) or depth == INLINE_FROM:
        return json.dumps(content)
    inner = ",\n".join(
        f"{' ' * (depth + 1)}{json.dumps(key)}: {_block(value, depth + 1)}" for key, value in content.items()
    )
    return f"{{\n{inner}\n{' ' * depth}}}" if content else "{}"


if __name__ == "__main__":
    TARGET.write_text(as_text(record()), "utf-8")
