"""The schema of one value: written out, a domain, a formula, or an object of Keras with arguments of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from search_spaces.parsing.scalars import FLOAT, INT
from search_spaces.rules import (
    Axes,
    Flag,
    Margins,
    Name,
    NameOrObject,
    Number,
    OrNull,
    Pair,
    Rule,
    WholeNumber,
)
from search_spaces.schema.definitions import Definitions, Schema, described, listed, mapping
from search_spaces.schema.descriptions import DOMAINS, argument_text, rule_text

if TYPE_CHECKING:
    from search_spaces.rules import Argument, Signature


def _number(kind: str, pattern: str, complaint: str) -> Schema:
    # With underscores, which are the parser's own, editors take a number for text.
    return {"type": [kind, "string"], "pattern": f"^(?=.*_)(?:{pattern})$", "patternErrorMessage": complaint}


WHOLE = _number("integer", INT.pattern, "must be a whole number")
DECIMAL = _number("number", FLOAT.pattern, "must be a number")


PLAIN = "plain_value"


# --- domains ----------------------------------------------------------------------------------------------------------


def _domain(keyword: str, content: Schema, **beside: Schema) -> Schema:
    """A domain: its keyword, and what may stand beside it."""
    properties = {keyword: content, **beside}
    return mapping({key: described(each, DOMAINS[key]) for key, each in properties.items()}, keyword)


def _choice(option: Schema, default: Schema, *, differing: bool) -> Schema:
    return _domain("choice", listed(option) | ({"uniqueItems": True} if differing else {}), default=default)


def _range(definitions: Definitions, keyword: str, end: Schema, step: Schema) -> Schema:
    ends = {"type": "array", "items": end, "minItems": 2, "maxItems": 2}
    log = definitions.add("log", {"type": "boolean"})
    return _domain(keyword, ends, log=log, step=definitions.add(f"{keyword}_step", step), default=end)


def _int_range(definitions: Definitions, bounds: Schema) -> Schema:
    return _range(definitions, "int", WHOLE | bounds, WHOLE | {"minimum": 1})


def _float_range(definitions: Definitions, bounds: Schema) -> Schema:
    step = DECIMAL | {"type": ["number", "string", "null"], "exclusiveMinimum": 0}
    return _range(definitions, "float", DECIMAL | bounds, step)


def _either() -> Schema:
    return _domain("bool", {"type": "null"}, default={"type": "boolean"})


# --- what may stand anywhere ------------------------------------------------------------------------------------------


def formula(definitions: Definitions) -> Schema:
    text = "A variable such as $width, or a formula of variables such as $width * 2."
    return definitions.add(
        "formula", {"description": text, "type": "string", "pattern": "\\$", "patternErrorMessage": "has no variable"}
    )


def plain(definitions: Definitions) -> Schema:
    """Any value that is written out."""
    types = ["null", "boolean", "number", "string", "array"]
    items = definitions.reference(PLAIN)
    return definitions.add(PLAIN, {"type": types, "pattern": "^(?!\\$)", "items": items})


def variable(definitions: Definitions) -> Schema:
    """A value that is written out, or any domain."""
    option = plain(definitions)
    domains = [
        _choice(option, option, differing=False),
        _int_range(definitions, {}),
        _float_range(definitions, {}),
        _either(),
    ]
    return definitions.add("variable", {"anyOf": [option, *domains]})


# --- what keeps a rule ------------------------------------------------------------------------------------------------


def arguments(definitions: Definitions, kind: str, signature: Signature) -> Schema:
    """A thing's arguments by name; bare where it is given none. Those that it needs may come by `set`."""
    properties = {
        name: _argument(definitions, kind, name, argument, ours=not signature.class_name)
        for name, argument in signature.arguments.items()
    }
    return mapping(properties, or_null=True)


def _argument(definitions: Definitions, kind: str, name: str, argument: Argument, *, ours: bool) -> Schema:
    text = argument_text(kind, name, argument, ours=ours)
    schema = described(value(definitions, argument.rule), text)
    # Keras's own default need not be spelt as a file spells it.
    if not argument.required and argument.rule.complaint(argument.default) is None:
        schema["default"] = argument.default
    return schema


