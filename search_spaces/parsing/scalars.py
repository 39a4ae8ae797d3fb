"""What a plain word of YAML stands for: YAML 1.2's core schema, with underscores in numbers."""

from __future__ import annotations

import math
import re

NULL = re.compile(r"~|null|Null|NULL|")
TRUE = re.compile(r"true|True|TRUE")
FALSE = re.compile(r"false|False|FALSE")
INT = re.compile(r"[-+]?[0-9][0-9_]*")
HEX_OR_OCTAL = re.compile(r"0x[0-9a-fA-F]+|0o[0-7]+")
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9][0-9_]*(\.[0-9_]*)?)([eE][-+]?[0-9]+)?")
NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")

MOST_DIGITS = 18
"""More than any whole number of a space needs, fewer than what slows a computer down."""


def plain_scalar(text: str) -> bool | int | float | str | None:
    """The value of an unquoted word. ValueError for numbers that no space can use."""
    if NULL.fullmatch(text):
        return None
    if TRUE.fullmatch(text) or FALSE.fullmatch(text):
        return bool(TRUE.fullmatch(text))
    if NOT_FINITE.fullmatch(text):
        raise ValueError(f"numbers must be finite. Got {text}")
    return _number(text)


def _number(text: str) -> int | float | str:
    if INT.fullmatch(text) or HEX_OR_OCTAL.fullmatch(text):
        if len(text) > MOST_DIGITS:
            raise ValueError(f"whole numbers have at most {MOST_DIGITS} characters. Got {len(text)}")
        number = int(text, 0) if HEX_OR_OCTAL.fullmatch(text) else int(text.replace("_", ""))
        if len(str(number)) > MOST_DIGITS:  # 0xffffffffffffffff, which could not be written out in decimals
            raise ValueError(f"whole numbers have at most {MOST_DIGITS} characters. Got {number}")
        return number
    if FLOAT.fullmatch(text):
        value = float(text.replace("_", ""))
        if not math.isfinite(value):
            raise ValueError(f"numbers must be finite. Got {text[:40]}")
        return value
    return text
