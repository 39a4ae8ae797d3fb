"""Whether the winner is more than the luckiest: the best trials under fresh seeds."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from reports import drawing, text
from reports.page import Block, Column, Plot, Plots, Prose, Section, Table
from reports.standing import validation_images

if TYPE_CHECKING:
    from reports.confirmed import Confirmation, ConfirmedTrial
    from reports.report import Report

SAME_IMAGES = (
    "All of this was scored on the same {images} validation images: what luck those brought is in every figure here."
)


def section(report: Report) -> Section | None:
    of = report.confirmation
    if of is None:
        return None
    winner, best = of.of(of.winner), of.of(of.best)
    if winner is None or best is None:
        blocks: tuple[Block, ...] = (Prose(text=_not_confirmed(of), tone="note"),)
    else:
        images = SAME_IMAGES.format(images=text.count(validation_images(report)))
        words = (_how(of), _who_wins(of, best, winner), f"{_luck(of, winner)} {images}")
        blocks = (*(Prose(text=each) for each in words), Plots(items=(_plot(of, winner),)), _table(of))
    return Section(anchor="confirmation", title="Confirmed under fresh seeds", blocks=blocks)


def _not_confirmed(of: Confirmation) -> str:
    if of.trials:
        return "Every attempt to train the best trials again failed: the winner has the best single score."
    return (
        f"The winner was not confirmed: {of.why}. It is the trial with the best single score, which is partly luck. "
        "tune resume STUDY --confirm 3 trains the best three again."
    )


def _how(of: Confirmation) -> str:
    trials = f"The {len(of.trials)} best trials were" if len(of.trials) > 1 else "The best trial was"
    failed = sum(score is None for each in of.trials for score in each.scores)
    are = "is" if failed == 1 else "are"
    lost = f" {text.plural(failed, 'training')} failed and {are} left out." if failed else ""
    return (
        f"{trials} trained again from scratch under {text.plural(of.repeats, 'fresh seed')} ({of.why}). The best score "
        f"of a search is partly luck; the mean under fresh seeds is not.{lost}"
    )


def _who_wins(of: Confirmation, best: ConfirmedTrial, winner: ConfirmedTrial) -> str:
    if len(of.trials) == 1:
        return f"Its mean is {_percent(best.mean)}."
    error = f"{100 * of.standard_error:.2f} points"
    rule = f"the smallest model whose mean is within one standard error ({error}) of the best one wins"
    if of.deviation is None:
        return f"Trial {winner.trial} has the best score, {_percent(winner.mean)}, and wins."
    if best.trial == winner.trial:
        return (
            f"Trial {best.trial} has the best mean, {_percent(best.mean)}, and no smaller model is within one standard "
            f"error ({error}) of it: it wins."
        )
    return (
        f"Trial {best.trial} has the best mean, {_percent(best.mean)}. But {rule}: trial {winner.trial} with "
        f"{_percent(winner.mean)} and {text.count(winner.parameters)} parameters, where the other has "
        f"{text.count(best.parameters)}."
    )


def _luck(of: Confirmation, winner: ConfirmedTrial) -> str:
    optimism = 100 * winner.optimism
    spread = "" if of.deviation is None else f"; the standard deviation over seeds is {100 * of.deviation:.2f} points"
    return (
        f"In the search trial {winner.trial} scored {_percent(winner.searched)}, {abs(optimism):.2f} points "
        f"{'more' if optimism >= 0 else 'less'} than its mean under fresh seeds{spread}."
    )


def _percent(share: float | None) -> str:
    return text.percent(share or 0.0, 2)


def _plot(of: Confirmation, winner: ConfirmedTrial) -> Plot:
    return Plot(
        name="confirmation",
        title="The best trials, trained again",
        caption="The cross is what a trial scored in the search, a ring one training under a fresh seed, the diamond "
        "their mean, with one standard error to either side. A cross to the right of its diamond was lucky. The large "
        "ring marks the winner.",
        alt=f"Scores of {text.plural(len(of.trials), 'trial')} in the search and under fresh seeds. The winner is "
        f"trial {winner.trial}: {_percent(winner.searched)} in the search, {_percent(winner.mean)} on average after.",
        draw=partial(drawing.confirmation, of),
    )


def _table(of: Confirmation) -> Table:
    numbers = [each.trial for each in of.trials]
    return Table(
        title="In numbers",
        columns=(
            Column(title="Trial", look="number"),
            Column(title="Parameters", look="number"),
            Column(title="In the search", look="number"),
            Column(title="Mean", look="number"),
            Column(title="Optimism, points", look="number"),
            *(Column(title=f"Seed {number + 1}", look="number") for number in range(of.repeats)),
        ),
        rows=tuple(_row(each) for each in of.trials),
        marked=numbers.index(of.winner) if of.winner in numbers else None,
    )


def _row(each: ConfirmedTrial) -> tuple[str, ...]:
    mean = each.mean
    return (
        str(each.trial),
        text.count(each.parameters),
        _percent(each.searched),
        "" if mean is None else _percent(mean),
        "" if mean is None else f"{100 * each.optimism:+.2f}",
        *("failed" if score is None else _percent(score) for score in each.scores),
    )
