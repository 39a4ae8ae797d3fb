"""Whole learning curves of a library space's presets and of random draws, for the replay: `make curves`.

    python -m benchmarks.defaults.record mlp_v1 --draws 100
    python -m benchmarks.defaults.record cnn_v4 --draws 45

Appends a line for each training to benchmarks/defaults/fashion_mnist_SPACE.jsonl and goes on where it was cut off.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import tuner.data
from search_spaces import SearchSpace, over_limit, summarize
from tuner.machine import hardware, versions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from search_spaces import Configuration
    from tuner.training.fit import Images

HERE = Path(__file__).parent
LIMIT, VALIDATION, SEED = 10_000, 0.15, 0
"""Images of training and validation together, and what they are split by; as `tune` does with `--limit 10000`."""
HELD_OUT = 10_000
"""Other training images, which neither train nor validate: they tell how good the last epoch really is."""
AGAIN = 10
"""Configurations that are trained once more, from another seed."""
PART = 4
"""A training on part of the data has one image in so many."""


def file_of(space: str) -> Path:
    return HERE / f"fashion_mnist_{space}.jsonl"


def wanted(space: SearchSpace, n_draws: int) -> Iterator[tuple[str, Configuration]]:
    """The presets, then random configurations within the space's limits, each with its name."""
    for name in space.presets:
        yield name, space.preset(name)
    chance = random.Random(SEED)
    draws = (space.sample(chance) for _ in range(100 * n_draws))
    fitting = (draw for draw in draws if not over_limit(space, summarize(draw, (28, 28, 1), 10)))
    for number, draw in enumerate(islice(fitting, n_draws)):
        yield f"draw {number}", draw


class Data:
    """The same images for all trainings."""

    def __init__(self) -> None:
        self._images, self._labels = tuner.data.find("fashion-mnist").train()
        self.split = tuner.data.split(self._labels, validation=VALIDATION, seed=SEED, limit=LIMIT)
        others = np.setdiff1d(np.arange(len(self._labels)), self.split.rows)
        self._held_out = np.random.default_rng(SEED).permutation(others)[:HELD_OUT]

    def rows(self, rows: Any) -> Images:
        from tuner.training.fit import Images

        return Images(images=self._images[np.sort(rows)], labels=self._labels[np.sort(rows)], n_classes=10)

    def held_out(self) -> Images:
        return self.rows(self._held_out)


def trained(configuration: Configuration, data: Data, *, seed: int, part: int) -> dict[str, Any]:
    """What is kept of one training: accuracies in images of 10,000, seconds in milliseconds."""
    import keras

    from tuner.training.fit import NotFinite, Supervision, train

    epochs: list[Any] = []
    supervision = Supervision(on_epoch=epochs.append)
    began, held_out = time.perf_counter(), None
    keras.backend.clear_session()
    try:
        model, _ = train(
            configuration,
            data.rows(data.split.train[::part]),
            data.rows(data.split.validation),
            epochs=configuration.training.epochs,
            seed=seed,
            supervision=supervision,
        )
        held_out = accuracy(model, data.held_out())
    except NotFinite:
        pass
    return {
        "curve": [round(1e4 * epoch.val_accuracy) for epoch in epochs],
        "milliseconds": [round(1e3 * epoch.seconds) for epoch in epochs],
        "all_milliseconds": round(1e3 * (time.perf_counter() - began)),
        "held_out": held_out,
    }


def accuracy(model: Any, images: Images) -> int:
    """Of 10,000 images."""
    found = model.predict(images.images.astype(np.float32), batch_size=500, verbose=0).argmax(axis=1)
    return round(1e4 * float(np.mean(found == images.labels)))


def header(space: SearchSpace) -> dict[str, Any]:
    facts, machine = versions(), hardware()
    return {
        "space": space.name,
        "fingerprint": space.fingerprint,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{machine['processor']}, {machine['cores']} cores, {machine['memory']}",
        "versions": {name: facts[name] for name in ("Python", "tensorflow", "keras")},
        "images": {"train": LIMIT - round(LIMIT * VALIDATION), "validation": round(LIMIT * VALIDATION)},
    }


def record(space: SearchSpace, jobs: Sequence[tuple[str, Configuration, int, int]], path: Path) -> None:
    if not path.exists():
        path.write_text(json.dumps(header(space)) + "\n", encoding="utf-8")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()[1:]]
    done = {(row["name"], row["seed"], row["part"]) for row in rows}
    data = Data()
    for name, configuration, seed, part in jobs:
        if (name, seed, part) in done:
            continue
        row = {"name": name, "seed": seed, "part": part, "values": dict(configuration.values)}
        row |= trained(configuration, data, seed=seed, part=part)
        with path.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(row) + "\n")
        print(name, seed, part, max(row["curve"], default=None), row["held_out"], row["all_milliseconds"], flush=True)


def main(words: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("space")
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--part", action="store_true", help=f"then all again on one image in {PART}")
    given = parser.parse_args(words)
    space = SearchSpace.load(given.space)
    all_of_them = list(wanted(space, given.draws))
    jobs = [(name, configuration, 0, 1) for name, configuration in all_of_them]
    jobs += [(name, configuration, 1, 1) for name, configuration in all_of_them[:AGAIN]]
    if given.part:
        jobs += [(name, configuration, 0, PART) for name, configuration in all_of_them]
    record(space, jobs, file_of(given.space))


if __name__ == "__main__":
    main(sys.argv[1:])
