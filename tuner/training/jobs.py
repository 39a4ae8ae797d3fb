"""What a worker does for each job: reads the rows it may see, trains, and keeps what shall be kept."""

from __future__ import annotations

import functools
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from search_spaces import Configuration
from tuner import crashing, models
from tuner.errors import DataError
from tuner.files import checksum, new_folder, write_json, write_manifest
from tuner.timing import Timing
from tuner.training.fit import Checkpointing, Course, Images, Supervision, train
from tuner.training.latency import latency
from tuner.training.pipeline import EVALUATION_BATCH
from tuner.training.rows import taken

if TYPE_CHECKING:
    from collections.abc import Callable

    import keras
    from numpy.typing import NDArray

    from tuner.messages import Retrain, Train
    from tuner.trial import Epoch


def train_trial(
    job: Train,
    on_epoch: Callable[[Epoch], None],
    should_stop: Callable[[], bool],
    on_remark: Callable[[str], None] = lambda _: None,
    timing: Callable[[], Timing] = Timing,
) -> float | None:
    """Trains a trial on the training rows and scores each epoch on the validation rows.

    Returns the model's latency in milliseconds, where the job asks for it.
    """
    rows = _split(job.split)
    configuration = Configuration.from_json(job.configuration)
    model, _ = train(
        configuration,
        _images(job, rows["train"]),
        _images(job, rows["validation"]),
        epochs=job.epochs,
        seed=job.seed,
        precision=job.precision,
        supervision=Supervision(
            checkpointing=_checkpointing(job),
            on_epoch=on_epoch,
            should_stop=should_stop,
            on_remark=on_remark,
            timing=timing,
        ),
    )
    return latency(_served(model, configuration, job.n_classes)) if job.latency else None


def retrain(
    job: Retrain,
    on_epoch: Callable[[Epoch], None],
    should_stop: Callable[[], bool],
    on_remark: Callable[[str], None] = lambda _: None,
    timing: Callable[[], Timing] = Timing,
) -> None:
    """Trains the winner on training and validation rows together and predicts the test images, once.

    Raises DataError where these are damaged; the model's epochs are kept for the next try.
    """
    rows = _split(job.split)
    configuration = Configuration.from_json(job.configuration)
    model, curve = train(
        configuration,
        _images(job, np.sort(np.concatenate([rows["train"], rows["validation"]]))),
        Course(horizon=job.horizon, curve=job.curve),
        epochs=job.epochs,
        seed=job.seed,
        precision=job.precision,
        supervision=Supervision(
            checkpointing=Checkpointing(folder=Path(job.checkpoints), identity=job.identity),
            on_epoch=on_epoch,
            should_stop=should_stop,
            on_remark=on_remark,
            timing=timing,
        ),
    )
    served = _served(model, configuration, job.n_classes)
    with new_folder(Path(job.folder)) as folder:
        served.save(folder / "model.keras", zipped=True)
        write_json(folder / "configuration.json", job.configuration)
        opened = datetime.now().astimezone().isoformat(timespec="seconds")
        crashing.here("model-saved")
        images, labels = _test_set(job)
        probabilities = _predict(served, images)
        crashing.here("test-opened")
        np.savez_compressed(folder / "predictions.npz", probabilities=probabilities, labels=labels)
        write_manifest(folder, **job.facts, opened=opened, curve=[asdict(epoch) for epoch in curve])


def _test_set(job: Retrain) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The only place that opens it. Raises DataError where it is not what was prepared."""
    for path, prepared in zip((job.test_images, job.test_labels), job.test_sums, strict=True):
        if checksum(Path(path)) != prepared:
            raise DataError(
                f"{path}: damaged: its checksum is not the prepared one. Delete {Path(path).parent} and give the same "
                f"command again: it will be prepared anew"
            )
    images = np.load(job.test_images, mmap_mode="r", allow_pickle=False)
    return images, np.load(job.test_labels, allow_pickle=False)


def _checkpointing(job: Train) -> Checkpointing:
    return Checkpointing(
        folder=Path(job.checkpoints),
        identity=job.identity,
        start=Path(job.start) if job.start else None,
        horizon=job.horizon,
    )


def _served(model: keras.Model, configuration: Configuration, n_classes: int) -> keras.Model:
    """The same weights in a model of single precision that was never compiled: its file holds no optimizer, no policy
    and no class of ours, so that `keras.models.load_model` opens it where this program is not installed.
    """
    served = models.build(configuration, model.input_shape[1:], n_classes)
    served.set_weights(model.get_weights())
    return served


def _predict(model: keras.Model, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """(n, n_classes) class probabilities, from the model as it is served: pixels 0..255 in."""
    starts = range(0, len(images), EVALUATION_BATCH)
    batches = [model.predict_on_batch(images[i : i + EVALUATION_BATCH].astype(np.float32)) for i in starts]
    return np.concatenate(batches)


def _images(job: Train | Retrain, rows: NDArray[np.int64]) -> Images:
    images = _load(job.images)
    labels = _load(job.labels)
    return Images(images=taken(images, rows), labels=labels[rows], n_classes=job.n_classes)


@functools.cache
def _load(path: str) -> NDArray[np.uint8]:
    return np.load(path, mmap_mode="r", allow_pickle=False)  # type: ignore[no-any-return]


def _split(path: str) -> dict[str, NDArray[np.int64]]:
    with np.load(path, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in ("train", "validation")}
