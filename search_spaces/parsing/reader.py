"""A whole space file: read, checked part by part, every problem told in one go."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from typing import TYPE_CHECKING, Any

from search_spaces.nodes import Draw, Literal, Tree, without_indices
from search_spaces.parsing.context import SET, Context
from search_spaces.parsing.document import Unreadable, read_document
from search_spaces.parsing.domains import read_constant_or_domain
from search_spaces.parsing.extending import EXTENDS, dumped, extended
from search_spaces.parsing.findings import Findings, written
from search_spaces.parsing.forbidding import read_forbids
from search_spaces.parsing.frame import SpaceFrame, frame_problems
from search_spaces.parsing.layers import read_nodes
from search_spaces.parsing.training import read_training
from search_spaces.parsing.vocabulary import layers
from search_spaces.presets import accept, fill_in
from search_spaces.problems import SpaceError, suggestion
from search_spaces.space import Changes, Limits, Preset, SearchSpace
from search_spaces.structure import dead_ends
from search_spaces.walk import met, reachable, written_out
from search_spaces.wording import label, shown

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path as FilePath

    from search_spaces.domains import Value
    from search_spaces.forbidding import Forbids
    from search_spaces.parsing.findings import Path
    from search_spaces.walk import Reachable

FIX = "fix"
MADE_FROM = "made_from"
"""The file of which this is what came out, with all that it extends and all that was set or fixed beside it."""


def read_space(text: str, source: str, folder: FilePath | None = None, changes: Changes | None = None) -> SearchSpace:
    """The space that the text describes. SpaceError with all its problems where it describes none.

    Files that it extends are looked for in `folder`.
    """
    findings = Findings(source)
    try:
        data = read_document(text, findings)
    except Unreadable:
        raise SpaceError(findings.in_order()) from None
    changed_beside = bool(changes and (changes.set or changes.fix))
    comes_alone = not changed_beside and not (isinstance(data, dict) and EXTENDS in data)
    if isinstance(data, dict):
        data = extended(findings, data, folder)
        if data is None:
            raise SpaceError(findings.in_order())
        findings.changed = changed_beside or MADE_FROM in data
        data = _changed(findings, data, changes or Changes())
    for path, problem in frame_problems(SpaceFrame, data):
        findings.report(path, problem)
    if not isinstance(data, dict):
        raise SpaceError(findings.in_order())
    space = _space(findings, data)
    if space is None or findings.problems:
        raise SpaceError(findings.in_order())
    if comes_alone:
        return dataclasses.replace(space, text=text)
    kept = _fitting(data, space.tree, findings) | {MADE_FROM: findings.source}
    return dataclasses.replace(space, text=dumped(kept))


def _fitting(data: dict[str, Any], tree: Tree, findings: Findings) -> dict[str, Any]:
    """The data without what was set aside and without variables that are not used: by itself it would be refused."""
    unused = data.get("variables", {}).keys() - tree.variables.keys()
    left_out = set(findings.set_aside) | {("variables", name) for name in unused}
    left_out |= {(SET, f"variables.{name}") for name in unused}
    kept = {"presets": {}} | data
    for key in {str(path[0]) for path in left_out} & kept.keys():
        if isinstance(kept[key], list):
            kept[key] = [entry for index, entry in enumerate(kept[key]) if (key, index) not in left_out]
        else:
            kept[key] = {name: value for name, value in kept[key].items() if (key, name) not in left_out}
    return kept


def _changed(findings: Findings, data: dict[str, Any], changes: Changes) -> dict[str, Any]:
    """The data with what was given beside the file, which has the last word."""
    for key, given in ((SET, changes.set), (FIX, changes.fix)):
        if given and isinstance(data.get(key, {}), dict):
            data = data | {key: data.get(key, {}) | dict(given)}
            for name in given:
                findings.origins[key, name] = f"--{key} {name.replace(':', ' ')}"
                findings.places[key, name] = (1, 1)
    return data


# --- the parts --------------------------------------------------------------------------------------------------------


def _space(findings: Findings, data: dict[str, Any]) -> SearchSpace | None:
    tree = _tree(findings, data)
    if tree is None or findings.problems:
        return None
    for place, problem in dead_ends(tree):
        findings.report_place(place, problem)
    if findings.problems:
        return None
    known = {each.parameter.name: each for each in reachable(tree)}
    forbids = read_forbids(findings, data.get("forbid", []), tree, known)
    tree = dataclasses.replace(tree, fixed=_fixed(findings, data.get(FIX, {}), tree, known))
    if findings.problems:
        return None
    _check_default(findings, tree, forbids)
    presets = _presets(findings, data.get("presets", {}), tree, forbids)
    return SearchSpace(
        name=data["name"],
        description=data.get("description", ""),
        source=findings.source,
        text="",
        fingerprint=fingerprint(_fitting(data, tree, findings)),
        presets=presets,
        set_aside={_called(path): why for path, why in findings.set_aside.items()},
        limits=Limits(**data.get("limits", {})),
        forbids=forbids,
        tree=tree,
    )


def _tree(findings: Findings, data: dict[str, Any]) -> Tree | None:
    changes = _part(data, SET, dict)
    variables = _part(data, "variables", dict)
    context = Context(findings=findings, changes=changes)
    context = dataclasses.replace(context, variables=_variables(context.inside("variables"), variables))
    read = read_nodes(context, ("layers",), data["layers"], layers()) if isinstance(data.get("layers"), list) else ()
    training = read_training(context.inside("training"), ("training",), _part(data, "training", dict))
    for name in variables:
        # What an extended file or a setting given anew left over is no slip of this one.
        told = any(f"${name}" in problem.text for problem in findings.problems)  # its use was refused
        if name not in context.used and not (told or changes or findings.origin(("variables", name))):
            findings.report(("variables", name), f"is not used. Use it as ${name}, or take it out")
    for name in changes:
        if name not in context.settings:
            path, text = (SET, name), f"no such setting.{suggestion(name, context.settings)}"
            findings.report_or_set_aside(path, path, text)
    if findings.problems or training is None:
        return None
    sound = {name: variable for name, variable in context.variables.items() if variable and name in context.used}
    return Tree(layers=read, training=training, variables=sound)


def _called(path: Path) -> str:
    """A preset by its name, anything else by where it stands."""
    return str(path[-1]) if path[0] == "presets" else written(path)


def _part(data: dict[str, Any], key: str, wanted: type) -> Any:
    """The part, empty where the frame has already complained of it."""
    return data[key] if isinstance(data.get(key), wanted) else wanted()


def _variables(context: Context, data: dict[str, Any]) -> dict[str, Literal | Draw | None]:
    if "i" in data:
        context.findings.report(("variables", "i"), "$i is the number of a repetition. Take another name")
    read = {}
    for name, value in data.items():
        path, given = context.given(name, ("variables", name), value)
        read[name] = read_constant_or_domain(context.findings, path, given)
    return read


def _not_searched(name: str, tree: Tree) -> str:
    """What to do with a setting that has one value already; '' where there is none of the name."""
    settings = {without_indices(each): value for each, value in written_out(tree).items()}
    value = settings.get(without_indices(name))
    return "" if value is None else f"is not searched: it is {shown(value)}. Give it another value with 'set'"


def _fixed(findings: Findings, given: dict[str, Any], tree: Tree, known: Mapping[str, Reachable]) -> dict[str, Value]:
    """Values by parameter name, or by its name without indices where it holds for every repetition."""
    fixed = {}
    bare = {without_indices(name): each for name, each in known.items()}
    for name, value in given.items():
        path, each = (FIX, name), known.get(name) or bare.get(name)
        if each is None:
            hint = _not_searched(name, tree) or f"no such parameter.{suggestion(name, [*known, *bare])}"
            findings.report_or_set_aside(path, path, hint)
            continue
        try:
            fixed[name] = accept(each.parameter.domain, value)
        except ValueError as error:
            findings.report_or_set_aside(path, path, str(error))
    return fixed


def _check_default(findings: Findings, tree: Tree, forbids: Forbids) -> None:
    if findings.changed:
        return  # whoever fixes one half of a forbidden default wants the other half searched
    configuration, _ = fill_in(tree, {})
    if rule := forbids.broken(met(tree, configuration.values)):
        findings.report_place(rule.place, "the default configuration is forbidden by this rule. Change a default")


def _presets(findings: Findings, data: dict[str, Any], tree: Tree, forbids: Forbids) -> dict[str, Preset]:
    """The presets that fit: where a space was changed, not all of them need to."""
    presets = {}
    for name, content in data.items():
        values = content.get("values", {})
        configuration, mistakes = fill_in(tree, values)
        problems = [(mistake.parameter, mistake.text) for mistake in mistakes]
        if not problems and (rule := forbids.broken(met(tree, configuration.values))):
            problems = [("", f"is forbidden: {rule}")]
        part: Path = ("presets", name)
        for parameter, problem in problems:
            where = (*part, "values", parameter) if parameter else part
            findings.report_or_set_aside(part, where, problem)
            if part in findings.set_aside:
                findings.set_aside[part] = f"{parameter} {problem}".strip()
        if part in findings.set_aside:
            continue
        presets[name] = Preset(
            name=name,
            values={
                parameter: label(value) for parameter, value in values.items() if tree.fixed_value(parameter) is None
            },
            published={figure: float(value) for figure, value in content.get("published", {}).items()},
        )
    return presets


def fingerprint(data: dict[str, Any]) -> str:
    """SHA-256 over the content, hexadecimal, without what changes nothing that is tried; keys in any order."""
    content = {key: value for key, value in data.items() if key not in ("description", MADE_FROM)}
    content["presets"] = {name: preset.get("values", {}) for name, preset in data.get("presets", {}).items()}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()
