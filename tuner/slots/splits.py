"""How the CPU is divided where nobody says: as was measured on this machine, else by a rule.

`tune doctor --measure` trains with each split and keeps the figures here, in TUNE_HOME.
"""

from __future__ import annotations

import json
import math
import os
from dataclasses import asdict, dataclass
from enum import StrEnum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import platformdirs

from tuner.files import write_json
from tuner.machine import hardware
from tuner.slots.cpu import LEAST_MEMORY, total_memory, usable_cores

if TYPE_CHECKING:
    from collections.abc import Mapping


class Network(StrEnum):
    """What a search trains, as far as the split depends on it. One of each is measured."""

    PERCEPTRON = "perceptron"
    """Has no convolutions: what it does to a batch is over before a second core has begun with its share."""
    CONVOLUTIONS = "convolutions"


CORES_A_WORKER = 8
"""Operations on a batch of small images are short: with more, threads wait for each other more than they compute. Two
cores were measured, more were not.
"""

LEAST_AT_ONCE: Mapping[Network, int] = {Network.PERCEPTRON: 2, Network.CONVOLUTIONS: 1}
"""Where there are cores for it. On two, two trials at once were 1.7 times as fast as one after the other with
perceptrons, and as fast with convolutions, where a seed then repeats the search.
"""

WORTH_A_WORKER = 1.05
"""How much faster more workers must be: each takes memory, and the engine proposes knowing less."""

ROOM_TO_TRAIN = 2
"""Times what an idle worker takes that the rule allows for each."""


@dataclass(frozen=True, kw_only=True)
class Machine:
    """What a measurement holds for."""

    processor: str
    cores: int
    """That may be used."""
    tensorflow: str


@dataclass(frozen=True, kw_only=True)
class SplitOfCores:
    """One way to divide the CPU, and how fast it was."""

    workers: int
    rates: Mapping[Network, float]
    """Images a second that all workers trained on together, by Network."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    machine: Machine
    when: str
    """Date and time, ISO 8601."""
    splits: tuple[SplitOfCores, ...]
    """From one worker up."""

    def fastest(self, network: Network) -> SplitOfCores:
        """The one with the best rate; fewer workers where more gain next to nothing."""
        best = self.splits[0]
        for split in self.splits[1:]:
            if split.rates[network] > WORTH_A_WORKER * best.rates[network]:
                best = split
        return best


@dataclass(frozen=True, kw_only=True)
class Choice:
    """How many workers share the CPU, and why."""

    workers: int
    why: str
    measured: Measured | None = None
    passed_over: str = ""
    """A line on stored figures that were not used; empty where there are none."""


def usual_split(network: Network, environ: Mapping[str, str] = os.environ, machine: Machine | None = None) -> Choice:
    """What a search without --workers does on the CPU of this machine."""
    machine = machine or this_machine()
    stored, passed_over = _stored(_path(environ), machine)
    if stored is not None:
        return Choice(workers=stored.fastest(network).workers, why="measured the fastest here", measured=stored)
    workers = _by_rule(network, machine.cores, total_memory())
    return Choice(workers=workers, why=_rule(workers), passed_over=passed_over)


def keep(measured: Measured, environ: Mapping[str, str] = os.environ) -> None:
    """Stores the figures in place of older ones of the same machine; those of other machines stay."""
    path = _path(environ)
    entries, _ = _entries(path)
    others = [entry for entry in entries if entry.get("machine") != asdict(measured.machine)]
    write_json(path, [*others, asdict(measured)])


def workers_to_try() -> tuple[int, ...]:
    """The numbers of workers that a measurement compares: doubled up to the cores, as far as memory lets them start."""
    cores, memory = usable_cores(), total_memory()
    doubled = (2**i for i in range(cores.bit_length()))
    most = max(1, memory // (ROOM_TO_TRAIN * LEAST_MEMORY))
    return tuple(n for n in sorted({*doubled, cores}) if n <= most)


def this_machine() -> Machine:
    try:
        tensorflow = version("tensorflow")
    except PackageNotFoundError:
        tensorflow = "none"
    return Machine(processor=hardware()["processor"], cores=usable_cores(), tensorflow=tensorflow)


def _by_rule(network: Network, cores: int, memory: int) -> int:
    by_cores = max(cores // CORES_A_WORKER, min(cores, LEAST_AT_ONCE[network]))
    return max(1, min(by_cores, memory // (ROOM_TO_TRAIN * LEAST_MEMORY)))


def _rule(workers: int) -> str:
    if workers == 1:
        return "by rule: one trial at a time, so that a seed repeats the search"
    return "by rule: faster together than one with all threads; --workers 1 for a search that its seed repeats"


def _path(environ: Mapping[str, str]) -> Path:
    home = environ.get("TUNE_HOME")
    folder = Path(home).expanduser().absolute() if home else platformdirs.user_data_path("kerastune")
    return folder / "splits.json"


def _stored(path: Path, machine: Machine) -> tuple[Measured | None, str]:
    """What was measured on this machine; else None and a line on what is stored instead, if anything is."""
    entries, damage = _entries(path)
    for entry in entries:
        if entry.get("machine") == asdict(machine):
            measured = _measured(entry)
            return measured, "" if measured else f"{path} is damaged and not used"
    if entries:
        others = "; ".join(_described(entry.get("machine")) for entry in entries)
        return None, f"{path} is of another machine and not used: {others}"
    return None, damage


def _entries(path: Path) -> tuple[list[dict[str, Any]], str]:
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return [], ""
    except (OSError, ValueError, RecursionError) as error:
        return [], f"{path} cannot be read and is not used: {error}"
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return [], f"{path} is damaged and not used"
    return entries, ""


def _measured(entry: Mapping[str, Any]) -> Measured | None:
    """None where the entry is not what `keep` writes."""
    try:
        splits = tuple(
            SplitOfCores(workers=int(split["workers"]), rates={Network(k): float(v) for k, v in split["rates"].items()})
            for split in entry["splits"]
        )
        measured = Measured(machine=Machine(**entry["machine"]), when=str(entry["when"]), splits=splits)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        return None
    return measured if _sound(splits) else None


def _sound(splits: tuple[SplitOfCores, ...]) -> bool:
    workers = [split.workers for split in splits]
    models = {frozenset(split.rates) for split in splits}
    rates = [rate for split in splits for rate in split.rates.values()]
    return (
        bool(rates)
        and models == {frozenset(Network)}
        and workers[0] >= 1
        and workers == sorted(set(workers))
        and all(0 < rate < math.inf for rate in rates)
    )


def _described(machine: object) -> str:
    if not isinstance(machine, dict):
        return "unknown"
    return f"{machine.get('processor')}, {machine.get('cores')} cores, TensorFlow {machine.get('tensorflow')}"
