"""Learning curves: the best trials, and the winner in its trial and in its retraining."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

from reports import drawing, text
from reports.page import Block, Plot, Plots, Prose, Section
from reports.standing import leader, ranking

if TYPE_CHECKING:
    from reports.report import Report, TrialRow

_BEST = 5


def section(report: Report) -> Section:
    drawn = [trial for trial in report.trials if trial.curve]
    blocks: list[Block] = []
    if drawn:
        blocks.append(Plots(items=_trials(report, drawn)))
    else:
        blocks.append(Prose(text=_why_none(report)))
    blocks += _winner(report)
    return Section(anchor="curves", title="Learning curves", blocks=tuple(blocks))


def _retraining(report: Report, first: TrialRow, what: Literal["accuracy", "loss"]) -> Plot:
    """Of a winner whose folds have no curves."""
    return Plot(
        name=f"winner_{what}",
        title=f"Trial {first.number}: {what} in its retraining",
        caption="On all training images, averaged while each epoch runs and with dropout on. No image was held out, so "
        "it does not show how good the model is.",
        alt=f"Training {what} of the retraining of trial {first.number} by epoch.",
        draw=partial(drawing.winner_curves, first, report.model.curve if report.model else (), what),
    )


def _why_none(report: Report) -> str:
    if report.cross_validation is None:
        return "No trial has ended an epoch yet, so there are no curves to draw."
    return "A fold is scored once, after its last epoch: candidates of a cross-validation have no curves."


def _trials(report: Report, drawn: list[TrialRow]) -> tuple[Plot, ...]:
    best = [trial for trial in ranking(report) if trial.curve][:_BEST] or drawn[:_BEST]
    others = [trial for trial in drawn if trial not in best]
    grey = " Grey lines are the other trials; those that stop early were pruned." if others else ""
    who = text.listed([f"trial {trial.number}" for trial in best])
    return (
        Plot(
            name="curves_accuracy",
            title="Validation accuracy by epoch",
            caption=f"How many validation images each trial got right after each pass over the training images.{grey}",
            alt=f"Validation accuracy by epoch of {who}.",
            draw=partial(drawing.trial_curves, best, others, "accuracy"),
        ),
        Plot(
            name="curves_loss",
            title="Validation loss by epoch",
            caption=f"{_loss(report)} A loss that turns upwards while the accuracy stands still is the first sign of "
            "overfitting.",
            alt=f"Validation loss by epoch of {who}.",
            draw=partial(drawing.trial_curves, best, others, "loss"),
        ),
    )


def _loss(report: Report) -> str:
    """What the curves of the loss show."""
    losses = report.search.losses
    if losses == ("categorical_crossentropy",):
        return "Cross-entropy in nats: lower is better, and confident mistakes cost most."
    named = text.listed([name.replace("_", " ") for name in losses])
    if len(losses) == 1:
        return f"The loss is {named}: lower is better."
    return f"Trials minimised different losses ({named}), whose values cannot be compared with each other."


def _winner(report: Report) -> list[Block]:
    first = leader(report)
    retrained = report.model.curve if report.model else ()
    if first is None or not (first.curve or retrained):
        return []
    if report.cross_validation:
        return [Plots(items=(_retraining(report, first, "accuracy"), _retraining(report, first, "loss")))]
    end = " The retraining, on training and validation images together, has no validation line." if retrained else ""
    name = f"Trial {first.number}"
    return [
        Plots(
            items=(
                Plot(
                    name="winner_accuracy",
                    title=f"{name}: training and validation accuracy",
                    caption="A gap that opens between training and validation is overfitting: the model learns its "
                    f"training images by heart. The upright line marks the epoch that scored best.{end}",
                    alt=f"Training and validation accuracy of trial {first.number} by epoch.",
                    draw=partial(drawing.winner_curves, first, retrained, "accuracy"),
                ),
                Plot(
                    name="winner_loss",
                    title=f"{name}: training and validation loss",
                    caption="The same for the loss. Training scores are averaged while an epoch runs and with "
                    "dropout on, so that they may well be worse than the validation scores at first.",
                    alt=f"Training and validation loss of trial {first.number} by epoch.",
                    draw=partial(drawing.winner_curves, first, retrained, "loss"),
                ),
            )
        )
    ]
