"""Every stage a study can be in when its report is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.reports import samples
from tests.reports.confirmations import confirmed

if TYPE_CHECKING:
    from reports import Report

STAGES = {
    "finished": lambda: confirmed(samples.fashion(12)),
    "few trials": samples.digits,
    "eight slots": samples.eight_slots,
    "one slot": samples.one_slot,
    "untested": samples.untested,
    "running": samples.running,
    "just started": samples.started,
    "empty": samples.empty,
    "hostile names": samples.hostile,
    "two classes": lambda: samples.many_classes(2),
    "a hundred classes": lambda: samples.many_classes(100),
}


@pytest.fixture(scope="session")
def fashion() -> Report:
    return samples.fashion()


@pytest.fixture(scope="session")
def hostile() -> Report:
    return samples.hostile()


@pytest.fixture(scope="session", params=STAGES)
def any_stage(request: pytest.FixtureRequest) -> Report:
    return STAGES[request.param]()
