"""Figures: values in, a matplotlib Figure in the light dress out. matplotlib is imported on first use."""

from reports.drawing.calibration import reliability
from reports.drawing.comparison import Line, best_so_far, cut_below, lines_of
from reports.drawing.confirmation import confirmation
from reports.drawing.confusion import MOST_CLASSES_WITH_NUMBERS, confusion, step_of_names
from reports.drawing.cross_validation import folds_by_candidate, rounds
from reports.drawing.curves import trial_curves, winner_curves
from reports.drawing.history import below_scale, history_by_time, history_by_trial
from reports.drawing.importance import importance
from reports.drawing.parallel import parallel
from reports.drawing.pareto import Point, scale_of, trade_off
from reports.drawing.profile import time_profile
from reports.drawing.scores import scores
from reports.drawing.slices import slices
from reports.drawing.slots import slots_over_time
from reports.drawing.studies import Score, scores_by_study

__all__ = [
    "MOST_CLASSES_WITH_NUMBERS",
    "Line",
    "Point",
    "Score",
    "below_scale",
    "best_so_far",
    "confirmation",
    "confusion",
    "cut_below",
    "folds_by_candidate",
    "history_by_time",
    "history_by_trial",
    "importance",
    "lines_of",
    "parallel",
    "reliability",
    "rounds",
    "scale_of",
    "scores",
    "scores_by_study",
    "slices",
    "slots_over_time",
    "step_of_names",
    "time_profile",
    "trade_off",
    "trial_curves",
    "winner_curves",
]
