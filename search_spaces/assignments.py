"""`name=value` from a command line: the value read as a space file would read it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from search_spaces.problems import Problem, SpaceError
from search_spaces.space import Changes
from search_spaces.wording import shown

if TYPE_CHECKING:
    from collections.abc import Sequence


def changes(to_set: Sequence[str] = (), to_fix: Sequence[str] = ()) -> Changes:
    """What `--set` and `--fix` ask for. SpaceError with everything that is wrong with them."""
    problems: list[Problem] = []
    both = [_assigned(option, texts, problems) for option, texts in (("--set", to_set), ("--fix", to_fix))]
    if problems:
        raise SpaceError(problems)
    return Changes(set=both[0], fix=both[1])


def _assigned(option: str, texts: Sequence[str], problems: list[Problem]) -> dict[str, Any]:
    from search_spaces.parsing.document import Unreadable, read_document
    from search_spaces.parsing.findings import Findings

    assigned: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        findings = Findings(f"{option} {name.replace(':', ' ')}")  # a colon ends the place of a problem
        if not equals or not name.strip():
            findings.report_at(1, 1, f"write {option} NAME=VALUE. Got {shown(text)}")
        elif name in assigned:
            findings.report_at(1, 1, f"{name} is given twice")
        else:
            with suppress(Unreadable):  # the findings tell
                # `{choice: [relu, elu]}` and `3` and `same`, as they would stand in a file after the colon.
                assigned[name] = read_document(value or "''", findings)
        problems += findings.in_order()
    return assigned
