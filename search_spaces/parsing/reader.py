"""A whole space file: read, checked part by part, every problem told in one go."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from search_spaces.nodes import Draw, Literal, Tree
from search_spaces.parsing.context import Context
from search_spaces.parsing.document import Unreadable, read_document
from search_spaces.parsing.findings import Findings
from search_spaces.parsing.frame import SpaceFrame, frame_problems
from search_spaces.parsing.layers import read_layers
from search_spaces.parsing.training import read_training
from search_spaces.parsing.values import read_constant_or_domain
from search_spaces.presets import fill_in, label
from search_spaces.problems import SpaceError
from search_spaces.space import Limits, Preset, SearchSpace
from search_spaces.structure import dead_ends


def read_space(text: str, source: str) -> SearchSpace:
    """The space that the text describes. SpaceError with all its problems where it describes none."""
    findings = Findings(source)
    try:
        data = read_document(text, findings)
    except Unreadable:
        raise SpaceError(findings.in_order()) from None
    for path, problem in frame_problems(SpaceFrame, data):
        findings.report(path, problem)
    tree = _tree(findings, data) if isinstance(data, dict) else None
    if tree and not findings.problems:
        _check_whole(findings, data, tree)
    if tree is None or findings.problems:
        raise SpaceError(findings.in_order())
    return _space(data, tree, text, findings.source)


def _tree(findings: Findings, data: dict[str, Any]) -> Tree | None:
    variables = _part(data, "variables", dict)
    context = Context(findings=findings, variables=_variables(findings, variables))
    layers = read_layers(context, ("layers",), data["layers"]) if isinstance(data.get("layers"), list) else ()
    training = read_training(context, ("training",), _part(data, "training", dict))
    for name in variables:
        if name not in context.used:
            findings.report(("variables", name), f"is not used. Use it as ${name}, or take it out")
    if findings.problems or training is None:
        return None
    sound = {name: variable for name, variable in context.variables.items() if variable}
    return Tree(layers=layers, training=training, variables=sound)


def _part(data: dict[str, Any], key: str, wanted: type) -> Any:
    """The part, empty where the frame has already complained of it."""
    return data[key] if isinstance(data.get(key), wanted) else wanted()


def _variables(findings: Findings, data: dict[str, Any]) -> dict[str, Literal | Draw | None]:
    if "i" in data:
        findings.report(("variables", "i"), "$i is the number of a repetition. Take another name")
    return {name: read_constant_or_domain(findings, ("variables", name), value) for name, value in data.items()}


def _check_whole(findings: Findings, data: dict[str, Any], tree: Tree) -> None:
    """What can be seen only when the parts are right."""
    for place, text in dead_ends(tree):
        findings.report_place(place, text)
    if findings.problems:
        return
    for name, preset in (data.get("presets") or {}).items():
        for mistake in fill_in(tree, preset.get("values", {}))[1]:
            findings.report(("presets", name, "values", mistake.parameter), mistake.text)


def _space(data: dict[str, Any], tree: Tree, text: str, source: str) -> SearchSpace:
    presets = {
        name: Preset(
            name=name,
            values={parameter: label(value) for parameter, value in preset.get("values", {}).items()},
            published={figure: float(value) for figure, value in preset.get("published", {}).items()},
        )
        for name, preset in data.get("presets", {}).items()
    }
    return SearchSpace(
        name=data["name"],
        description=data.get("description", ""),
        source=source,
        text=text,
        fingerprint=fingerprint(data),
        presets=presets,
        limits=Limits(parameters=data.get("limits", {}).get("parameters")),
        tree=tree,
    )


def fingerprint(data: dict[str, Any]) -> str:
    """SHA-256 over the content, hexadecimal, without what changes nothing that is tried; keys in any order."""
    content = {key: value for key, value in data.items() if key != "description"}
    content["presets"] = {name: preset.get("values", {}) for name, preset in data.get("presets", {}).items()}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
