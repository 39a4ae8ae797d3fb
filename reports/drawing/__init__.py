"""Figures: values in, a matplotlib Figure in the light dress out. matplotlib is imported on first use."""

from reports.drawing.confusion import MOST_CLASSES_WITH_NUMBERS, confusion, step_of_names
from reports.drawing.curves import trial_curves, winner_curves
from reports.drawing.history import below_scale, history_by_time, history_by_trial
from reports.drawing.importance import importance
from reports.drawing.scores import scores

__all__ = [
    "MOST_CLASSES_WITH_NUMBERS",
    "below_scale",
    "confusion",
    "history_by_time",
    "history_by_trial",
    "importance",
    "scores",
    "step_of_names",
    "trial_curves",
    "winner_curves",
]
