"""What a run ran on, for the report and for `tune doctor`."""

from __future__ import annotations

import platform
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Sequence

OOM_COUNTERS = tuple(
    Path(place)
    for place in ("/proc/vmstat", "/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory/memory.oom_control")
)
"""Where Linux counts them: the machine, a control group of version 2, and of version 1."""

PACKAGES = ("kerastune", "tensorflow", "keras", "optuna", "scikit-learn", "numpy", "matplotlib", "sqlalchemy")


def versions() -> dict[str, str]:
    """Versions as the packages' metadata give them; `optuna.__version__` says 5.0.0.dev."""
    found = {"Python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


def hardware() -> dict[str, str]:
    return {
        "processor": _processor(),
        "cores": f"{psutil.cpu_count(logical=False) or '?'} physical, {psutil.cpu_count()} logical",
        "memory": f"{psutil.virtual_memory().total / 2**30:.1f} GiB",
        "system": platform.platform(terse=True),
    }


def peak_memory() -> int:
    """Peak resident bytes of this process."""
    try:
        # A child's ru_maxrss begins at the size of the process that started it.
        (line,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
        return int(line.split()[1]) * 1024
    except (OSError, ValueError):  # not Linux
        pass
    try:
        import resource
    except ImportError:  # Windows keeps the peak elsewhere
        return int(psutil.Process().memory_info()._asdict()["peak_wset"])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def oom_kills(places: Sequence[Path] = OOM_COUNTERS) -> int:
    """How often the kernel has ended a process because memory ran out, here or in our control group; 0 elsewhere."""
    return sum(_count(place) for place in places)


def _count(place: Path) -> int:
    try:
        lines = place.read_text(encoding="ascii").splitlines()
        return sum(int(line.split()[1]) for line in lines if line.startswith("oom_kill "))
    except (OSError, ValueError, IndexError):
        return 0
