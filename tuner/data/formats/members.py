"""What a file format finds of itself at a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Members:
    """No files: the format is not there. Some missing: it is there in part and cannot be read."""

    files: tuple[Path, ...] = ()
    missing: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        return bool(self.files) and not self.missing