def value(definitions: Definitions, rule: Rule, **limits: int) -> Schema:
    """What may stand where the rule holds. `limits` are JSON Schema's, for a count that may not be as high."""
    name = "_".join([_name(rule), *(f"{word}_{limit}" for word, limit in limits.items())])
    inner = rule.rule if isinstance(rule, OrNull) else rule
    null = [{"type": "null"}] if isinstance(rule, OrNull) else []
    written = _written(inner, limits)
    objects = [_object(definitions, inner)] if isinstance(inner, NameOrObject) else []
    options = [written, *null, *objects]
    choice = _choice(_any(options), _default(inner, written, null), differing=not objects)
    complaint = {"description": rule_text(rule)} if rule_text(rule) else {}
    ways = [*options, formula(definitions), choice, *_ranges(definitions, inner, limits)]
    return definitions.add(name, complaint | {"anyOf": ways})


def _any(ways: list[Schema]) -> Schema:
    return ways[0] if len(ways) == 1 else {"anyOf": ways}


def _default(rule: Rule, written: Schema, null: list[Schema]) -> Schema:
    """The default of a choice. Objects go by a name; lists and null may be given as `[3, 5]` or as "[3, 5]"."""
    match rule:
        case NameOrObject():
            return {"type": ["string", "null"]}
        case Pair() | Margins() | Axes():
            return _any([written, *null, {"type": "string"}])
        case _:
            return _any([written, *null, {"const": "null"}]) if null else written


def _object(definitions: Definitions, rule: NameOrObject) -> Schema:
    properties = {
        kind: described(
            definitions.add(f"{_name(rule.name)}_{kind}", arguments(definitions, kind, signature)),
            f"Keras's {signature.class_name}",
        )
        for kind, signature in rule.objects.items()
    }
    name = f"{_name(rule.name)}_with_arguments"
    return definitions.add(name, mapping(properties) | {"minProperties": 1, "maxProperties": 1})


def _written(rule: Rule, limits: Schema) -> Schema:
    """A value of the rule, written out."""
    match rule:
        case WholeNumber(also=also):
            number = WHOLE | _bounds(rule) | limits
            return {"anyOf": [number, {"enum": list(also)}]} if also else number
        case Number():
            return DECIMAL | _bounds(rule)
        case Flag():
            return {"type": "boolean"}
        case Name(names=names) | NameOrObject(name=Name(names=names)):
            return {"enum": list(names)}
        case Pair(low=low):
            number = WHOLE | {"minimum": low}
            return {"anyOf": [number, _two(number)]}
        case Margins():
            number = WHOLE | {"minimum": 0}
            return {"anyOf": [number, _two(number), _two(_two(number))]}
        case Axes():
            return listed(WHOLE | {"minimum": 1, "maximum": 3})
        case _:
            raise NotImplementedError(f"a rule that the schema does not know: {rule}")


def _two(items: Schema) -> Schema:
    return listed(items, 2) | {"maxItems": 2}


def _ranges(definitions: Definitions, rule: Rule, limits: Schema) -> list[Schema]:
    """Domains other than a choice that keep the rule if their ends do."""
    match rule:
        case WholeNumber(also=also):
            return [_int_range(definitions, {} if also else _bounds(rule) | limits)]
        case Number():
            return [_float_range(definitions, _bounds(rule)), _int_range(definitions, _bounds(rule))]
        case Flag():
            return [_either()]
        case Pair(low=low):
            return [_int_range(definitions, {"minimum": low})]
        case Margins():
            return [_int_range(definitions, {"minimum": 0})]
        case _:
            return []


def _bounds(rule: WholeNumber | Number) -> dict[str, Any]:
    if isinstance(rule, WholeNumber):
        return {"minimum": rule.low}
    ends = {
        "minimum": rule.low,
        "exclusiveMinimum": rule.above,
        "maximum": rule.high,
        "exclusiveMaximum": rule.below,
    }
    return {word: end for word, end in ends.items() if end is not None}


def _name(rule: Rule) -> str:
    """What the rule's definition is called: `number_above_0_or_null`."""
    match rule:
        case OrNull(rule=inner):
            return f"{_name(inner)}_or_null"
        case NameOrObject(name=name):
            return _name(name)
        case Name(noun=noun):
            return noun.split(" ", 1)[1].replace(" ", "_")
        case WholeNumber(low=low, also=also):
            return "_or_".join([f"whole_number_from_{low}", *map(str, also)])
        case Number(low=low, above=above, high=high, below=below):
            ends = {"from": low, "above": above, "to": high, "below": below}
            return "_".join(["number", *(f"{word}_{end:g}" for word, end in ends.items() if end is not None)])
        case Pair(low=low):
            return f"pair_from_{low}"
        case _:
            return type(rule).__name__.lower()
