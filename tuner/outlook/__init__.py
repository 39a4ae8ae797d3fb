"""What more trials of a study may bring and what they will cost, told from its own history. It trains nothing."""

from tuner.outlook.ahead import Circumstances, Outlook, look_ahead
from tuner.outlook.cost import Cost
from tuner.outlook.gain import Gain
from tuner.outlook.reading import outlook_of

__all__ = ["Circumstances", "Cost", "Gain", "Outlook", "look_ahead", "outlook_of"]
