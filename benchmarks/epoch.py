"""What an epoch costs, against `model.fit(x=array)` as users write it: the first part of `make bench`.

The same configurations, images, batches and epochs, each training in a process of its own, ours and theirs in turn.
`python benchmarks/epoch.py` writes benchmarks/epoch.md. Each pair is a line of benchmarks/epoch.jsonl; who is cut off
goes on where he was, and a file that is removed begins anew.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

from tuner.machine import hardware, versions

HERE = Path(__file__).parent
ROWS = HERE / "epoch.jsonl"
CHILD = HERE / "epoch_child.py"
SIDES = ("theirs", "ours")

SPACES = {
    # name: (images, epochs, pairs); the two that the targets name on all of Fashion-MNIST
    "mlp_v1": (51_000, 8, 5),
    "cnn_v4": (51_000, 4, 5),
    "mlp_sgd": (51_000, 5, 3),
    "mlp_grid": (51_000, 5, 3),
    "mlp_topology": (51_000, 5, 3),
    "cnn_v1": (10_000, 4, 3),
    "cnn_v2": (10_000, 4, 3),
    "cnn_v3": (10_000, 4, 3),
    "lenet5": (10_000, 4, 3),
    "cnn_small": (6_000, 4, 3),
    "cnn_cifar": (5_000, 4, 3),
    "resnet_small": (3_000, 4, 3),
}
TARGETS = {"mlp_v1": 2.0, "cnn_v4": 1.3}
LEAST = 1.0
"""For every other space of the library."""

PAGE = """# What an epoch costs

{when}; {machine}.

Training and validation of one epoch, the first left out: the same configuration (a space's default), images, batch size
and epochs. Theirs is `model.fit(x, y, validation_data=...)` over arrays of floats, with Keras's own optimizer, and its
layers for augmentation where the space augments. Each training has a process of its own, ours and theirs in turn;
medians over the epochs of all pairs, ratios pair by pair (median, least to most). "First" is the time from the call to
the end of the first epoch less a later one: building, tracing and whatever else is done once.

{table}

Validation accuracy after the last epoch is the mean over the pairs, whose seeds differ; ± is the standard deviation of
their differences, ours less theirs. Peak memory is that of the whole process, TensorFlow and the data included.
cnn_cifar has random pixels in place of CIFAR-10, which cannot be had here: it shows cost alone.
{verdict}
"""


def measured(side: str, space: str, n: int, epochs: int, seed: int) -> dict[str, Any]:
    words = [sys.executable, str(CHILD), side, space, str(n), str(epochs), str(seed)]
    environ = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environ)
    assert done.returncode == 0, done.stderr
    row: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return row


def rows() -> list[dict[str, Any]]:
    return [json.loads(line) for line in ROWS.read_text().splitlines()] if ROWS.exists() else []


def measure(names: list[str]) -> None:
    for name in names:
        n, epochs, pairs = SPACES[name]
        for seed in range(pairs):
            if any(row["space"] == name and row["seed"] == seed for row in rows()):
                continue
            order = SIDES if seed % 2 == 0 else SIDES[::-1]
            row = {side: measured(side, name, n, epochs, seed) for side in order}
            with ROWS.open("a") as file:
                file.write(json.dumps({"space": name, "seed": seed, "n": n, **row}) + "\n")
            print(f"{name} {seed}: {ratio(row):.2f}", flush=True)


def ratio(row: dict[str, Any]) -> float:
    return float(median(row["theirs"]["epochs"]) / median(row["ours"]["epochs"]))


def line(name: str) -> str:
    own = [row for row in rows() if row["space"] == name]
    ratios = sorted(map(ratio, own))
    seconds = {side: median(each for row in own for each in row[side]["epochs"]) for side in SIDES}
    once = {side: median(row[side]["once"] for row in own) for side in SIDES}
    memory = {side: max(row[side]["memory"] for row in own) / 2**30 for side in SIDES}
    gains = [row["ours"]["accuracy"] - row["theirs"]["accuracy"] for row in own]
    accuracy = {side: sum(row[side]["accuracy"] for row in own) / len(own) for side in SIDES}
    spread = (sum((each - sum(gains) / len(gains)) ** 2 for each in gains) / max(len(gains) - 1, 1)) ** 0.5
    return (
        f"| `{name}` | {own[0]['n']:,} | {seconds['theirs']:.2f} | {seconds['ours']:.2f} "
        f"| **{median(ratios):.2f}** ({ratios[0]:.2f} to {ratios[-1]:.2f}) | {once['theirs']:.1f} / {once['ours']:.1f} "
        f"| {accuracy['theirs']:.4f} / {accuracy['ours']:.4f} ± {spread:.4f} "
        f"| {memory['theirs']:.2f} / {memory['ours']:.2f} |"
    )


def verdict(names: list[str]) -> str:
    speeds = {name: median(ratio(row) for row in rows() if row["space"] == name) for name in names}
    aims = {name: TARGETS.get(name, LEAST) for name in names}
    short = [f"`{name}` {speed:.2f} of {aims[name]}" for name, speed in speeds.items() if speed < aims[name]]
    return f"\nBelow what was aimed at: {', '.join(short)}." if short else "\nAll are at or above what was aimed at."


def main() -> None:
    measure(sys.argv[1:] or list(SPACES))
    names = [name for name in SPACES if any(row["space"] == name for row in rows())]
    head = "| space | images | theirs, s | ours, s | times faster | first, s | validation accuracy | peak memory, GiB |"
    table = "\n".join([head, "| --- | ---: | ---: | ---: | --- | ---: | --- | ---: |", *map(line, names)])
    machine = ", ".join([*hardware().values(), *(f"{name} {each}" for name, each in versions().items())])
    page = PAGE.format(when=datetime.now(UTC).date(), machine=machine, table=table, verdict=verdict(names))
    (HERE / "epoch.md").write_text(page)
    print(page)


if __name__ == "__main__":
    main()
