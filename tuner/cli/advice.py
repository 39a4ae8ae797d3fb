"""What to type after a run that ended before its time. Each advice's last line is a command that gets further."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tuner.cli.words import called
from tuner.trial import FINISHED, Reason

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from tuner.opening import Request
    from tuner.study import Folder
    from tuner.trial import Trial

BRAKED = re.compile(r"there were (\d+) failures in a row")
"""How a study remembers that the brake ended its search, and how many failures it took."""


def farewell(request: Request) -> str:
    """After a signal."""
    folder = request.folder
    if not folder.database.exists():
        return f"interrupted before the study was begun. Begin again with:\n{request.command}"
    return f"interrupted; what was finished is kept. Go on with:\ntune resume {called(folder)}"


def after_mending(request: Request, reason: str) -> str:
    """After the brake, which `reason` set off; empty where the failures had several."""
    command = _command(request.folder, request.budget.trials, _n_finished(request.folder), reason)
    return f"When that is mended, go on with:\n{command}"


def after_brake(folder: Folder, run: Mapping[str, Any], trials: Sequence[Trial]) -> str:
    """The same command, of what a study remembers of its last run; '' where the brake did not end that."""
    braked = BRAKED.match(str(run.get("stopped_by", "")))
    if braked is None:
        return ""
    finished = sorted(
        (trial for trial in trials if trial.state in FINISHED), key=lambda trial: (trial.last_seen, trial.number)
    )
    reasons = {trial.reason for trial in finished[-int(braked[1]) :]}
    return _command(folder, run.get("trials", 0), len(finished), reasons.pop() if len(reasons) == 1 else "")


def _command(folder: Folder, asked: int, n_finished: int, reason: str) -> str:
    """Where failures have used up the budget, there must be more of it: a trial that failed is not tried again."""
    lifted = " --trial-timeout none" if reason == Reason.TIMEOUT else ""
    more = f" --trials {n_finished + asked}" if n_finished >= asked else ""
    return f"tune resume {called(folder)}{lifted}{more}"


def _n_finished(folder: Folder) -> int:
    """0 where the study cannot be read: why not was told already."""
    from tuner.errors import TuneError
    from tuner.study import look

    try:
        return look(folder).n_finished()
    except TuneError:
        return 0
