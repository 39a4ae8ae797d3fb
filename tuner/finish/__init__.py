"""From a search to a result: the winner retrained, the test set opened once, the report written."""

from tuner.finish.report import make_report, write_report
from tuner.finish.retrain import retrain_winner

__all__ = ["make_report", "retrain_winner", "write_report"]
