"""What a fault test measured, kept for the evidence page: the fixture `measured`, and the hook that writes it down.

Where the environment variable FAULTS_EVIDENCE names a file, each figure and how its test ended are appended there as a
JSON line; `make faults` makes its page of them.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Measured = Callable[..., None]

FIGURES = pytest.StashKey[list[dict[str, object]]]()


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Measured:
    """`measured(17, target="0 lost", figure="0 of 40 lost")`: what the table's test 17 asks for, and what came out.

    To be called before the assertion that holds it, so that a figure that falls short is told too; `met=False` where
    the table asks for more than the test asserts.
    """

    def measure(number: int, *, target: str, figure: str, met: bool = True) -> None:
        sys.stdout.write(f"fault test {number}: target {target}; measured {figure}\n")
        request.node.stash.setdefault(FIGURES, []).append(
            {"number": number, "target": target, "figure": figure, "met": met}
        )

    return measure


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    report = yield
    if (report.when == "call" and not report.skipped) or report.failed:
        _keep(item, met=report.passed)
    return report


def _keep(item: pytest.Item, *, met: bool) -> None:
    """Appends a line for each figure of the test; one without a figure where it failed before it had any."""
    path = os.environ.get("FAULTS_EVIDENCE")
    early = [{"number": None, "target": "", "figure": "failed too early"}]
    promised = not met and "measured" in getattr(item, "fixturenames", ())
    figures = item.stash.get(FIGURES, early if promised else [])
    if not path or not figures:
        return
    tier = "N" if item.get_closest_marker("night") else "F"
    said = [{"test": item.nodeid, "tier": tier, **figure, "met": met and figure.get("met", True)} for figure in figures]
    lines = [json.dumps(each) + "\n" for each in said]
    with Path(path).open("a", encoding="utf-8") as file:
        file.write("".join(lines))
