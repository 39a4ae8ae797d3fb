"""Where this program keeps what it makes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_data_path

if TYPE_CHECKING:
    from collections.abc import Mapping


def studies_root(environ: Mapping[str, str] = os.environ) -> Path:
    """`$TUNE_HOME/studies`, or the folder for programs' data of this system."""
    home = environ.get("TUNE_HOME")
    return (Path(home).expanduser().absolute() if home else user_data_path("kerastune")) / "studies"
