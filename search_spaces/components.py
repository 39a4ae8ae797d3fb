"""What training is made of besides Keras's optimizers: schedules, losses, averaging, augmentation. Names and defaults.

What each of them does stands in docs/space-file.md; whoever trains does it. Defaults are written into configurations.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from search_spaces.rules import Argument, Name, Number, OrNull, Rule, Signature, WholeNumber

if TYPE_CHECKING:
    from collections.abc import Mapping

SHARE = Number(low=0, below=1)
POSITIVE_SHARE = Number(above=0, high=1)
AMOUNT = Number(low=0, high=1)
MONITOR = Name(noun="a monitored score", names=("val_loss", "val_accuracy"))
FILL_MODE = Name(noun="a fill mode", names=("constant", "nearest", "reflect", "wrap"))


def _component(**arguments: tuple[Rule, Any]) -> Signature:
    return Signature(
        class_name="",
        arguments={
            name: Argument(rule=rule, required=False, default=default) for name, (rule, default) in arguments.items()
        },
    )


SCHEDULES: Mapping[str, Signature] = {
    "constant": _component(warmup=(SHARE, 0.0)),
    "linear": _component(warmup=(SHARE, 0.0), end=(AMOUNT, 0.0)),
    # Source: Loshchilov and Hutter 2017, SGDR, without restarts.
    "cosine": _component(warmup=(SHARE, 0.0), end=(AMOUNT, 0.0)),
    "exponential": _component(warmup=(SHARE, 0.0), end=(POSITIVE_SHARE, 0.01)),
    # Source: Smith and Topin 2018, Super-Convergence; the defaults are PyTorch's, cosine both ways.
    "one_cycle": _component(warmup=(SHARE, 0.3), start=(POSITIVE_SHARE, 0.04), end=(AMOUNT, 4e-6)),
    "plateau": _component(
        warmup=(SHARE, 0.0),
        factor=(Number(above=0, below=1), 0.1),
        patience=(WholeNumber(low=1), 3),
        min_delta=(Number(low=0), 1e-4),
        monitor=(MONITOR, "val_loss"),
    ),
}
"""Learning rate over the training, in shares of the optimizer's. `warmup`: the share of all steps in which it rises."""

LOSSES: Mapping[str, Signature] = {
    "categorical_crossentropy": _component(),
    # Source: Lin et al. 2017, Focal Loss; the defaults are Keras's.
    "categorical_focal_crossentropy": _component(gamma=(Number(low=0), 2.0), alpha=(POSITIVE_SHARE, 0.25)),
    "kl_divergence": _component(),
    "mean_squared_error": _component(),
    "categorical_hinge": _component(),
}
"""Keras's names. Labels are one-hot where the loss needs it."""

AVERAGINGS: Mapping[str, Signature] = {
    "none": _component(),
    # Exponential moving average of the weights after each step.
    "ema": _component(momentum=(SHARE, 0.99)),
    # Plain average of the weights after each epoch from `start` on. Source: Izmailov et al. 2018.
    "swa": _component(start=(SHARE, 0.75)),
}

AUGMENTATIONS: Mapping[str, Signature] = {
    "flip": _component(direction=(Name(noun="a direction", names=("horizontal", "vertical", "both")), "horizontal")),
    "shift": _component(height=(AMOUNT, 0.1), width=(AMOUNT, 0.1), fill_mode=(FILL_MODE, "constant")),
    "rotate": _component(degrees=(Number(low=0, high=180), 10.0), fill_mode=(FILL_MODE, "constant")),
    "zoom": _component(by=(SHARE, 0.1), fill_mode=(FILL_MODE, "constant")),
    # Padded, then cut to the old size at a random place. Source: He et al. 2016, section 4.2.
    "crop": _component(padding=(WholeNumber(low=0), 4), fill_mode=(FILL_MODE, "constant")),
    "brightness": _component(by=(AMOUNT, 0.2)),
    "contrast": _component(by=(SHARE, 0.2)),
    # Source: Zhong et al. 2020, Random Erasing; shares of the image's area.
    "erase": _component(probability=(AMOUNT, 0.5), smallest=(POSITIVE_SHARE, 0.02), largest=(POSITIVE_SHARE, 0.2)),
    # Source: Zhang et al. 2018, mixup.
    "mixup": _component(alpha=(Number(low=0), 0.2)),
    # Source: Yun et al. 2019, CutMix.
    "cutmix": _component(alpha=(Number(low=0), 1.0)),
}
"""Done to training images as they are fed, one batch after another, never inside the model."""

CLASS_WEIGHTS = Name(noun="a way to weigh classes", names=("none", "balanced"))
LABEL_SMOOTHING = Number(low=0, below=1)

EARLY_STOPPING = _component(
    patience=(OrNull(rule=WholeNumber(low=1)), 5), min_delta=(Number(low=0), 0.0), monitor=(MONITOR, "val_loss")
)
"""Not a choice between kinds: settings of `training.early_stopping`. A patience of null is endless."""
