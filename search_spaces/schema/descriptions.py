"""What an editor shows of a key: one sentence each, with the rule of its value and its default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from search_spaces.rules import Name, NameOrObject, OrNull
from search_spaces.wording import flow

if TYPE_CHECKING:
    from search_spaces.rules import Argument, Rule, Signature

FILE = {
    "extends": "A space of the library, or a file beside this one, that this file changes.",
    "name": "What the space is called: letters, digits, '.', '_' and '-'.",
    "description": "A sentence for lists and reports.",
    "variables": "Name -> value or domain. Drawn once, and used as $name.",
    "layers": "The network, from image to vector. Its softmax layer is not written.",
    "training": "How a network is trained.",
    "limits": "The most that a network may have.",
    "forbid": "Rules over parameters. A combination that fulfils one of them is never tried.",
    "made_from": "The file that this space was made from; written by tune, not by hand.",
    "set": "Settings given anew, by their names without indices: conv.conv2d.kernel_size: 5",
    "fix": "Parameters that keep one value: training.batch_size: 64",
    "presets": "Named configurations.",
}
TRAINING = {
    "optimizer": "An optimizer of Keras, or a choice between several.",
    "batch_size": "Images that a step is made of.",
    "epochs": "Times that all training images are seen.",
    "schedule": "How the learning rate goes over the training.",
    "loss": "What the training makes small. Default: categorical_crossentropy",
    "label_smoothing": "Share of each label that goes to all classes alike.",
    "class_weights": "balanced: rare classes count for more.",
    "early_stopping": "When a training that gets no better is stopped.",
    "averaging": "How weights are averaged over the training.",
    "augmentation": "What is done to training images, in this order.",
}
LIMITS = {
    "parameters": "Weights, those that are not trained included.",
    "multiply_adds": "Multiplications with addition that one image takes.",
    "model_bytes": "Bytes of the weights.",
}
DOMAINS = {
    "choice": "One of these values.",
    "int": "A whole number from low to high, both included.",
    "float": "A number from low to high, both included.",
    "bool": "True or false. Takes nothing: {bool}",
    "log": "Drawn evenly over orders of magnitude.",
    "step": "Distance between neighbours. It divides the range.",
    "default": "Lies in the domain. Without one: the first option, false, or the middle of the range.",
}
BLOCKS = {
    "repeat": "How often the layers stand one after another, each time with draws of their own.",
    "index": "Another name for $i inside, which repeats within do not hide: with 'index: s', $s is 0, 1, 2 ...",
    "optional": "Whether the layers are there.",
    "choice": "One of these layers, blocks or groups.",
    "residual": "Layers whose result is added to what went in.",
    "branches": "Layers, blocks or groups side by side. Each gets what arrives.",
    "layers": "The layers of the block.",
    "group": "Layers under a common name.",
    "shortcut": "Layers on the way around. Without them a 1 x 1 convolution, where shapes differ.",
    "merge": "How branches become one. Default: concatenate",
    "name": "Its part of the names of parameters: letters, digits and '_', a letter first.",
    "default": "Name of the one that is the default. Without it, the first.",
}
KINDS = {
    "conv2d": "Convolution of an image",
    "depthwise_conv2d": "Convolution of each channel by itself",
    "separable_conv2d": "Convolution of each channel, then of all channels at a point",
    "max_pooling2d": "Largest value of each window",
    "average_pooling2d": "Mean of each window",
    "global_max_pooling2d": "Largest value of each channel: an image becomes a vector",
    "global_average_pooling2d": "Mean of each channel: an image becomes a vector",
    "zero_padding2d": "Zeros around an image",
    "cropping2d": "An image without its margins",
    "up_sampling2d": "A larger image",
    "flatten": "All values in a row: an image becomes a vector",
    "dense": "Every unit sees every value",
    "dropout": "Leaves out values at random while training",
    "spatial_dropout2d": "Leaves out whole channels at random while training",
    "alpha_dropout": "Dropout that keeps mean and variance, for selu",
    "gaussian_dropout": "Multiplies with random numbers around 1 while training",
    "gaussian_noise": "Adds random numbers around 0 while training",
    "batch_normalization": "Normalizes each channel over the batch",
    "layer_normalization": "Normalizes each image by itself",
    "group_normalization": "Normalizes groups of channels of each image",
    "rms_normalization": "Divides by the root of the mean square",
    "unit_normalization": "Makes vectors of length 1",
    "activation": "An activation as a layer",
    "cosine": "Falls along half a cosine",
    "linear": "Falls in a straight line",
    "constant": "Stays",
    "exponential": "Falls by the same share in every step",
    "one_cycle": "Rises, then falls along cosines",
    "plateau": "Falls whenever the score gets no better",
    "none": "No averaging",
    "ema": "Exponential moving average of the weights after each step",
    "swa": "Mean of the weights after each epoch from `start` on",
    "flip": "Mirrors half of the images",
    "shift": "Moves images by up to a share of their size",
    "rotate": "Turns images by up to so many degrees",
    "zoom": "Makes images larger or smaller by up to a share",
    "crop": "Pads images and cuts them at a random place",
    "brightness": "Makes images lighter or darker by up to a share",
    "contrast": "Changes contrast by up to a share",
    "erase": "Covers a random rectangle",
    "mixup": "Blends pairs of images and their labels",
    "cutmix": "Pastes a rectangle of one image into another, and mixes their labels",
}
"""What a thing is or does, without the full stop. Those that go by their Keras class are left out."""

ARGUMENTS = {
    "filters": "Channels of the result",
    "kernel_size": "Height and width of the window, or one number for both",
    "strides": "Steps of the window",
    "padding": "same keeps the size at stride 1, valid uses no pixels beyond the edge",
    "zero_padding2d.padding": "Rows and columns added at the edges",
    "crop.padding": "Pixels added at each edge",
    "dilation_rate": "Distance between the pixels that a window sees",
    "groups": "Groups of channels that see only each other",
    "activation": "Function of the result",
    "use_bias": "Whether a constant is added",
    "units": "Length of the result",
    "rate": "Share left out",
    "min_max_norm.rate": "How strictly weights are held",
    "pool_size": "Height and width of the window, or one number for both",
    "depth_multiplier": "Channels made of each channel",
    "cropping": "Rows and columns cut off at the edges",
    "size": "How many times larger",
    "interpolation": "How new pixels are made",
    "keepdims": "Whether it stays an image of 1 x 1",
    "stddev": "Standard deviation",
    "mean": "Mean",
    "epsilon": "Keeps divisions from zero",
    "momentum": "Share of the past in a moving average",
    "center": "Whether beta is learned and added",
    "scale": "Whether gamma is learned and multiplied",
    "variance_scaling.scale": "Factor",
    "negative_slope": "Slope below the threshold",
    "max_value": "Largest value",
    "min_value": "Smallest length of weights",
    "threshold": "Values below it are cut off",
    "shared_axes": "Axes that share one slope: 1 height, 2 width, 3 channels",
    "learning_rate": "Size of a step",
    "weight_decay": "Share of the weights taken off in each step",
    "clipnorm": "Most that the gradient of one weight tensor may be long",
    "clipvalue": "Most that each value of a gradient may be",
    "global_clipnorm": "Most that all gradients together may be long",
    "gradient_accumulation_steps": "Batches whose gradients make one step",
    "amsgrad": "Whether the largest second moment so far is used",
    "nesterov": "Whether the gradient is taken a step ahead",
    "centered": "Whether gradients are normalized by their variance",
    "beta_1": "Share of the past in the first moment",
    "beta_2": "Share of the past in the second moment",
    "rho": "Share of the past in the mean square of gradients",
    "initial_accumulator_value": "What squares of gradients are added to",
    "warmup": "Share of all steps in which the learning rate rises",
    "end": "Last learning rate, as a share of the optimizer's",
    "start": "First learning rate, as a share of the optimizer's",
    "swa.start": "Share of all epochs after which averaging starts",
    "factor": "What the learning rate is multiplied with",
    "patience": "Epochs without a better score",
    "min_delta": "Less is not better",
    "monitor": "The score that is watched",
    "direction": "Which way images are mirrored",
    "height": "Share of the height",
    "width": "Share of the width",
    "fill_mode": "What comes in from beyond the edge",
    "degrees": "Degrees either way",
    "by": "Share either way",
    "probability": "Share of the images",
    "smallest": "Smallest share of the image",
    "largest": "Largest share of the image",
    "gamma": "How much less easy images count",
    "alpha": "Shape of the distribution of shares: larger mixes more evenly",
    "elu.alpha": "Height below zero",
    "categorical_focal_crossentropy.alpha": "Weight of all classes",
    "l1": "Factor of the sum of absolute weights",
    "l2": "Factor of the sum of squared weights",
}
"""By name, or by thing and name where the name means something else there."""
LAST_WORDS = {
    "initializer": "Where {} start",
    "regularizer": "What large {} cost",
    "constraint": "What {} are held to",
}
"""`kernel_initializer`: where the kernel starts. By the last word of the name."""
WEIGHTS = {"kernel": "weights", "activity": "results"}


def kind_text(kind: str, signature: Signature) -> str:
    """`Keras's Conv2D: Convolution of an image`."""
    ours = KINDS.get(kind, "")
    if not signature.class_name:
        return ours or f"Keras's {kind}"
    return f"Keras's {signature.class_name}{f': {ours}' if ours else ''}"


def argument_text(kind: str, name: str, argument: Argument, *, ours: bool) -> str:
    """`Steps of the window. A whole number from 1, or a pair such as [3, 5]. Keras's default: [1, 1]`."""
    parts = [_meaning(kind, name), _sentence(rule_text(argument.rule))]
    if argument.required:
        parts.append("Needed")
    else:
        whose = "Default" if ours else "Keras's default"
        parts.append(f"{whose}: {flow(argument.default)}")
    return ". ".join(part for part in parts if part)


def _meaning(kind: str, name: str) -> str:
    first, _, last = name.rpartition("_")
    if last in LAST_WORDS and first:
        return LAST_WORDS[last].format(WEIGHTS.get(first, f"{first.replace('_', ' ')} weights"))
    return ARGUMENTS.get(f"{kind}.{name}") or ARGUMENTS.get(name, "")


def rule_text(rule: Rule) -> str:
    """What the rule's complaint says must be: `a number at least 0 and below 1`."""
    inner = rule.rule if isinstance(rule, OrNull) else rule
    inner = inner.name if isinstance(inner, NameOrObject) else inner
    if isinstance(inner, Name):
        text = inner.noun
    else:
        # Nothing keeps every rule; this is what each says of it.
        text = (inner.complaint({}) or "").removeprefix("must be ").split(". Got ")[0]
    return f"{text}, or null" if isinstance(rule, OrNull) else text


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
