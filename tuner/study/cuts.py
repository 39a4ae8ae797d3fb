"""How often a run has died with a trial, and when that is taken for the trial's own fault."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuner.study.records import CURVE, CUTS, FOLDS, SETUP, STAYS, has_slot, stays_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from optuna.trial import FrozenTrial


def was_training(row: FrozenTrial) -> bool:
    """Whether the trial that a dead run left RUNNING had begun in that run, and was not only taken from the queue."""
    stays = row.user_attrs.get(STAYS)
    return SETUP in row.user_attrs and (not stays or has_slot(stays))


def cuts_of(row: FrozenTrial) -> list[int]:
    """The epochs or folds that it had each time that a run died with it, this time included."""
    gained = max(len(row.user_attrs.get(CURVE, {}).get("epochs", [])), len(row.user_attrs.get(FOLDS, [])))
    return [*row.user_attrs.get(CUTS, []), gained]


def is_to_blame(cuts: Sequence[int], n_together: int, retries: int) -> bool:
    """Whether run after run died with it without another epoch: it may be what kills them. Of several that ran together
    nobody knows which it was, so each gets as many more chances.
    """
    last = cuts[-1 - max(retries, 1) * n_together :]
    return len(last) > max(retries, 1) * n_together and len(set(last)) == 1


def last_seen(row: FrozenTrial) -> float | None:
    """The search time when it was last known to have its slot; None where it has had none."""
    stays = stays_of(row.user_attrs)
    return stays[-1].ended if stays else None
