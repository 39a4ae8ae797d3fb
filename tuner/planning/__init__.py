"""What a search would cost and meet, told without training: sizes, memory, time. Knows no Keras."""

from tuner.planning.cases import Case, Cost, Hindrance, Setting, look_at
from tuner.planning.duration import Span, epoch_seconds, trial_seconds
from tuner.planning.forecast import Draws, Forecast, Hindered, draws_of, forecast
from tuner.planning.memory import training_memory
from tuner.planning.needs import needs
from tuner.planning.sharing import gain, network_of
from tuner.planning.speed import Speed, measure_speed
from tuner.planning.work import Images, Work, slots_of, work_of

__all__ = [
    "Case",
    "Cost",
    "Draws",
    "Forecast",
    "Hindered",
    "Hindrance",
    "Images",
    "Setting",
    "Span",
    "Speed",
    "Work",
    "draws_of",
    "epoch_seconds",
    "forecast",
    "gain",
    "look_at",
    "measure_speed",
    "needs",
    "network_of",
    "slots_of",
    "training_memory",
    "trial_seconds",
    "work_of",
]
