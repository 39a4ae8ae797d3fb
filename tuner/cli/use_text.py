"""How a study used its slots, in a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports import text
from reports.occupancy import use_of
from tuner.finish.rows import row
from tuner.trial import TrialState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tuner.trial import Trial


def use_text(trials: Sequence[Trial], seconds: float) -> str:
    """`2 slots: trained 92.3 %, waited 1.5 % of 5 min 31 s; most memory 1.25 GB, GPU 3.38 GB`, of a search that took
    so many seconds; '' where nothing is known.
    """
    rows = [row(trial, None) for trial in trials if trial.state is not TrialState.TURNED_DOWN]
    parts = []
    if use := use_of(rows, seconds):
        shares = f"trained {text.percent(use.utilisation)}, waited {text.percent(use.waiting)}"
        parts.append(f"{text.plural(len(use.slots), 'slot')}: {shares} of {text.span(use.seconds)}")
    host = max((trial.memory for trial in trials), default=0)
    device = max((trial.device_memory for trial in trials), default=0)
    if host:
        parts.append(f"most memory {text.memory(host)}{f', GPU {text.memory(device)}' if device else ''}")
    return "; ".join(parts)
