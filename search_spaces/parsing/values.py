"""The value of a setting: written out, a domain, a variable, a formula, or an object of Keras with its own settings."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from search_spaces.domains import Choice
from search_spaces.expressions import ExpressionError, Variable, names, parse_value, text
from search_spaces.expressions.terms import terms
from search_spaces.extent import extent, not_followed
from search_spaces.keras_table import keras_table
from search_spaces.nodes import (
    Draw,
    Expression,
    Formula,
    Index,
    Literal,
    Object,
    ObjectChoice,
    Reference,
    Setting,
)
from search_spaces.parsing.domains import FRAMES, read_constant_or_domain
from search_spaces.parsing.frame import unknown_key
from search_spaces.problems import suggestion
from search_spaces.rules import NameOrObject, OrNull
from search_spaces.wording import any_of, flow, free_name, shown

if TYPE_CHECKING:
    from collections.abc import Mapping

    from search_spaces.parsing.context import Context
    from search_spaces.parsing.findings import Path
    from search_spaces.rules import Rule, Signature

REFERENCE = re.compile(r"\$[A-Za-z_][A-Za-z0-9_]*")


# --- settings ---------------------------------------------------------------------------------------------------------


def read_arguments(context: Context, path: Path, content: Any, kind: str, signature: Signature) -> tuple[Setting, ...]:
    """The arguments at the path; the context is inside the thing that they are of."""
    if content is not None and not isinstance(content, dict):
        example = next(iter(signature.arguments), None)
        hint = f": {kind}: {{{example}: ...}}" if example else ". It has none"
        context.findings.report(path, f"arguments are named{hint}. Got {shown(content)}")
        return ()
    content = (content or {}) | dict.fromkeys(context.added())
    missing = [name for name, argument in signature.arguments.items() if argument.required and name not in content]
    if missing:
        context.findings.report(path, f"{kind} needs {' and '.join(missing)}")
    settings = [_setting(context, (*path, name), name, data, kind, signature) for name, data in content.items()]
    _check_clipping(context, path, kind, content)
    return tuple(setting for setting in settings if setting)


def _setting(context: Context, path: Path, name: str, data: Any, kind: str, signature: Signature) -> Setting | None:
    if name not in signature.arguments:
        path, _ = context.given(name, path, data)
        context.findings.report(path, _unknown_argument(name, kind, signature))
        return None
    rule = signature.arguments[name].rule
    expression = read_value(context, name, path, data, rule)
    return Setting(name=name, expression=expression, rule=rule) if expression else None


def _unknown_argument(name: str, kind: str, signature: Signature) -> str:
    if name in keras_table().withheld:
        return f"'{name}' is not for a space to set: {keras_table().withheld[name]}"
    known = ", ".join(signature.arguments) or "none"
    return f"{kind} has no argument '{shown(name)}'.{suggestion(name, signature.arguments) or f' Known: {known}'}"


def _check_clipping(context: Context, path: Path, kind: str, content: Mapping[str, Any]) -> None:
    # Keras's optimizers refuse more than one of them; null is not one.
    names = ("clipnorm", "clipvalue", "global_clipnorm")
    clips = [name for name in names if context.changes.get(context.name(name), content.get(name)) is not None]
    if len(clips) > 1 and kind in keras_table().optimizers:
        context.findings.report((*path, clips[1]), f"an optimizer clips one way. Got {' and '.join(clips)}")


def read_value(context: Context, name: str, path: Path, data: Any, rule: Rule) -> Expression | None:
    """The value of the setting; None where it is not right, or breaks the rule of what it is for.

    `name` is the last part of the setting's dotted name.
    """
    path, data = context.given(name, path, data)
    expression: Expression | None
    objects = _objects(rule)
    if objects is not None and _names_object(data, objects):
        expression = read_object(context.inside(name), path, data, objects)
    elif isinstance(data, str) and "$" in data:
        expression = _variable_or_formula(context, path, data)
    else:
        expression = read_constant_or_domain(context.findings, path, data)
    if expression is None or not _keeps(context, path, expression, rule):
        return None
    return expression


# --- objects of Keras -------------------------------------------------------------------------------------------------


def _objects(rule: Rule) -> Mapping[str, Signature] | None:
    """The objects that an argument of this rule can be given with arguments of their own."""
    inner = rule.rule if isinstance(rule, OrNull) else rule
    return inner.objects if isinstance(inner, NameOrObject) else None


def _names_object(data: Any, objects: Mapping[str, Signature]) -> bool:
    if not isinstance(data, dict):
        return False
    options = data.get("choice")
    if isinstance(options, list):
        return any(isinstance(option, dict) for option in options)
    return bool(data) and next(iter(data)) not in FRAMES and (len(data) == 1 or not objects.keys().isdisjoint(data))


def read_object(
    context: Context, path: Path, data: dict[str, Any], objects: Mapping[str, Signature]
) -> Object | ObjectChoice | None:
    """The object that is named, or the choice between names and objects; the context is inside the argument."""
    if "choice" not in data:
        return _object(context, path, data, next(iter(data)), objects)
    for key in [key for key in data if key not in ("choice", "default")]:
        context.findings.report((*path, key), unknown_key(key, ["choice", "default"]))
    names: list[str] = []
    options: dict[str, Literal | Object] = {}
    for index, option in enumerate(data["choice"]):
        where = (*path, "choice", index)
        if not isinstance(option, dict) and option in data["choice"][:index]:
            context.findings.report(where, f"options must differ. Got {shown(option)} twice")
            return None
        kind = next(iter(option), "") if isinstance(option, dict) else flow(option)
        name = free_name(str(kind), names)
        names.append(name)
        read = _object(context, where, option, name, objects) if isinstance(option, dict) else Literal(value=option)
        if read:
            options[name] = read
    default = flow(data.get("default", names[0]))
    if default not in names:
        context.findings.report((*path, "default"), f"must be {any_of(names)}. Got {shown(default)}")
        return None
    if len(options) < len(names):
        return None
    draw = Draw(domain=Choice(options=tuple(names)), default=default, place=context.findings.place(path))
    return ObjectChoice(draw=draw, options=options)


def _object(
    context: Context, path: Path, data: dict[str, Any], name: str, objects: Mapping[str, Signature]
) -> Object | None:
    kind = next(iter(data), "")
    if len(data) > 1:
        context.findings.report(path, f"one is named here, with its arguments. Got {' and '.join(map(shown, data))}")
        return None
    if kind not in objects:
        hint = suggestion(str(kind), objects) or f" Known: {', '.join(objects)}."
        context.findings.report(path, f"what takes arguments here is one of {len(objects)}.{hint} Got {shown(data)}")
        return None
    # Its arguments' names: activation.leaky_relu.negative_slope
    settings = read_arguments(context.inside(name), (*path, kind), data[kind], kind, objects[kind])
    return Object(name=name, kind=kind, settings=settings)


# --- variables --------------------------------------------------------------------------------------------------------


def _variable_or_formula(context: Context, path: Path, data: str) -> Reference | Index | Formula | None:
    try:
        expression = parse_value(data)
    except ExpressionError as error:
        cut_off = ". In braces a formula with a comma needs quotes" if data.count("(") > data.count(")") else ""
        context.findings.report(path, f"{error}{cut_off}")
        return None
    used = names(expression)
    if not all([_known(context, path, name) for name in sorted(used)]):  # noqa: C419 - each is told
        return None
    if REFERENCE.fullmatch(data.strip()):
        (name,) = used
        return Index(name=name) if name in context.indices else Reference(variable=name)
    in_order = [term.name for term in terms(expression) if isinstance(term, Variable)]
    return Formula(expression=expression, variables=tuple(dict.fromkeys(in_order)))


def _known(context: Context, path: Path, name: str) -> bool:
    if name in context.indices:
        return True
    if name == "i":
        context.findings.report(path, "$i is the number of a repetition, and there is no repeat around it")
        return False
    if name not in context.variables:
        known = [f"${variable}" for variable in [*context.variables, *context.indices]]
        hint = suggestion(f"${name}", known) or f" Known: {', '.join(known) or 'none'}"
        context.findings.report(path, f"unknown variable ${shown(name)}.{hint}")
        return False
    context.used.add(name)
    return context.variables[name] is not None


def _keeps(context: Context, path: Path, expression: Expression, rule: Rule) -> bool:
    """Whether all that the expression can come to keeps the rule. Reports the first that does not."""
    variables = {name: variable for name, variable in context.variables.items() if variable is not None}
    try:
        if isinstance(expression, Formula) and (complaint := not_followed(expression, variables, context.indices)):
            context.findings.report(path, complaint)
            return False
        values = extent(expression, variables, context.indices)
    except ExpressionError as error:
        context.findings.report(path, str(error))
        return False
    for index, value in enumerate(values):
        if complaint := rule.complaint(value):
            context.findings.report(_blamed(path, expression, index), complaint + _through(expression, rule))
            return False
    return True


def _blamed(path: Path, expression: Expression, index: int) -> Path:
    if isinstance(expression, ObjectChoice):
        options = list(expression.options.values())
        return (*path, "choice", [at for at, each in enumerate(options) if isinstance(each, Literal)][index])
    is_choice = isinstance(expression, Draw) and isinstance(expression.domain, Choice)
    return (*path, "choice", index) if is_choice else path


def _through(expression: Expression, rule: Rule) -> str:
    match expression:
        case Literal(value=[first, *_] as options) if not rule.complaint(first):
            return f". To search them: {shown({'choice': options})}"
        case Reference():
            return f" (${expression.variable})"
        case Formula():
            return f" ({text(expression.expression)})"
        case _:
            return ""
