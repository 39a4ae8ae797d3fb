"""How long this process has lived."""

from __future__ import annotations

import os
import time
from pathlib import Path

OLDEST = 600.0
"""Seconds. What is older was not asked when it had just been started, or its clock is not ours."""


def age(stat: Path = Path("/proc/self/stat")) -> float:
    """Seconds since this process was started, to about 0.01; 0 where the system does not tell.

    Source: Linux, proc(5), /proc/pid/stat, field 22. psutil's own dates are by whole seconds of the boot.
    """
    try:
        fields = stat.read_text(encoding="ascii").rpartition(")")[2].split()
        started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        seconds = time.clock_gettime(time.CLOCK_BOOTTIME) - started
    except (OSError, ValueError, IndexError, AttributeError):  # not Linux
        return 0.0
    return seconds if 0 <= seconds <= OLDEST else 0.0
