"""Values of a configuration from a JSON file: of a winner, of `tune show --json`, or written by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tuner.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from search_spaces import Value
    from tuner.guessing import Base

LARGEST = 64 * 1024 * 1024
"""Bytes. The JSON of a study of thousands of trials has some ten million."""


def read_values(path: Path) -> Base:
    """The values by parameter name; of a whole study those of its best trial. Raises UsageError where it has none."""
    from tuner.guessing import Base

    content = _read(path)
    for found in (content.get("values"), _of_best(content)):
        if isinstance(found, dict):
            return Base(name=str(path), values=found, implied=_implied(path, content))
    if "best" in content and "trials" in content:
        raise UsageError(f"{path}: the study has no best trial yet.")
    return Base(name=str(path), values=content)


def _implied(path: Path, content: dict[str, Any]) -> Mapping[str, Value]:
    """A whole configuration says more than what was drawn for it."""
    from search_spaces import Configuration, settings_of

    if not {"layers", "training"} <= content.keys():
        return {}
    try:
        return settings_of(Configuration.from_json(content))
    except ValueError as error:
        raise UsageError(f"{path}: {error}.") from None


def _of_best(content: dict[str, Any]) -> Any:
    best = content.get("best")
    return best.get("values") if isinstance(best, dict) else None


def _read(path: Path) -> dict[str, Any]:
    try:
        if not path.is_file():
            raise UsageError(f"{path}: {'not a file' if path.exists() else 'no such file'}.")
        with path.open("rb") as file:
            text = file.read(LARGEST)
        content = json.loads(text)
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}.") from None
    except (ValueError, RecursionError):
        raise UsageError(f'{path}: not JSON. It must be an object such as {{"dense.units": 64}}.') from None
    if not isinstance(content, dict):
        raise UsageError(f'{path}: must be a JSON object such as {{"dense.units": 64}}. Got {type(content).__name__}.')
    return content
