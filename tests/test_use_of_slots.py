"""What a study tells of its slots after it was stopped while a worker started, and resumed on other slots."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from fakes.job import Job, make

from reports import render_markdown
from tuner.cli.boundary import run_program
from tuner.control import Control
from tuner.errors import Interrupted
from tuner.events import Event, TrialBegan
from tuner.plan import Budget
from tuner.trial import TrialState

pytestmark = pytest.mark.usefixtures("unsynced")


@pytest.fixture
def job(home: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    return make(home, monkeypatch)


class StopsAtOnce(list[Event]):
    """Stops the run when its first trial has a slot, long before a worker could begin."""

    def __init__(self, control: Control) -> None:
        super().__init__()
        self.control = control

    def append(self, event: Event) -> None:
        super().append(event)
        if isinstance(event, TrialBegan):
            self.control.stop("it was interrupted")


def test_a_run_that_is_stopped_before_it_begins_and_resumed_with_other_workers_contradicts_itself_nowhere(
    job: Job, capsys: pytest.CaptureFixture[str]
) -> None:
    control = Control()
    job.events = StopsAtOnce(control)
    with pytest.raises(Interrupted):
        job.run({"seconds": 0.05, "loading": 0.5}, control=control, workers=1)
    (cut_off,) = job.trials
    (stay,) = cut_off.stays
    assert cut_off.state is TrialState.WAITING
    assert cut_off.waited == stay.waited > 0.5 * (stay.ended - stay.began)

    job.events = []
    outcome = job.run({"seconds": 0.05}, workers=2, budget=Budget(trials=4))
    names = sorted({each.slot for trial in job.trials for each in trial.stays})
    assert len(names) == 3
    assert len(job.trials[0].stays) == 2
    assert job.trials[0].waited == pytest.approx(sum(each.waited for each in job.trials[0].stays), abs=0.1)

    assert run_program(["show", "s", "--json"]) == 0
    use = json.loads(capsys.readouterr().out)["use"]
    stays = [each for trial in job.trials for each in trial.stays]
    assert use["slots"] == names
    assert use["trained"] + use["waited"] == pytest.approx(sum(each.ended - each.began for each in stays), abs=0.01)
    assert use["waited"] == pytest.approx(sum(each.waited for each in stays), abs=0.01)
    # What the first slot could have trained ended with the first run; the other two then began.
    assert (
        use["trained"] + use["waited"]
        <= use["seconds"]
        < stay.ended + 2 * (max(each.ended for each in stays) - stay.ended)
    )

    page = render_markdown(outcome.report)
    trained = f"{use['trained']:.1f} s"
    assert f"its 3 slots together trained for {trained} of the " in page
    assert f"All trials together trained for {trained}, " in page
    assert run_program(["show", "s"]) == 0
    shares = f"3 slots: {100 * use['trained'] / use['seconds']:.0f} % of the time training, "
    assert shares in " ".join(capsys.readouterr().out.split())


def test_what_the_slots_did_is_told_within_eighty_columns(job: Job, capsys: pytest.CaptureFixture[str]) -> None:
    job.run({"seconds": 0.05}, workers=2, budget=Budget(trials=4))
    assert run_program(["show", "s"]) == 0
    (line,) = (line for line in capsys.readouterr().out.splitlines() if "of the time training" in line)
    assert re.fullmatch(
        r"2 trials at once: \d+ % of the time training(, \d+ % starting processes)?(, \d+ % empty)?", line
    )
    assert len(line) <= 80
