"""The schema of an entry of a list: a layer, a block of layers, an optimizer, a schedule, a way to augment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from search_spaces.parsing.entries import ENTRY_NAME, WORDS_OF_THE_LANGUAGE
from search_spaces.parsing.layers import MERGE, MOST_REPETITIONS
from search_spaces.rules import Flag, WholeNumber
from search_spaces.schema.definitions import Definitions, Schema, described, listed, mapping
from search_spaces.schema.descriptions import BLOCKS, kind_text
from search_spaces.schema.values import arguments, value

if TYPE_CHECKING:
    from search_spaces.parsing.vocabulary import Vocabulary


def one_of(definitions: Definitions, words: Vocabulary, *, or_null: bool) -> Schema:
    """One thing of the vocabulary, or a choice between several."""
    ways = [_bare(words), _with_arguments(definitions, words)]
    options = described(listed({"anyOf": ways}), f"One of these. Without a default it is the first {words.noun}.")
    choice = mapping({"choice": options, "default": {"description": BLOCKS["default"], "type": "string"}}, "choice")
    return {"anyOf": [*ways, choice, *([{"type": "null"}] if or_null else [])]}


def entry(definitions: Definitions, words: Vocabulary) -> Schema:
    """An entry of a list whose entries can be blocks of other entries."""
    kinds = [_bare(words), _with_arguments(definitions, words)]
    blocks = {word: _block(definitions, words, word) for word in words.blocks}
    definitions.add(words.noun, {"anyOf": [*kinds, *blocks.values()]})
    # Only between others may a group be empty: "nothing" is one of the ways.
    blocks["layers"] = _group(definitions, words, least=0)
    definitions.add(_option_name(words), {"anyOf": [*kinds, *blocks.values()]})
    return definitions.reference(words.noun)


def complete(definitions: Definitions, words: Vocabulary) -> Schema:
    """What an entry must hold where nothing is given anew under `set`: arguments that have no default."""
    name = f"complete_{words.noun}"
    needed = {
        kind: [name for name, argument in signature.arguments.items() if argument.required]
        for kind, signature in words.kinds.items()
    }
    needed = {kind: names for kind, names in needed.items() if names}
    inside = {word: {"items": definitions.reference(name)} for word in ("layers", "shortcut", *words.blocks)}
    for word in ("repeat", "optional"):
        inside.pop(word, None)
    return definitions.add(
        name,
        {
            "if": {"enum": list(needed)},
            "then": {"type": "object", "errorMessage": f"This {words.noun} needs arguments"},
            "properties": {kind: {"type": "object", "required": names} for kind, names in needed.items()} | inside,
        },
    )


def _bare(words: Vocabulary) -> Schema:
    texts = [kind_text(kind, signature) for kind, signature in words.kinds.items()]
    return {"enum": list(words.kinds), "enumDescriptions": texts}


def _with_arguments(definitions: Definitions, words: Vocabulary) -> Schema:
    """`dense: {units: 64}`, and perhaps a name beside it."""
    kinds = {
        kind: described(
            definitions.add(f"{words.noun}_{kind}", arguments(definitions, kind, signature)),
            kind_text(kind, signature),
        )
        for kind, signature in words.kinds.items()
    }
    content = mapping({**kinds, "name": _name(definitions)})
    content |= {
        "if": {"required": ["name"]},
        "then": {"minProperties": 2, "maxProperties": 2},
        "else": {"minProperties": 1, "maxProperties": 1},
    }
    return definitions.add(f"{words.noun}_with_arguments", content)


def _name(definitions: Definitions) -> Schema:
    pattern = f"^{ENTRY_NAME.pattern}$"
    content = {"type": "string", "pattern": pattern, "not": {"enum": sorted(WORDS_OF_THE_LANGUAGE)}}
    return described(definitions.add("name", content), BLOCKS["name"])


def _option_name(words: Vocabulary) -> str:
    return f"{words.noun}_or_empty_group"


# --- blocks -----------------------------------------------------------------------------------------------------------


def _block(definitions: Definitions, words: Vocabulary, word: str) -> Schema:
    one, option = definitions.reference(words.noun), definitions.reference(_option_name(words))
    body = {"layers": listed(one)}
    match word:
        case "repeat":
            count = value(definitions, WholeNumber(low=0), maximum=MOST_REPETITIONS)
            content = {word: count, **body, "index": {"type": "string", "pattern": f"^{ENTRY_NAME.pattern}$"}}
        case "optional":
            content = {word: value(definitions, Flag()), **body}
        case "choice":
            content = {word: listed(option), "default": {"type": "string"}}
        case "residual":
            content = {word: listed(one), "shortcut": listed(one, 0) | {"type": ["array", "null"]}}
        case "branches":
            content = {word: listed(option, 2), "merge": value(definitions, MERGE)}
        case _:
            return _group(definitions, words, least=1)
    properties = {key: described(each, BLOCKS[key]) for key, each in content.items()}
    required = [word, *(["layers"] if "layers" in content else [])]
    return definitions.add(f"{words.noun}_{word}", mapping({**properties, "name": _name(definitions)}, *required))


def _group(definitions: Definitions, words: Vocabulary, *, least: int) -> Schema:
    """Entries under a common name."""
    body = described(listed(definitions.reference(words.noun), least), BLOCKS["group"])
    name = f"{words.noun}_group" if least else f"{words.noun}_group_that_may_be_empty"
    return definitions.add(name, mapping({"layers": body, "name": _name(definitions)}, "layers", "name"))
