"""The failure brake: when it ends a run, and what it says."""

from pathlib import Path

import pytest

from tuner.braking import Brake, Braked

LOGS = Path("/studies/s/logs")


def ended(*reasons: str, at_start: bool = True) -> Braked:
    brake = Brake(LOGS)
    *before, last = reasons
    for reason in before:
        brake.failure(reason, f"a {reason}", at_start=at_start)
    with pytest.raises(Braked) as raised:
        brake.failure(last, f"a {last}", at_start=at_start)
    return raised.value


def test_it_says_where_the_workers_words_stand() -> None:
    braked = ended("crash", "crash", "crash")
    assert str(braked) == f"3 failures in a row, the first: a crash. What the workers said stands in {LOGS}."
    assert (braked.why, braked.reason) == ("3 failures in a row, the first: a crash", "crash")


def test_trials_that_took_too_long_are_to_be_given_more_time() -> None:
    braked = ended("timeout", "timeout", "timeout")
    assert "raise --trial-timeout, or lift it with --trial-timeout none" in str(braked)


def test_failures_of_several_kinds_have_no_common_reason() -> None:
    assert ended(*["timeout"] * 9, "crash", at_start=False).reason == ""
