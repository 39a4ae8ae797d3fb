"""What the control groups of Linux leave this process: a container's share of processors and memory."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path("/")

UNLIMITED = 2**60
"""Version 1 writes the largest number that it has where there is no limit."""


def processors(root: Path = ROOT) -> float | None:
    """Processors' worth of time that this process may use, such as 1.5; None without a limit."""
    quotas = [_quota_2(level) for level in _levels_2(root)] + [_quota_1(level) for level in _levels_1(root, "cpu")]
    return min((quota for quota in quotas if quota is not None), default=None)


def memory_limit(root: Path = ROOT) -> int | None:
    """Bytes that this process and those grouped with it may use; None without a limit."""
    return min((limit for limit, _ in _memory(root)), default=None)


def memory_left(root: Path = ROOT) -> int | None:
    """Bytes of that limit which are not in use; cached files that can be dropped at any time do not count as used."""
    return min((max(limit - used, 0) for limit, used in _memory(root)), default=None)


def _memory(root: Path) -> Iterator[tuple[int, int]]:
    """Of each group that limits memory, its limit and what is in use."""
    for level in _levels_2(root):
        if (limit := _number(level / "memory.max")) is not None:
            yield limit, _used(level / "memory.current", level / "memory.stat", "inactive_file")
    for level in _levels_1(root, "memory"):
        limit = _number(level / "memory.limit_in_bytes")
        if limit is not None and limit < UNLIMITED:
            yield limit, _used(level / "memory.usage_in_bytes", level / "memory.stat", "total_inactive_file")


def _used(total: Path, statistics: Path, droppable: str) -> int:
    dropped = next((line.split()[1] for line in _lines(statistics) if line.startswith(f"{droppable} ")), "0")
    return max((_number(total) or 0) - int(dropped), 0)


def _quota_2(level: Path) -> float | None:
    words = " ".join(_lines(level / "cpu.max")).split()
    return int(words[0]) / int(words[1]) if len(words) == 2 and words[0].isdigit() else None  # noqa: PLR2004 - "max 100000"


def _quota_1(level: Path) -> float | None:
    quota, period = _number(level / "cpu.cfs_quota_us"), _number(level / "cpu.cfs_period_us")
    return quota / period if quota is not None and period else None


def _levels_2(root: Path) -> Iterator[Path]:
    """The folders of this process's group and of all above it, in version 2."""
    mount = root / "sys/fs/cgroup"
    if not (mount / "cgroup.controllers").exists():
        mount /= "unified"
    for line in _lines(root / "proc/self/cgroup"):
        if line.startswith("0::"):
            yield from _upward(mount, line[3:])


def _levels_1(root: Path, controller: str) -> Iterator[Path]:
    """The same for one controller of version 1."""
    for line in _lines(root / "proc/self/cgroup"):
        number, controllers, path = line.split(":", 2) if line.count(":") > 1 else ("", "", "")
        if number != "0" and controller in controllers.split(","):
            together = root / "sys/fs/cgroup" / controllers  # it may be named in another order, and has a link then
            yield from _upward(together if together.is_dir() else together.with_name(controller), path)


def _upward(mount: Path, path: str) -> Iterator[Path]:
    """A container may be told its path on the host, and see its own group at the top of the mount."""
    level = mount / path.strip("/")
    while level != mount:
        if level.is_dir():
            yield level
        level = level.parent
    yield mount


def _number(path: Path) -> int | None:
    text = "".join(_lines(path)).strip()
    return int(text) if text.isdigit() else None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return []
