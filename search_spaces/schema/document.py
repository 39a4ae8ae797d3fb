"""The schema of the whole file. JSON Schema draft 7, which editors' YAML support has known longest.

A file that the parser accepts is right by the schema. Not the other way round: what needs more than one place of the
file to be seen is left to the parser. Two of its freedoms are heeded: a file that `extends` another one may leave
anything out, and under `set` arguments may be given that stand nowhere else.
"""

from __future__ import annotations

from typing import get_args

from pydantic import StringConstraints

from search_spaces.components import EARLY_STOPPING
from search_spaces.keras_table import keras_table
from search_spaces.parsing.extending import EXTENDS
from search_spaces.parsing.frame import LimitsFrame, SpaceFrame, SpaceName, TrainingFrame, VariableName
from search_spaces.parsing.training import COUNT, SINGLE
from search_spaces.parsing.vocabulary import AUGMENTATION, PARTS, layers, optimizers
from search_spaces.schema.definitions import Definitions, Schema, described, listed, mapping
from search_spaces.schema.descriptions import FILE, LIMITS, TRAINING
from search_spaces.schema.entries import complete, entry, one_of
from search_spaces.schema.values import DECIMAL, WHOLE, arguments, plain, value, variable

DRAFT = "http://json-schema.org/draft-07/schema#"


def space_schema() -> Schema:
    """JSON Schema of a space file."""
    definitions = Definitions()
    properties = {key: described(content, FILE[key]) for key, content in _file(definitions).items()}
    needed = [name for name, field in SpaceFrame.model_fields.items() if field.is_required()]
    whole_training = [name for name, field in TrainingFrame.model_fields.items() if field.is_required()]
    alone = {
        "required": needed,
        "properties": {
            "training": {"required": whole_training},
            "presets": {"additionalProperties": {"type": "object"}},
        },
    }
    all_there = {"properties": {"layers": {"items": complete(definitions, layers())}}}
    return {
        "$schema": DRAFT,
        # No title: editors would show it over every text of a key.
        "description": "A search space of tune: layers and training, with a domain wherever a value is to be searched. "
        f"Arguments are those of Keras {keras_table().version}.",
        **mapping(properties),
        "allOf": [
            {"if": {"not": {"required": [EXTENDS]}}, "then": alone},
            {"if": {"not": {"anyOf": [{"required": ["set"]}, {"required": [EXTENDS]}]}}, "then": all_there},
        ],
        "definitions": definitions.found,
    }


def _file(definitions: Definitions) -> Schema:
    """The file's keys."""
    preset = mapping(
        {
            "values": {"description": "Values by parameter name; defaults for the rest.", "type": "object"},
            "published": {
                "description": "Figures that somebody reported for it. They change nothing.",
                "type": "object",
                "additionalProperties": DECIMAL,
            },
        }
    )
    forbidden = mapping(
        {
            "rule": {"description": "A condition over parameters that must not hold.", "type": "string"},
            "because": {"description": "The reason, for messages.", "type": "string"},
        },
        "rule",
    )
    count = WHOLE | {"type": ["integer", "string", "null"], "minimum": 1}
    names = {"propertyNames": {"pattern": _pattern(SpaceName)}}
    return {
        EXTENDS: {"type": "string"},
        "name": {"type": "string", "pattern": _pattern(SpaceName)},
        "description": {"type": "string"},
        "made_from": {"type": "string"},
        "variables": {
            "type": "object",
            "propertyNames": {"pattern": _pattern(VariableName), "not": {"const": "i"}},
            "additionalProperties": variable(definitions),
        },
        "layers": listed(entry(definitions, layers())),
        "training": _training(definitions),
        "limits": mapping({name: {"description": LIMITS[name], **count} for name in LimitsFrame.model_fields}),
        "forbid": listed({"anyOf": [{"type": "string"}, forbidden]}, 0),
        "set": {"type": "object"},
        "fix": {"type": "object", "additionalProperties": plain(definitions)},
        # null takes out a preset of the file that is extended.
        "presets": {"type": "object", **names, "additionalProperties": {"anyOf": [preset, {"type": "null"}]}},
    }


def _training(definitions: Definitions) -> Schema:
    early_stopping = arguments(definitions, "early_stopping", EARLY_STOPPING)
    parts = {
        "optimizer": one_of(definitions, optimizers(), or_null=False),
        "batch_size": value(definitions, COUNT),
        "epochs": value(definitions, COUNT),
        **{name: one_of(definitions, words, or_null=True) for name, words in PARTS.items()},
        **{name: value(definitions, rule) for name, rule in SINGLE.items()},
        "augmentation": listed(entry(definitions, AUGMENTATION), 0) | {"type": ["array", "null"]},
        "early_stopping": definitions.add("early_stopping", early_stopping),
    }
    return mapping({name: described(content, TRAINING[name]) for name, content in parts.items()})


def _pattern(kind: object) -> str:
    """The pattern of a name as JavaScript writes it."""
    (pattern,) = [str(each.pattern) for each in get_args(kind) if isinstance(each, StringConstraints)]
    return pattern.replace(r"\A", "^").replace(r"\z", "$")
