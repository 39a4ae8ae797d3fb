"""`forbid`: rules over parameters, read and held against the parameters that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from search_spaces.domains import Bool, Choice
from search_spaces.expressions import ExpressionError, Kind, check, parse_condition, resolve
from search_spaces.forbidding import Forbidden, Forbids
from search_spaces.nodes import INDEX, Literal
from search_spaces.parsing.frame import ForbidFrame, frame_problems
from search_spaces.walk import written_out

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from search_spaces.domains import Domain, Value
    from search_spaces.nodes import Tree
    from search_spaces.parsing.findings import Findings, Path
    from search_spaces.walk import Reachable


def read_forbids(findings: Findings, entries: list[Any], tree: Tree, known: Mapping[str, Reachable]) -> Forbids:
    """The rules; what is not right is reported and left out. `known`: every parameter by name."""
    constants = {
        name: variable.value
        for name, variable in tree.variables.items()
        if isinstance(variable, Literal) and isinstance(variable.value, bool | int | float | str)
    }
    settings = written_out(tree)
    indices = [int(each.strip("[]")) for name in [*known, *settings] for each in INDEX.findall(name)]
    kinds: dict[str, Kind] = dict.fromkeys(settings, "mixed")
    kinds |= {name: _kind(each.parameter.domain) for name, each in known.items()}
    kinds |= {f"variables.{name}": _kind_of([value]) for name, value in constants.items()}
    options = {
        name: domain.options for name, each in known.items() if isinstance(domain := each.parameter.domain, Choice)
    }
    rules = [_rule(findings, ("forbid", index), entry, kinds, options) for index, entry in enumerate(entries)]
    return Forbids(
        rules=tuple(rule for rule in rules if rule), constants=constants, n_indices=max(indices, default=-1) + 1
    )


def _rule(
    findings: Findings, path: Path, entry: Any, kinds: Mapping[str, Kind], options: Mapping[str, Sequence[Value]]
) -> Forbidden | None:
    entry = {"rule": entry} if isinstance(entry, str) else entry
    problems = frame_problems(ForbidFrame, entry)
    for where, text in problems:
        findings.report((*path, *where), text)
    if problems:
        return None
    try:
        condition = parse_condition(entry["rule"])
        complaints = check(condition, kinds, options)
    except ExpressionError as error:
        findings.report((*path, "rule"), str(error))
        return None
    for complaint in complaints:
        findings.report_or_set_aside(path, (*path, "rule"), complaint)
    if complaints:
        return None
    return Forbidden(condition=resolve(condition, kinds), because=entry.get("because", ""), place=findings.place(path))


def _kind(domain: Domain) -> Kind:
    match domain:
        case Choice():
            return _kind_of(list(domain.options))
        case Bool():
            return "bool"
        case _:
            return "number"


def _kind_of(values: list[Value]) -> Kind:
    kinds: set[Kind] = {
        "bool" if isinstance(value, bool) else "text" if isinstance(value, str) else "number" for value in values
    }
    return kinds.pop() if len(kinds) == 1 else "mixed"
