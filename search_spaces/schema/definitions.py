"""Parts of the schema that stand once and are referred to by name."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]


class Definitions:
    """The schema's `definitions`, filled as they are met."""

    def __init__(self) -> None:
        self.found: dict[str, Schema] = {}

    def add(self, name: str, content: Schema) -> Schema:
        """A reference to the content under this name, or under `NAME_2` where the name means something else."""
        free, number = name, 1
        while self.found.get(free, content) != content:
            number += 1
            free = f"{name}_{number}"
        self.found[free] = content
        return self.reference(free)

    def reference(self, name: str) -> Schema:
        """A reference to what stands under the name, or will: entries hold entries."""
        return {"$ref": f"#/definitions/{name}"}


def described(reference: Schema, description: str) -> Schema:
    """The reference with a text for the editor. Draft 7 lets a `$ref` have no neighbours that check anything."""
    return {"description": description, **reference}


def mapping(properties: Schema, *required: str, or_null: bool = False) -> Schema:
    """A mapping of these keys and no others."""
    content: Schema = {"type": ["object", "null"] if or_null else "object", "properties": properties}
    if required:
        content["required"] = list(required)
    return content | {"additionalProperties": False}


def listed(items: Schema, least: int = 1) -> Schema:
    return {"type": "array", "items": items} | ({"minItems": least} if least else {})
