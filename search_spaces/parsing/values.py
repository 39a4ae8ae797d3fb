"""A value of the file: written out, a domain, or a variable."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from search_spaces.domains import Bool, Choice, Domain, Float, Int
from search_spaces.extent import extent
from search_spaces.nodes import Draw, Expression, Index, Literal, Reference
from search_spaces.parsing.frame import BoolFrame, ChoiceFrame, FloatFrame, IntFrame, frame_problems
from search_spaces.presets import accept, label
from search_spaces.problems import suggestion
from search_spaces.wording import any_of, flow, shown

if TYPE_CHECKING:
    from pydantic import BaseModel

    from search_spaces.parsing.context import Context
    from search_spaces.parsing.findings import Findings, Path
    from search_spaces.rules import Rule

FRAMES: dict[str, type[BaseModel]] = {"choice": ChoiceFrame, "int": IntFrame, "float": FloatFrame, "bool": BoolFrame}
"""Keyword of a domain -> what may stand beside it."""

REFERENCE = re.compile(r"\$[A-Za-z_][A-Za-z0-9_]*")


def read_value(context: Context, path: Path, data: Any, rule: Rule) -> Expression | None:
    """The value at the path; None where it is not right, or breaks the rule of the argument that it is for."""
    expression: Expression | None
    if isinstance(data, str) and "$" in data:
        expression = _variable(context, path, data)
    else:
        expression = read_constant_or_domain(context.findings, path, data)
    if expression is None or not _keeps(context, path, expression, rule):
        return None
    return expression


def read_constant_or_domain(findings: Findings, path: Path, data: Any) -> Literal | Draw | None:
    """The value at the path where it must not be a variable."""
    if isinstance(data, dict):
        return read_domain(findings, path, data)
    if _holds(data, dict):
        findings.report(path, "a domain stands for a whole value, not for a part of a list")
        return None
    if _holds_variable(data):
        findings.report(path, "a variable stands for a whole value, and not within another variable's")
        return None
    return Literal(value=data)


# --- domains ----------------------------------------------------------------------------------------------------------


def read_domain(findings: Findings, path: Path, data: dict[str, Any]) -> Draw | None:
    """The domain that the mapping describes, with its default; None where it is not right."""
    keywords = [keyword for keyword in FRAMES if keyword in data]
    if len(keywords) != 1:
        got = f"'{next(iter(data))}'" if data and not keywords else any_of(keywords) if keywords else "nothing"
        hint = suggestion(next(iter(data)), FRAMES) if data and not keywords else ""
        findings.report(path, f"a domain has one of choice, int, float and bool. Got {got}.{hint}".rstrip("."))
        return None
    problems = frame_problems(FRAMES[keywords[0]], data)
    for where, text in problems:
        findings.report((*path, *where), text)
    if problems:
        return None
    return _draw(findings, path, data, keywords[0])


def _draw(findings: Findings, path: Path, data: dict[str, Any], keyword: str) -> Draw | None:
    meanings = {}
    if keyword == "choice":
        if not _options_are_plain(findings, path, data["choice"]):
            return None
        meanings = {flow(option): option for option in data["choice"] if option is None or isinstance(option, list)}
    try:
        domain = _domain(data, keyword)
    except ValueError as error:
        findings.report((*path, keyword), str(error))
        return None
    try:
        default = accept(domain, data["default"]) if "default" in data else domain.middle()
    except ValueError as error:
        findings.report((*path, "default"), str(error))
        return None
    return Draw(domain=domain, default=default, meanings=meanings, place=findings.place(path))


def _domain(data: dict[str, Any], keyword: str) -> Domain:
    match keyword:
        case "choice":
            return Choice(options=tuple(label(option) for option in data["choice"]))
        case "int":
            low, high = data["int"]
            return Int(low=low, high=high, log=data.get("log", False), step=data.get("step", 1))
        case "float":
            low, high = map(float, data["float"])
            return Float(low=low, high=high, log=data.get("log", False), step=data.get("step"))
        case _:
            return Bool()


def _options_are_plain(findings: Findings, path: Path, options: list[Any]) -> bool:
    for index, option in enumerate(options):
        if _holds(option, dict):
            text = f"options here are plain values. Only layers and optimizers are chosen whole. Got {shown(option)}"
            findings.report((*path, "choice", index), text)
            return False
        if _holds_variable(option):
            findings.report((*path, "choice", index), f"options are written out. Got {shown(option)}")
            return False
    return True


# --- variables --------------------------------------------------------------------------------------------------------


def _variable(context: Context, path: Path, data: str) -> Reference | Index | None:
    findings = context.findings
    if not REFERENCE.fullmatch(data):
        findings.report(path, f"'$name' stands alone: there is no arithmetic yet. Got {shown(data)}")
        return None
    name = data[1:]
    if name == "i":
        if context.repetitions is None:
            findings.report(path, "$i is the number of a repetition, and there is no repeat around it")
            return None
        return Index()
    if name not in context.variables:
        known = ", ".join(f"${variable}" for variable in context.variables) or "none"
        hint = suggestion(data, [f"${variable}" for variable in context.variables])
        findings.report(path, f"unknown variable {shown(data)}.{hint or f' Known: {known}'}")
        return None
    context.used.add(name)
    return Reference(variable=name) if context.variables[name] is not None else None


def _keeps(context: Context, path: Path, expression: Expression, rule: Rule) -> bool:
    """Whether all that the expression can come to keeps the rule. Reports the first that does not."""
    variables = {name: variable for name, variable in context.variables.items() if variable is not None}
    for index, value in enumerate(extent(expression, variables, context.repetitions or 0)):
        if complaint := rule.complaint(value):
            through = f" (${expression.variable})" if isinstance(expression, Reference) else ""
            is_choice = isinstance(expression, Draw) and isinstance(expression.domain, Choice)
            context.findings.report((*path, "choice", index) if is_choice else path, complaint + through)
            return False
    return True


def _holds(data: Any, wanted: type) -> bool:
    return isinstance(data, wanted) or (isinstance(data, list) and any(_holds(entry, wanted) for entry in data))


def _holds_variable(data: Any) -> bool:
    if isinstance(data, list):
        return any(_holds_variable(entry) for entry in data)
    return isinstance(data, str) and data.startswith("$")
