"""JSON as a person lays it out: what fits a line stands on one."""

from __future__ import annotations

import json
from typing import Any

WIDTH = 120


def written(content: Any, indent: int = 0) -> str:
    """The content as JSON, two spaces deeper at each level."""
    line = json.dumps(content, ensure_ascii=False)
    if not content or not isinstance(content, dict | list) or len(line) + indent < WIDTH:
        return line
    inside, outside = "\n" + " " * (indent + 2), "\n" + " " * indent
    if isinstance(content, list):
        return f"[{inside}{f',{inside}'.join(written(each, indent + 2) for each in content)}{outside}]"
    entries = (f"{json.dumps(key)}: {written(each, indent + 2)}" for key, each in content.items())
    return f"{{{inside}{f',{inside}'.join(entries)}{outside}}}"
