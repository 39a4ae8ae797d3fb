"""The state of a trial after an epoch, on disk: one folder an epoch, whole or not there, two kept.

Keras's BackupAndRestore survives neither a torn file nor a flipped byte; any damage here means the epoch before, and
then a start from scratch.
"""

from __future__ import annotations

import shutil
from dataclasses import astuple
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

from tuner import crashing
from tuner.files import MANIFEST, damage, new_folder, read_manifest, write_manifest
from tuner.training.statistics import seed_states
from tuner.trial import epoch_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import keras

    from tuner.trial import Epoch

KEPT = 2
STATE = "state.npz"


def save(
    folder: Path, model: keras.Model, curve: Sequence[Epoch], identity: str, more: Sequence[keras.Variable] = ()
) -> None:
    """Keeps weights, optimizer, random state and `more` after the last epoch of `curve`. `identity` says whose they
    are.
    """
    epoch = curve[-1].epoch
    with new_folder(folder / f"epoch-{epoch:04d}") as new:
        arrays = {str(i): np.asarray(variable) for i, variable in enumerate([*_state(model), *more])}
        np.savez(new / STATE, allow_pickle=False, **arrays)
        write_manifest(new, identity=identity, curve=[list(astuple(each)) for each in curve])
    for old in _epochs(folder)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)
    crashing.here("checkpoint-kept")


def restore(
    folder: Path,
    model: keras.Model,
    identity: str,
    more: Sequence[keras.Variable] = (),
    on_damage: Callable[[str], None] = lambda _: None,
) -> tuple[Epoch, ...]:
    """Puts the newest whole checkpoint of `identity` into the model and `more`, and returns its curve; () where there
    is none. Each that is damaged is told to `on_damage`, in a line, and left out.
    """
    for path in sorted(folder.glob("epoch-*"), reverse=True):
        manifest = read_manifest(path)
        if manifest is not None and manifest.get("identity") != identity:
            continue
        try:
            return _put(path, manifest, [*_state(model), *more])
        except (OSError, ValueError, KeyError, TypeError, BadZipFile) as error:
            on_damage(f"{folder.name}/{path.name} is damaged ({error}): what is before it takes its place")
    return ()


def _put(path: Path, manifest: dict[str, Any] | None, variables: list[keras.Variable]) -> tuple[Epoch, ...]:
    """The checkpoint's curve; the variables have its arrays then. Whatever error it raises, they are as they were."""
    if manifest is None or STATE not in manifest["files"]:
        raise ValueError(damage(path) or f"{MANIFEST} has no sum of {STATE}")
    curve = tuple(epoch_of(row) for row in manifest["curve"])
    if not curve:
        raise ValueError(f"{MANIFEST} has no epochs")
    with np.load(path / STATE, allow_pickle=False) as arrays:
        _assign(variables, [arrays[str(i)] for i in range(len(arrays.files))])
    return curve


def _state(model: keras.Model) -> list[keras.Variable]:
    """Weights, seed generators and the optimizer's variables; not the metrics, which start anew with each epoch."""
    return [*model.weights, *seed_states(model), *model.optimizer.variables]


def _assign(variables: list[keras.Variable], values: list[np.ndarray]) -> None:
    if [tuple(variable.shape) for variable in variables] != [value.shape for value in values]:
        raise ValueError("the checkpoint is of another model.")
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _epochs(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("epoch-*") if path.is_dir())
