"""The same slips at every place where they can be made: in each layer, each argument, each key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from malformed.case import Row, cases_of
from malformed.good import GOOD, RICH
from search_spaces.components import AUGMENTATIONS, AVERAGINGS, LOSSES, SCHEDULES
from search_spaces.keras_table import keras_table
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
    Signature,
    WholeNumber,
)

FIRST_LAYER = "  - repeat: $depth"
LAST_LAYER = "  - dense: {units: 64, activation: relu}"
EPOCHS = "  epochs: 5"
OPTIMIZER = "  optimizer: {adamw: {learning_rate: 0.01}}"
ENOUGH: dict[str, dict[str, Any]] = {
    kind: {name: 0.5 if name == "rate" else 2 for name, each in signature.arguments.items() if each.required}
    for kind, signature in keras_table().layers.items()
} | {"activation": {"activation": "relu"}}
"""Arguments without which the layer cannot be."""


def wrong_values(rule: Rule) -> list[tuple[str, Any, str]]:
    """(what is expected, what is no such thing, part of the message)."""
    match rule:
        case OrNull():
            return wrong_values(rule.rule)
        case WholeNumber():
            return [("whole number", "few", "must be a"), ("whole number", -7, "must be a")]
        case Number():
            return [("number", "few", "must be a number"), ("number", [1], "must be a number")]
        case Flag():
            return [("flag", "perhaps", "must be true or false"), ("flag", 1, "must be true or false")]
        case Name() | NameOrObject():
            return [("name", 5, "must be"), ("name", "nobody", "must be")]
        case Pair() | Margins():
            return [("pair", [1, 2, 3], "must be a whole number from"), ("pair", "wide", "must be a whole number from")]
        case Axes():
            return [("list of axes", [4], "must be a list of axes"), ("list of axes", "all", "must be a list of axes")]
    raise AssertionError(rule)


def flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key}: {flow(each)}' for key, each in value.items())}}}"
    return str(value).lower() if isinstance(value, bool) else str(value)


def in_layers() -> Iterator[Row]:
    for kind, signature in keras_table().layers.items():
        enough = ENOUGH[kind]
        yield (
            f"an unknown argument: of {kind}",
            FIRST_LAYER,
            f"  - {kind}: {flow(enough | {'nonsense': 1})} #!\n{FIRST_LAYER}",
            f"{kind} has no argument 'nonsense'",
        )
        for name, argument in signature.arguments.items():
            for expected, wrong, message in wrong_values(argument.rule):
                yield (
                    f"no {expected}: in {kind}.{name}, {wrong}",
                    FIRST_LAYER,
                    f"  - {kind}: {flow(enough | {name: wrong})} #!\n{FIRST_LAYER}",
                    f"{kind}.{name}: {message}",
                )
        if kind.endswith("2d"):
            yield (
                f"an image layer after a vector: {kind}",
                LAST_LAYER,
                f"  - {kind}: {flow(enough)} #!\n{LAST_LAYER}",
                f"{kind} needs an image, but what arrives is a vector",
            )
    for name, reason in keras_table().withheld.items():
        yield (
            f"an argument that a space may not set: {name}",
            LAST_LAYER,
            f"  - dense: {{units: 64, {name}: 1}}",
            reason,
        )


def in_the_training() -> Iterator[Row]:
    tables = {"schedule": SCHEDULES, "loss": LOSSES, "averaging": AVERAGINGS}
    for part, table in tables.items():
        for name, arguments, message in wrong_arguments(table):
            yield f"{name}, in {part}", EPOCHS, f"{EPOCHS}\n  {part}: {arguments} #!", message
    for name, arguments, message in wrong_arguments(AUGMENTATIONS):
        yield f"{name}, in augmentation", EPOCHS, f"{EPOCHS}\n  augmentation:\n    - {arguments} #!", message


def in_the_optimizer() -> Iterator[Row]:
    for name, arguments, message in wrong_arguments(keras_table().optimizers):
        yield f"{name}, in optimizer", OPTIMIZER, f"  optimizer: {arguments} #!", message


def wrong_arguments(table: Mapping[str, Signature]) -> Iterator[tuple[str, str, str]]:
    """(what is wrong, the thing with its arguments, part of the message)."""
    for kind, signature in table.items():
        yield (
            f"an unknown argument: of {kind}",
            f"{{{kind}: {{nonsense: 1}}}}",
            f"{kind} has no argument 'nonsense'",
        )
        for name, argument in signature.arguments.items():
            expected, wrong, message = wrong_values(argument.rule)[0]
            yield f"no {expected}: in {kind}.{name}", f"{{{kind}: {{{name}: {flow(wrong)}}}}}", f"{name}: {message}"


WORDS = [
    "repeat",
    "optional",
    "choice",
    "layers",
    "residual",
    "shortcut",
    "branches",
    "merge",
    "name",
    "default",
    "variables",
    "training",
]
SCALARS = {
    "the name": ("name: good", "good"),
    "the description": ("description: A space with one of everything", "A space with one of everything"),
    "an argument": ("kernel_size: 3", "3"),
    "an argument in braces": ("units: 64", "64"),
    "the epochs": ("epochs: 5", "5"),
    "a limit": ("parameters: 100_000", "100_000"),
    "a preset's value": ("variables.depth: 1", "1"),
    "a figure": ("test_accuracy: 0.9", "0.9"),
}


def in_the_frame() -> Iterator[Row]:
    for word in WORDS:
        yield f"a name that is a word of the language: {word}", "name: ending", f"name: {word} #!", "is a word of the"
    for where, (old, value) in SCALARS.items():
        for kind, wrong, message in [
            ("a tag", f"!!str {value}", "tags are not allowed"),
            ("an anchor", f"&a {value}", "anchors are not allowed"),
            ("an alias", "*a", "aliases are not allowed"),
            ("a number of 5000 digits", "9" * 5000, "at most 18 characters"),
            ("no number", ".nan", "numbers must be finite"),
            ("half of a character", '"\\uD83D"', "half of a character"),
            ("a character that is none", f"{value}\x07", "has no place in a file"),
        ]:
            yield f"{kind}: at {where}", old, old.replace(value, wrong), message


def in_the_keys() -> Iterator[Row]:
    for where, old, indent in [
        ("at the top", "limits: {", ""),
        ("in the training", "  epochs: 10", "  "),
        ("in a rule", "    because: it was slow", "    "),
        ("in a preset", "    values: {variables.width: 32}", "    "),
    ]:
        yield f"an unknown key: {where}", old, f"{indent}nonsense: 1 #!\n{old}", "unknown key 'nonsense'"
        yield f"a key twice: {where}", old, f"{indent}nonsense: 1\n{indent}nonsense: 2 #!\n{old}", "stands twice"
        yield f"a key that is no text: {where}", old, f"{indent}5: 1 #!\n{old}", "keys are text"
    for where, old in [
        ("of a choice", "{choice: [16, 32]"),
        ("of an int", "{int: [1, 3]"),
        ("of a float", "{float: [1e-5, 1e-3]"),
    ]:
        yield f"an unknown key of a domain: {where}", old, f"{old}, nonsense: 1", "unknown key 'nonsense'"
        yield f"a second domain: {where}", old, f"{old}, bool: null", "a domain has one of choice, int, float and bool"
        yield f"a default outside: {where}", old, f"{old}, default: 99", "Got 99"
    for part in ("variables", "layers", "training", "limits", "forbid", "set", "fix", "presets"):
        line = next(line for line in RICH.splitlines() if line.startswith(f"{part}:"))
        yield (
            f"a part of the wrong type: {part}",
            f"{line}\n",
            f"{part}: 5 #!\nx_{part}:{line.partition(':')[2]}\n",
            f"{part}: must be",
        )


CASES = [
    *cases_of(GOOD, [*in_layers(), *in_the_training(), *in_the_frame()]),
    *cases_of(RICH, [*in_the_optimizer(), *in_the_keys()]),
]
