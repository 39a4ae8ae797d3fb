"""The state of a trial after an epoch, on disk: one folder an epoch, whole or not there, two kept.

Keras's BackupAndRestore survives neither a torn file nor a flipped byte; any damage here means the epoch before, and
then a start from scratch.
"""

from __future__ import annotations

import shutil
from dataclasses import astuple
from typing import TYPE_CHECKING

import numpy as np

from tuner.files import new_folder, read_manifest, write_manifest
from tuner.trial import Epoch

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import keras

KEPT = 2


def save(folder: Path, model: keras.Model, curve: Sequence[Epoch], identity: str) -> None:
    """Keeps weights, optimizer and random state after the last epoch of `curve`. `identity` says whose they are."""
    epoch = curve[-1].epoch
    with new_folder(folder / f"epoch-{epoch:04d}") as new:
        arrays = {str(i): np.asarray(variable) for i, variable in enumerate(_state(model))}
        np.savez(new / "state.npz", allow_pickle=False, **arrays)
        write_manifest(new, identity=identity, curve=[list(astuple(each)) for each in curve])
    for old in _epochs(folder)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def restore(folder: Path, model: keras.Model, identity: str) -> tuple[Epoch, ...]:
    """Puts the newest whole checkpoint of `identity` into the model and returns its curve; () where there is none."""
    for path in reversed(_epochs(folder)):
        manifest = read_manifest(path)
        if manifest is None or manifest.get("identity") != identity:
            continue
        try:
            with np.load(path / "state.npz", allow_pickle=False) as arrays:
                _assign(_state(model), [arrays[str(i)] for i in range(len(arrays.files))])
            return tuple(_epoch(row) for row in manifest["curve"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return ()


def _state(model: keras.Model) -> list[keras.Variable]:
    """Weights, seed generators and the optimizer's variables; not the metrics, which start anew with each epoch."""
    seeds = [layer.seed_generator.state for layer in model.layers if getattr(layer, "seed_generator", None)]
    return [*model.weights, *seeds, *model.optimizer.variables]


def _assign(variables: list[keras.Variable], values: list[np.ndarray]) -> None:
    if [tuple(variable.shape) for variable in variables] != [value.shape for value in values]:
        raise ValueError("the checkpoint is of another model.")
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def _epoch(row: list[float]) -> Epoch:
    epoch, accuracy, loss, val_accuracy, val_loss, seconds = row
    return Epoch(
        epoch=int(epoch), accuracy=accuracy, loss=loss, val_accuracy=val_accuracy, val_loss=val_loss, seconds=seconds
    )


def _epochs(folder: Path) -> list[Path]:
    return sorted(path for path in folder.glob("epoch-*") if path.is_dir())
