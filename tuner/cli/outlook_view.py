"""The outlook of a study in words. A renderer: it reads no clock and no study."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tuner.cli.printing import score
from tuner.cli.wording import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tuner.outlook import Cost, Gain, Outlook

INTERVAL = 0.8
"""Share of the cases that lie between the ends that are told."""
SURE = f"{100 * INTERVAL:.0f} %"

WORDS = ((0.1, "very unlikely"), (0.33, "unlikely"), (0.66, "about as likely as not"), (0.9, "likely"))
"""Up to which chance which word stands. Source: Mastrandrea et al. 2010, IPCC guidance on the treatment of
uncertainties, table 1.
"""
MINUTE, HOUR = 60, 3600
LONG = 100
"""Beyond so many seconds minutes are told, beyond so many minutes hours."""
HARDLY, WELL = 0.1, 0.33
"""Chances of a gain that matters below which more trials are not worth their time, and above which they may be."""


def lines(outlook: Outlook) -> Iterator[str]:
    """One paragraph each."""
    yield _best(outlook)
    if outlook.gain is None:
        yield outlook.unknown
    else:
        yield _better(outlook, outlook.gain)
        yield _matters(outlook.gain)
    if outlook.cost is not None:
        yield _cost(outlook, outlook.cost)
    if outlook.gain is not None:
        yield _basis(outlook.gain, outlook.n_draws)
    yield from outlook.remarks


def document(outlook: Outlook) -> dict[str, Any]:
    """The same as plain JSON. Times are in seconds of search time, accuracies and chances between 0 and 1."""
    return {
        "trials_asked": outlook.asked,
        "trials_to_come": outlook.more,
        "trials_finished": outlook.n_finished,
        "configurations_left": outlook.left,
        "best": {"trial": outlook.best.number, "val_accuracy": outlook.best.score} if outlook.best else None,
        "interval": INTERVAL,
        "score": _gain_document(outlook.gain, outlook.n_draws) if outlook.gain else None,
        "unknown": outlook.unknown,
        "cost": _cost_document(outlook.cost) if outlook.cost else None,
        "remarks": list(outlook.remarks),
    }


def _gain_document(gain: Gain, n_draws: int) -> dict[str, Any]:
    return {
        "val_accuracy_median": round(gain.median, 6),
        "val_accuracy_low": round(gain.low, 6),
        "val_accuracy_high": round(gain.high, 6),
        "chance_of_better": gain.chance,
        "chance_of_better_by_standard_error": gain.chance_beyond_error,
        "standard_error_of_val_accuracy": round(gain.standard_error, 6),
        "scored_images": gain.n_images,
        "proposals": n_draws,
        "top_proposals": gain.n_top,
        "improvements": gain.n_improvements,
    }


def _cost_document(cost: Cost) -> dict[str, Any]:
    return {
        "seconds_median": round(cost.seconds, 1),
        "seconds_low": round(cost.low, 1),
        "seconds_high": round(cost.high, 1),
        "trials": cost.n_trials,
        "trials_pruned": cost.n_pruned,
        "trials_failed": cost.n_failed,
        "devices": cost.n_devices,
    }


def _best(outlook: Outlook) -> str:
    finished = f"{plural(outlook.n_finished, 'trial')} finished"
    if outlook.best is None:
        return f"No score so far; {finished}."
    return f"Best so far {score(outlook.best.score)} (trial {outlook.best.number}; {finished})."


def _better(outlook: Outlook, gain: Gain) -> str:
    if gain.low == gain.high:
        where = f"most likely the best stays at {score(gain.median)}"
    else:
        where = f"the best is then most likely between {score(gain.low)} and {score(gain.high)} ({SURE}), "
        where += f"{score(gain.median)} in the middle"
    return f"{_coming(outlook)}: a better score is {_word(gain.chance)} ({_percent(gain.chance)}); {where}."


def _matters(gain: Gain) -> str:
    if gain.chance_beyond_error < HARDLY:
        verdict = "more trials will hardly give a better model"
    elif gain.chance_beyond_error < WELL:
        verdict = "more trials may give a better model, but probably will not"
    else:
        verdict = "more trials may well give a better model"
    return (
        f"A gain beyond the score's own standard error (±{score(gain.standard_error)} on {gain.n_images:,} images) "
        f"is {_word(gain.chance_beyond_error)} ({_percent(gain.chance_beyond_error)}): {verdict}."
    )


def _cost(outlook: Outlook, cost: Cost) -> str:
    unit, size = _unit(cost.high)
    parts = [f"{n} {what}" for n, what in ((cost.n_pruned, "pruned"), (cost.n_failed, "failed")) if n]
    among = f", {' and '.join(parts)} among them" if parts else ""
    devices = f" on {cost.n_devices} devices" if cost.n_devices > 1 else ""
    return (
        f"{_coming(outlook)}: about {_short(cost.seconds / size)} {unit} "
        f"({_short(cost.low / size)} to {_short(cost.high / size)}, {SURE}), "
        f"told from the last {cost.n_trials}{devices}{among}."
    )


def _basis(gain: Gain, n_draws: int) -> str:
    return (
        f"Scores are told from {n_draws} proposals of the engine, the {gain.n_top} best of them and "
        f"{plural(gain.n_improvements, 'improvement')} in the later half, as if the search went on like that."
    )


def _coming(outlook: Outlook) -> str:
    if outlook.more < outlook.asked:
        return f"{plural(outlook.more, 'more trial')} (the space holds no more that were not tried)"
    return plural(outlook.more, "more trial")


def _word(chance: float) -> str:
    return next((word for most, word in WORDS if chance < most), "very likely")


def _percent(chance: float) -> str:
    """Never 0 or 100: nothing of this is certain."""
    if chance < 0.01:  # noqa: PLR2004 - one of a hundred
        return "below 1 %"
    return "above 99 %" if chance > 0.99 else f"{100 * chance:.0f} %"  # noqa: PLR2004


def _unit(seconds: float) -> tuple[str, int]:
    if seconds < LONG:
        return "s", 1
    return ("min", MINUTE) if seconds < LONG * MINUTE else ("h", HOUR)


def _short(value: float) -> str:
    return f"{value:.1f}" if value < 9.95 else f"{value:,.0f}"  # noqa: PLR2004 - two digits are enough
