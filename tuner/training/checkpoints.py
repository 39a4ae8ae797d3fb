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
from tuner.training.statistics import seed_states
from tuner.trial import epoch_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import keras

    from tuner.trial import Epoch

KEPT = 2


def save(
    folder: Path, model: keras.Model, curve: Sequence[Epoch], identity: str, more: Sequence[keras.Variable] = ()
) -> None:
    """Keeps weights, optimizer, random state and `more` after the last epoch of `curve`. `identity` says whose they
    are.
    """
    epoch = curve[-1].epoch
    with new_folder(folder / f"epoch-{epoch:04d}") as new:
        arrays = {str(i): np.asarray(variable) for i, variable in enumerate([*_state(model), *more])}
        np.savez(new / "state.npz", allow_pickle=False, **arrays)
        write_manifest(new, identity=identity, curve=[list(astuple(each)) for each in curve])
    for old in _epochs(folder)[:-KEPT]:
        shutil.rmtree(old, ignore_errors=True)


def restore(folder: Path, model: keras.Model, identity: str, more: Sequence[keras.Variable] = ()) -> tuple[Epoch, ...]:
    """Puts the newest whole checkpoint of `identity` into the model and `more`, and returns its curve; () where there
    is none.
    """
    for path in reversed(_epochs(folder)):
        manifest = read_manifest(path)
        if manifest is None or manifest.get("identity") != identity:
            continue
        try:
            with np.load(path / "state.npz", allow_pickle=False) as arrays:
                _assign([*_state(model), *more], [arrays[str(i)] for i in range(len(arrays.files))])
            return tuple(epoch_of(row) for row in manifest["curve"])
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return ()


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
