"""What `tune doctor` says of devices: GPUs, what the CPU is divided into, and why."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tuner.cli.wording import memory_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from tuner.slots import Gpu, Measured

GOOD, NOTE, BAD = "[green]ok[/]", "[yellow]note[/]", "[red]amiss[/]"

Finding = tuple[str, str, str]
"""A verdict, what it is about, and a line."""


def gpu_findings() -> Iterator[Finding]:
    from tuner.errors import TuneError
    from tuner.slots import look, slots

    sight = look()
    for gpu in sight.gpus:
        yield GOOD, _short(gpu), _gpu_line(gpu)
    for line in sight.amiss:
        yield NOTE, "GPU", line
    if not sight.gpus and not sight.amiss:
        yield NOTE, "GPU", "no NVIDIA driver answers: trials train on the CPU"
    if sight.gpus and "CUDA_VISIBLE_DEVICES" in os.environ:
        yield NOTE, "GPU", f"CUDA_VISIBLE_DEVICES is {os.environ['CUDA_VISIBLE_DEVICES']!r}: the others are not used"
    try:
        found = slots("auto")
        each = " on each" if len(found) > 1 else ""
        yield GOOD, "slots", f"{'; '.join(slot.name for slot in found)}: one trial at a time{each}"
    except TuneError as error:
        yield BAD, "slots", str(error)


def cpu_findings() -> Iterator[Finding]:
    from tuner.slots import Network, usable_cores, usual_split
    from tuner.slots.cpu import total_memory

    cores = usable_cores()
    share = "" if cores == os.cpu_count() else f" of {os.cpu_count()}, which is what this process is given"
    yield GOOD, "CPU", f"{_n(cores, 'core')} to use{share}; {memory_text(total_memory())}"
    for network in Network:
        choice = usual_split(network)
        split = _split(choice.workers, cores)
        yield GOOD, "split", f"{network}: {split}, {choice.why}{_since(choice.measured)}"
    if choice.passed_over:
        yield NOTE, "split", choice.passed_over
    if choice.measured is None:
        yield NOTE, "split", f"not measured here; tune doctor --measure does, in about {_span()}"


def print_rates(out: Console) -> None:
    """Each split that was measured, in images a second of all its workers together. An arrow leads to those in use."""
    from rich.table import Table

    from tuner.slots import Network, usual_split

    used = {network: usual_split(network) for network in Network}
    measured = used[Network.PERCEPTRON].measured
    if measured is None:
        return
    table = Table(box=None, padding=(0, 2), header_style="dim")
    table.add_column("images a second", no_wrap=True)
    for network in used:
        table.add_column(network, justify="right")
    for split in measured.splits:
        rates = (
            f"{'[green]->[/] ' if split.workers == choice.workers else ''}{split.rates[network]:,.0f}"
            for network, choice in used.items()
        )
        table.add_row(_split(split.workers, measured.machine.cores), *rates)
    out.print()
    out.print(table)


def _span() -> str:
    """How long a measurement takes here, for a person."""
    from tuner.measuring import expected_seconds
    from tuner.slots import workers_to_try

    minutes = max(1, round(expected_seconds(workers_to_try()) / 60))
    return _n(minutes, "minute")


def measure_and_keep() -> None:
    """Measures the splits with progress on standard error, and keeps the figures. Raises TuneError."""
    from tuner.cli.printing import say
    from tuner.measuring import measure
    from tuner.slots import keep, workers_to_try

    workers = workers_to_try()
    listed = ", ".join(map(str, workers))
    say(f"training made-up images with {listed} workers, about {_span()}; let the machine do nothing else meanwhile")
    keep(measure(say))


def _split(workers: int, cores: int) -> str:
    """`1 worker with 2 threads`, `2 workers with 1 thread each`."""
    threads = _n(max(1, cores // workers), "thread")
    more = "" if cores % workers == 0 or workers > cores else " or one more"
    return f"{_n(workers, 'worker')} with {threads}{more}{' each' if workers > 1 else ''}"


def _since(measured: Measured | None) -> str:
    return f" on {measured.when[:16].replace('T', ' ')}" if measured else ""


def _gpu_line(gpu: Gpu) -> str:
    used = f", {memory_text(gpu.used)} in use by {_n(gpu.n_processes, 'process', 'es')}" if gpu.n_processes else ""
    capability = "" if gpu.compute_capability is None else ", compute capability {}.{}".format(*gpu.compute_capability)
    return f"{gpu.name}, {memory_text(gpu.memory)}{used}{capability}, {gpu.uuid}"


def _short(gpu: Gpu) -> str:
    return f"GPU {gpu.index}" if gpu.part is None else f"GPU {gpu.index}, MIG {gpu.part}"


def _n(n: int, what: str, plural: str = "s") -> str:
    return f"{n} {what}{'' if n == 1 else plural}"
