"""Numbers, times and names as a reader wants them. Plain text; escaping is the renderers' work."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reports.report import Proportion, Value

_DIRECTION_CONTROLS = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_NOT_SHOWN = frozenset({"Cc", "Cs", "Cn", "Co", "Zl", "Zp"})
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def clean(text: str) -> str:
    """The text with whatever could break a page or turn its writing direction made visible as U+FFFD."""
    return "".join("\ufffd" if _is_hostile(char) else char for char in text)


def _is_hostile(char: str) -> bool:
    if char in "\n\t":
        return False
    return char in _DIRECTION_CONTROLS or unicodedata.category(char) in _NOT_SHOWN


def one_line(text: str) -> str:
    return " ".join(clean(text).split())


def shorten(text: str, width: int) -> str:
    """At most `width` characters; cut in the middle, because names of one family differ at their ends."""
    text = one_line(text)
    if len(text) <= width:
        return text
    tail = (width - 1) // 2
    return f"{text[: width - 1 - tail].rstrip()}…{text[len(text) - tail :].lstrip()}"


def count(n: int) -> str:
    return f"{n:,}"


def plural(n: int, noun: str) -> str:
    return f"{n:,} {noun if n == 1 else noun + 's'}"


def share(value: float, digits: int = 1) -> str:
    """A share as a bare number of percent. Only a perfect score reads 100."""
    text = f"{100 * value:.{digits}f}"
    if value < 1 and float(text) >= 100:  # noqa: PLR2004 - per cent
        return f"{100 - 10**-digits:.{digits}f}"
    return text


def percent(value: float, digits: int = 1) -> str:
    return f"{share(value, digits)} %"


def interval(proportion: Proportion, digits: int = 1) -> str:
    return f"{share(proportion.low, digits)} to {percent(proportion.high, digits)}"


def span(seconds: float) -> str:
    """A length of time in its two largest units."""
    if round(seconds, 1) < _MINUTE:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE:02d} s"
    if whole < _DAY:
        return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE:02d} min"
    return f"{whole // _DAY} d {whole % _DAY // _HOUR} h"


def moment(iso: str) -> str:
    """A date and time in words; a text that is no ISO 8601 date stays as it is."""
    try:
        when = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    zone = when.strftime("%z")
    offset = f" (UTC{zone[:3]}:{zone[3:5]})" if zone else ""
    return f"{when.day} {when:%B %Y, %H:%M}{offset}"


def memory(n_bytes: int) -> str:
    size = float(n_bytes)
    for unit in ("B", "kB", "MB"):
        if size < 1000:  # noqa: PLR2004 - decimal units
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.2f} GB"


def plain(value: Value) -> str:
    """A parameter's value: four significant digits for a float."""
    match value:
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case float():
            return f"{value:.4g}"
        case str():
            return one_line(value)


def listed(items: list[str]) -> str:
    """'a', 'a and b', 'a, b and c'."""
    if len(items) < 2:  # noqa: PLR2004 - nothing to join
        return "".join(items)
    return f"{', '.join(items[:-1])} and {items[-1]}"
