"""How values and lists of words are written in messages, and in a space file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence


def flow(value: object) -> str:
    """The value as a space file would write it: `[3, 5]`, `null`, `true`, `relu`."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case list() | tuple():
            return f"[{', '.join(flow(entry) for entry in value)}]"
        case dict():
            return f"{{{', '.join(f'{flow(key)}: {flow(entry)}' for key, entry in value.items())}}}"
        case _:
            return str(value)


def free_name(stem: str, taken: Collection[str]) -> str:
    """The stem, with _2, _3 where it is taken."""
    name, number = stem, 1
    while name in taken:
        number += 1
        name = f"{stem}_{number}"
    return name


def label(value: Any) -> Any:
    """How a choice is drawn: a list as `[3, 5]`, null as `null`, anything else as itself."""
    return flow(value) if value is None or isinstance(value, list | tuple) else value


def shown(value: object) -> str:
    """The value for a message: on one line, not too long, and visible where it is empty text."""
    text = flow(value)
    text = text if text and text.isprintable() else ascii(text)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - what fits a line


def any_of(words: Sequence[str]) -> str:
    """`a, b or c`."""
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
