"""Words of results and of trouble."""

from dataclasses import replace

from tests.reports import samples
from tuner.cli.wording import chosen_text, explained


def test_a_winner_that_did_not_train_to_its_end_is_said_to_be_one() -> None:
    report = samples.digits()
    assert chosen_text(report, 1) == "trial 1, chosen among 3 trials: optimistic"
    states = ("failed", "pruned", "waiting")
    without = replace(
        report, trials=tuple(replace(row, state=state) for row, state in zip(report.trials, states, strict=True))
    )
    assert [chosen_text(without, number) for number in range(3)] == [
        "trial 0, which failed, chosen for want of a complete one: optimistic",
        "trial 1, which was pruned, chosen for want of a complete one: optimistic",
        "trial 2, which was cut off, chosen for want of a complete one: optimistic",
    ]
    assert chosen_text(replace(report, trials=report.trials[:1]), 0) == "trial 0, chosen among 1 trial: optimistic"


def test_a_process_that_was_killed_is_told_with_who_may_have_done_it() -> None:
    killed = "its process was ended by SIGKILL"
    assert explained(killed) == f"{killed} (by somebody, or by the system for want of memory)"
    assert explained(f"memory ran out: {killed}") == f"memory ran out: {killed}"
    assert explained("its process was ended by SIGSEGV") == "its process was ended by SIGSEGV"
