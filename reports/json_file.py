"""A report as JSON for programs. Fields are those of `report.py`; a number that is not finite becomes null."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from reports.report import Report

SCHEMA = 1
"""Raised when a field is removed or changes its meaning; a new field does not raise it."""


def to_json(report: Report) -> str:
    return json.dumps({"schema": SCHEMA, **plain(report)}, indent=1, allow_nan=False) + "\n"


def plain(value: Any) -> Any:
    """The value in dicts, lists, numbers and text."""
    match value:
        case float():
            return float(value) if math.isfinite(value) else None
        case np.ndarray():
            return value.tolist()
        case Mapping():
            return {str(name): plain(part) for name, part in value.items()}
        case list() | tuple():
            return [plain(part) for part in value]
        case _ if is_dataclass(value):
            return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
        case _:
            return value
