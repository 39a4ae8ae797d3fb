"""Fault test 24: a trial goes on from the checkpoint before a damaged one, or from scratch, and never goes astray."""

from __future__ import annotations

import json
import os
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import keras
import numpy as np
import pytest
from evidence import Measured

from search_spaces import SearchSpace
from tuner import models
from tuner.files import MANIFEST, write_manifest
from tuner.training import checkpoints
from tuner.trial import Epoch

SPACE = """
name: tiny
layers: [flatten, {dense: {units: 5}}, batch_normalization, {dropout: {rate: 0.2}}]
training: {optimizer: {adam: {learning_rate: 0.01}}, batch_size: 50, epochs: 4}
"""
CONFIGURATION = SearchSpace.parse(SPACE, "tiny.yaml").default()
OURS = "the configuration, the seed and the data"

Damage = Callable[[Path], object]
State = tuple[tuple[Epoch, ...], bytes]
"""A curve, and the bytes of all weights that stand for it."""

CURVE = tuple(Epoch(epoch=n, accuracy=0.5 + n / 10, loss=1.5 / n, val_accuracy=0.25 * n, val_loss=2.0) for n in (1, 2))


def model() -> keras.Model:
    """With an optimizer, as in training."""
    made = models.build(CONFIGURATION, (4, 4, 1), 3)
    made.compile(optimizer=models.build_optimizer(CONFIGURATION.training.optimizer))
    made.optimizer.build(made.trainable_variables)
    return made


def variables(of: keras.Model) -> list[keras.Variable]:
    return [*of.weights, *of.optimizer.variables]


def scramble(of: keras.Model, seed: int) -> None:
    numbers = np.random.default_rng(seed)
    for variable in variables(of):
        variable.assign((numbers.random(variable.shape) * 100).astype(variable.dtype))


def weights(of: keras.Model) -> bytes:
    return b"".join(np.asarray(variable).tobytes() for variable in variables(of))


