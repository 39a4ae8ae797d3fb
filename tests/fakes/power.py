"""What a power cut may leave of a folder: the system calls of a process by strace, played back up to a moment.

What was synced before the cut is there. Of what was written since, any part may be: each sector by itself. Entries of
the folder that were made or removed since its last sync are there or gone, in their order.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512

CALLS = "openat,pwrite64,write,fsync,fdatasync,ftruncate,unlink"

LINE = re.compile(r"^(?:\d+ +)?(\w+)\((.*)\) += (-?\d+)")
DESCRIPTOR = re.compile(r"^\d+<([^>]*)>(?:\(deleted\))?")
HEX = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')


@dataclass
class Write:
    offset: int
    data: bytes


@dataclass
class Inode:
    """Of one file: what is safe, and what came since in its order."""

    safe: bytearray = field(default_factory=bytearray)
    since: list[Write | int] = field(default_factory=list)
    """Writes, and sizes that it was cut to."""

    def sync(self) -> None:
        self.safe = self.left(lambda _sector: True)
        self.since = []

    def left(self, keep: object) -> bytearray:
        content = bytearray(self.safe)
        for each in self.since:
            if isinstance(each, int):
                if keep(each):  # type: ignore[operator]
                    content[each:] = bytes(max(0, each - len(content)))
                continue
            for start in range(0, len(each.data), SECTOR):
                if keep(each.offset + start):  # type: ignore[operator]
                    part, place = each.data[start : start + SECTOR], each.offset + start
                    content.extend(bytes(max(0, place - len(content))))
                    content[place : place + len(part)] = part
        return content


class Disk:
    """One folder while a process writes to it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.entries: dict[str, Inode] = {}
        for path in folder.iterdir():
            self.entries[path.name] = Inode(safe=bytearray(path.read_bytes()))
        self.safe_entries = dict(self.entries)
        self.entry_changes: list[dict[str, Inode]] = []
        """The entries after each change since the folder was last synced."""
        self.said = ""

    def play(self, call: str, arguments: str, result: int) -> None:
        """One line of strace's."""
        if result < 0:
            return
        name = self._name(arguments)
        match call:
            case "openat" if "O_CREAT" in arguments:
                if (made := self._opened(arguments)) and made not in self.entries:
                    self._change({**self.entries, made: Inode()})
            case "unlink":
                gone = _text(arguments).removeprefix(f"{self.folder}/")
                self._change({name: inode for name, inode in self.entries.items() if name != gone})
            case "write" if arguments.startswith("1<"):
                self.said += _text(arguments)
            case "write" | "pwrite64" if name in self.entries:
                data, offset = _data(arguments)[:result], int(arguments.rpartition(", ")[2])
                self.entries[name].since.append(Write(offset, data))
            case "ftruncate" if name in self.entries:
                self.entries[name].since.append(int(arguments.rpartition(", ")[2]))
            case "fsync" | "fdatasync" if name == "":
                self.safe_entries, self.entry_changes = dict(self.entries), []
            case "fsync" | "fdatasync" if name in self.entries:
                self.entries[name].sync()

    def after_a_cut(self, target: Path, chance: random.Random, share: float) -> None:
        """Fills the folder with what may be left; `share` is that of the unsynced sectors which arrived."""
        target.mkdir()
        n_changes = round(chance.random() * len(self.entry_changes)) if share else 0
        entries = [self.safe_entries, *self.entry_changes][n_changes]
        for name, inode in entries.items():
            (target / name).write_bytes(inode.left(lambda _place: chance.random() < share))

    def _change(self, entries: dict[str, Inode]) -> None:
        self.entries = entries
        self.entry_changes.append(entries)

    def _name(self, arguments: str) -> str | None:
        """Of the file in the folder that the call is about; '' for the folder; None for what is elsewhere."""
        match = DESCRIPTOR.match(arguments)
        if match is None:
            return None
        path = match[1]
        if path == str(self.folder):
            return ""
        return path.removeprefix(f"{self.folder}/") if path.startswith(f"{self.folder}/") else None

    def _opened(self, arguments: str) -> str | None:
        path = _text(arguments)
        return path.removeprefix(f"{self.folder}/") if path.startswith(f"{self.folder}/") else None


def _data(arguments: str) -> bytes:
    match = HEX.search(arguments)
    assert match, arguments[:200]
    return bytes.fromhex(match[1].replace("\\x", ""))


def _text(arguments: str) -> str:
    return _data(arguments).decode()


def trace(code: str, *words: str, log: Path) -> list[tuple[str, str, int]]:
    """The calls of a Python process that runs the code."""
    strace = ["strace", "-f", "-y", "-xx", "-s", "1000000", "-e", f"trace={CALLS}", "-o", str(log)]
    with (log.parent / "said").open("w") as said:
        subprocess.run([*strace, sys.executable, "-c", code, *words], check=True, stdout=said, timeout=300)
    lines = (LINE.match(_readable(line)) for line in log.read_text(encoding="utf-8").splitlines())
    return [(match[1], match[2], int(match[3])) for match in lines if match]


def _readable(line: str) -> str:
    """strace writes the paths of descriptors in hexadecimal too."""
    return re.sub(
        r"<((?:\\x[0-9a-f]{2})+)>",
        lambda match: f"<{bytes.fromhex(match[1].replace(chr(92) + 'x', '')).decode()}>",
        line,
    )
