"""A value that is written out, or a domain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from search_spaces.domains import Bool, Choice, Domain, Float, Int
from search_spaces.nodes import Draw, Literal
from search_spaces.parsing.frame import BoolFrame, ChoiceFrame, FloatFrame, IntFrame, frame_problems
from search_spaces.presets import accept
from search_spaces.problems import suggestion
from search_spaces.wording import any_of, flow, label, shown

if TYPE_CHECKING:
    from pydantic import BaseModel

    from search_spaces.parsing.findings import Findings, Path

FRAMES: dict[str, type[BaseModel]] = {"choice": ChoiceFrame, "int": IntFrame, "float": FloatFrame, "bool": BoolFrame}
"""Keyword of a domain -> what may stand beside it."""


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


def _holds(data: Any, wanted: type) -> bool:
    return isinstance(data, wanted) or (isinstance(data, list) and any(_holds(entry, wanted) for entry in data))


def _holds_variable(data: Any) -> bool:
    if isinstance(data, list):
        return any(_holds_variable(entry) for entry in data)
    return isinstance(data, str) and data.startswith("$")