class Kept:
    """Two checkpoints of one trial, and what each holds."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.model = model()
        self.states: list[State] = []
        for n in (1, 2):
            scramble(self.model, n)
            checkpoints.save(folder, self.model, CURVE[:n], OURS)
            self.states.append((CURVE[:n], weights(self.model)))

    def restored(self, folder: Path) -> State:
        """What a trial that comes back finds there. What it holds before is its own fresh start."""
        scramble(self.model, 9)
        self.scratch: State = ((), weights(self.model))
        self.warnings: list[str] = []
        curve = checkpoints.restore(folder, self.model, OURS, on_damage=self.warnings.append)
        return curve, weights(self.model)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Kept:
    return Kept(tmp_path_factory.mktemp("kept") / "00007")


def cut(name: str, share: float) -> Damage:
    return lambda folder: os.truncate(folder / name, int((folder / name).stat().st_size * share))


def flipped(name: str, chance: random.Random) -> Damage:
    share, bit = chance.random(), 1 << chance.randrange(8)

    def flip(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[int(len(content) * share)] ^= bit
        (folder / name).write_bytes(content)

    return flip


def a_folder_for_the_file(path: Path) -> None:
    path.unlink()
    path.mkdir()


def a_file_for_the_folder(path: Path) -> None:
    shutil.rmtree(path)
    path.write_bytes(b"")


def written_again(folder: Path, change: Callable[[dict[str, object]], object]) -> None:
    """A checkpoint that is whole, and says something else."""
    facts = json.loads((folder / MANIFEST).read_text())
    del facts["files"], facts["seal"]
    change(facts)
    write_manifest(folder, **facts)


def of_an_older_version(folder: Path) -> None:
    """Fewer arrays than are kept today."""
    with np.load(folder / "state.npz") as arrays:
        fewer = {name: arrays[name] for name in arrays.files[:-1]}
    np.savez(folder / "state.npz", **fewer)
    written_again(folder, lambda facts: facts.update(version=0))


def unsealed(folder: Path, chance: random.Random, **changes: object) -> None:
    """As before manifests had a seal, with other sums, and a bit of the weights flipped."""
    manifest = json.loads((folder / MANIFEST).read_text())
    del manifest["seal"]
    (folder / MANIFEST).write_text(json.dumps({**manifest, **changes}))
    flipped("state.npz", chance)(folder)


def of_pickles(folder: Path) -> None:
    """Numpy would unpickle them, if it were let."""
    np.savez(folder / "state.npz", **{"0": np.array([{"a": 1}], dtype=object)})
    written_again(folder, lambda _facts: None)


def a_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def damages(chance: random.Random) -> Iterator[tuple[str, Damage]]:
    for name in ("state.npz", MANIFEST):
        yield from ((f"{name} cut at {n}/51", cut(name, n / 51)) for n in range(1, 51))
        yield from ((f"{name} with bit {n} flipped", flipped(name, chance)) for n in range(50))
        yield f"{name} empty", cut(name, 0)
        yield f"{name} missing", lambda folder, name=name: (folder / name).unlink()
        yield f"{name} a folder", lambda folder, name=name: a_folder_for_the_file(folder / name)
        yield f"{name} a pipe", lambda folder, name=name: a_pipe(folder / name)
        yield f"{name} zeros", lambda folder, name=name: (folder / name).write_bytes(bytes(4096))
    yield "the folder a file", a_file_for_the_folder
    yield "the folder empty", lambda folder: [path.unlink() for path in folder.iterdir()]
    yield "of another identity", lambda folder: written_again(folder, lambda facts: facts.update(identity="another"))
    yield "of an older version", of_an_older_version
    yield "of pickles", of_pickles
    yield "unsealed", lambda folder: unsealed(folder, chance)
    yield "unsealed and without sums", lambda folder: unsealed(folder, chance, files={})
    yield "unsealed with no mapping of sums", lambda folder: unsealed(folder, chance, files=[])
    yield "its curve no list", lambda folder: written_again(folder, lambda facts: facts.update(curve=7))
    yield "its curve empty", lambda folder: written_again(folder, lambda facts: facts.update(curve=[]))


def test_a_damaged_checkpoint_costs_an_epoch_and_two_cost_a_fresh_start(
    kept: Kept, tmp_path: Path, chance: random.Random, measured: Measured
) -> None:
    assert kept.restored(kept.folder) == kept.states[1]
    before: list[str] = []
    scratch: list[str] = []
    harmless: list[str] = []
    astray: list[str] = []
    fatal: list[str] = []
    silent: list[str] = []
    for number, (name, damage) in enumerate(damages(chance)):
        once, twice = tmp_path / f"{number}-once", tmp_path / f"{number}-twice"
        for folder in (once, twice):
            shutil.copytree(kept.folder, folder)
            damage(folder / "epoch-0002")
        damage(twice / "epoch-0001")
        for folder, fallen, expected in ((once, before, kept.states[0]), (twice, scratch, None)):
            try:
                state = kept.restored(folder)
            except Exception:  # noqa: BLE001 - none is right
                fatal.append(name)
                continue
            if state == (expected or kept.scratch):
                fallen.append(name)
                silent += [name] if len(kept.warnings) != (1 if expected else 2) else []
            elif state in kept.states:  # a flip that changes nothing that is read, in the spelling of a key that is not
                harmless.append(name)
            else:
                astray.append(name)
    n = number + 1
    measured(
        24,
        target="100 %: fall back to the previous or scratch, one warning, never fatal, never silently wrong weights",
        figure=f"{n} damages, to the last and to both: {len(before)} fell back one epoch, {len(scratch)} to scratch, "
        f"{len(harmless)} changed nothing, {len(astray)} astray, {len(fatal)} fatal; "
        f"one warning for each damaged checkpoint but in {len(silent)} of a checkpoint of another trial",
    )
    assert (astray, fatal) == ([], [])
    assert set(silent) == {"of another identity"}  # it is no damage, but another trial's
    assert len(harmless) <= 4
    assert len(before) >= n - 2


def test_a_trial_saves_its_next_epochs_over_whatever_lies_there(kept: Kept, tmp_path: Path) -> None:
    (tmp_path / "00007").mkdir()
    (tmp_path / "00007" / "epoch-0002").write_bytes(b"a file")
    (tmp_path / "00007" / "epoch-0001").mkdir()

    checkpoints.save(tmp_path / "00007", kept.model, CURVE, OURS)

    assert kept.restored(tmp_path / "00007")[0] == CURVE
