"""How a study used its slots, in a line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reports import text
from reports.occupancy import use_of
from tuner.finish.rows import row
from tuner.trial import TrialState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from reports.occupancy import Use
    from tuner.trial import Trial


def use_text(trials: Sequence[Trial]) -> str:
    """`2 slots: trained 92.3 %, waited 1.5 % of the 11 min 02 s from the first to the last trial of each; most memory
    1.25 GB, GPU 3.38 GB`; '' where nothing is known.
    """
    parts = []
    if use := _use(trials):
        shares = f"trained {text.percent(use.utilisation)}, waited {text.percent(use.waiting)}"
        each = "its first to its last trial" if len(use.slots) == 1 else "the first to the last trial of each"
        parts.append(f"{text.plural(len(use.slots), 'slot')}: {shares} of the {text.span(use.seconds)} from {each}")
    host = max((trial.memory for trial in trials), default=0)
    device = max((trial.device_memory for trial in trials), default=0)
    if host:
        parts.append(f"most memory {text.memory(host)}{f', GPU {text.memory(device)}' if device else ''}")
    return "; ".join(parts)


def use_document(trials: Sequence[Trial]) -> dict[str, Any] | None:
    """The slots by name; in seconds of all of them together, how long trials trained and waited there, and how long
    they were there. None where it is not known.
    """
    use = _use(trials)
    if use is None:
        return None
    seconds = {"trained": use.trained, "waited": use.waited, "seconds": use.seconds}
    return {"slots": list(use.slots), **{name: round(value, 3) for name, value in seconds.items()}}


def _use(trials: Sequence[Trial]) -> Use | None:
    return use_of([row(trial, None) for trial in trials if trial.state is not TrialState.TURNED_DOWN])
