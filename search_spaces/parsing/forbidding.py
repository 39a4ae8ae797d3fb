"""`forbid`: rules over parameters, read and held against the parameters that there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from search_spaces.domains import Bool, Choice
from search_spaces.expressions import ExpressionError, Kind, check, parse_condition, resolve
from search_spaces.forbidding import Forbidden, Forbids
from search_spaces.nodes import INDEX, Literal
from search_spaces.parsing.frame import ForbidFrame, frame_problems

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    indices = [int(each.strip("[]")) for name in known for each in INDEX.findall(name)]
    rules = [_rule(findings, ("forbid", index), entry, known, constants) for index, entry in enumerate(entries)]
    return Forbids(
        rules=tuple(rule for rule in rules if rule), constants=constants, n_indices=max(indices, default=-1) + 1
    )


def _rule(
    findings: Findings, path: Path, entry: Any, known: Mapping[str, Reachable], constants: Mapping[str, Value]
) -> Forbidden | None:
    entry = {"rule": entry} if isinstance(entry, str) else entry
    problems = frame_problems(ForbidFrame, entry)
    for where, text in problems:
        findings.report((*path, *where), text)
    if problems:
        return None
    kinds = {name: _kind(each.parameter.domain) for name, each in known.items()}
    kinds |= {f"variables.{name}": _kind_of([value]) for name, value in constants.items()}
    options = {
        name: domain.options for name, each in known.items() if isinstance(domain := each.parameter.domain, Choice)
    }
    try:
        condition = parse_condition(entry["rule"])
        complaints = check(condition, kinds, options)
    except ExpressionError as error:
        complaints = [str(error)]
        inherited = False
    else:
        # A rule of an extended file over what this one has no more forbids nothing, and is no slip.
        inherited = bool(findings.origin(path))
    for complaint in () if inherited else complaints:
        findings.report((*path, "rule"), complaint)
    if complaints:
        return None
    return Forbidden(condition=resolve(condition, known), because=entry.get("because", ""), place=findings.place(path))


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
