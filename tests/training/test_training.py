"""Real Keras on small real images."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from search_spaces import SearchSpace, summarize
from tuner import models
from tuner.data import find, split
from tuner.files import MANIFEST
from tuner.training.fit import Checkpointing, Images, NotFinite, Stopped, Supervision, train
from tuner.training.pipeline import TrainingImages
from tuner.trial import Epoch

SPACE = """
name: tiny
layers:
  - conv2d: {filters: 4, kernel_size: 3, activation: relu}
  - dropout: {rate: 0.2}
  - flatten
  - batch_normalization
training: {optimizer: {adam: {learning_rate: 0.01}}, batch_size: 50, epochs: 4}
"""
CONFIGURATION = SearchSpace.parse(SPACE, "tiny.yaml").default()


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> tuple[Images, Images]:
    images, labels = find("digits", cache=tmp_path_factory.mktemp("data")).train()
    rows = split(labels, validation=0.2, seed=0, limit=600)
    return (
        Images(images=images[rows.train], labels=labels[rows.train], n_classes=10),
        Images(images=images[rows.validation], labels=labels[rows.validation], n_classes=10),
    )


def trained(
    data: tuple[Images, Images], epochs: int, folder: Path | None = None, seed: int = 3, **watched: object
) -> tuple[Epoch, ...]:
    checkpointing = Checkpointing(folder=folder, identity="a") if folder else None
    supervision = Supervision(checkpointing=checkpointing, **watched)  # type: ignore[arg-type]
    return train(CONFIGURATION, *data, epochs=epochs, seed=seed, supervision=supervision)[1]


def scores(curve: tuple[Epoch, ...]) -> list[tuple[float, float, float | None, float | None]]:
    return [(epoch.accuracy, epoch.loss, epoch.val_accuracy, epoch.val_loss) for epoch in curve]


def test_training_learns(digits: tuple[Images, Images]) -> None:
    curve = trained(digits, 4)
    assert [epoch.epoch for epoch in curve] == [1, 2, 3, 4]
    assert curve[-1].accuracy > 0.8
    assert (curve[-1].val_accuracy or 0) > 0.6


def test_the_same_seed_gives_the_same_curve_and_another_does_not(digits: tuple[Images, Images]) -> None:
    first, again, other = trained(digits, 2), trained(digits, 2), trained(digits, 2, seed=4)
    assert scores(first) == scores(again)
    assert scores(first) != scores(other)


def test_a_resumed_trial_ends_where_an_undisturbed_one_does(digits: tuple[Images, Images], tmp_path: Path) -> None:
    whole = trained(digits, 4)
    trained(digits, 2, tmp_path)
    assert scores(trained(digits, 4, tmp_path)) == scores(whole)


def test_a_resumed_trial_tells_its_earlier_epochs_again(digits: tuple[Images, Images], tmp_path: Path) -> None:
    trained(digits, 2, tmp_path)
    told: list[int] = []
    trained(digits, 3, tmp_path, on_epoch=lambda epoch: told.append(epoch.epoch))
    assert told == [1, 2, 3]


def test_two_checkpoints_are_kept_and_damage_to_the_last_costs_one_epoch(
    digits: tuple[Images, Images], tmp_path: Path
) -> None:
    whole = trained(digits, 3, tmp_path)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["epoch-0002", "epoch-0003"]
    state = tmp_path / "epoch-0003" / "state.npz"
    state.write_bytes(state.read_bytes()[:-100])
    assert scores(trained(digits, 3, tmp_path)) == scores(whole)


@pytest.mark.parametrize("damage", ["truncate", "flip", "empty", "no manifest", "torn manifest", "a file instead"])
def test_no_damage_to_checkpoints_is_fatal_or_goes_unnoticed(
    digits: tuple[Images, Images], tmp_path: Path, damage: str
) -> None:
    whole = trained(digits, 2, tmp_path)
    for folder in list(tmp_path.iterdir()):
        break_checkpoint(folder, damage)
    assert scores(trained(digits, 2, tmp_path)) == scores(whole)


def break_checkpoint(folder: Path, damage: str) -> None:
    state, manifest = folder / "state.npz", folder / MANIFEST
    content = state.read_bytes()
    match damage:
        case "truncate":
            state.write_bytes(content[: len(content) // 2])
        case "flip":
            middle = len(content) // 2
            state.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])
        case "empty":
            state.write_bytes(b"")
        case "no manifest":
            manifest.unlink()
        case "torn manifest":
            manifest.write_text(manifest.read_text()[:40])
        case "a file instead":
            for file in folder.iterdir():
                file.unlink()
            folder.rmdir()
            folder.write_text("")


def test_a_checkpoint_of_another_trial_is_not_taken_up(digits: tuple[Images, Images], tmp_path: Path) -> None:
    trained(digits, 2, tmp_path)
    told: list[Epoch] = []
    train(
        CONFIGURATION,
        *digits,
        epochs=1,
        seed=9,
        supervision=Supervision(on_epoch=told.append, checkpointing=Checkpointing(folder=tmp_path, identity="another")),
    )
    assert len(told) == 1


def test_a_trial_stops_in_the_middle_of_an_epoch_when_it_is_told_to(digits: tuple[Images, Images]) -> None:
    with pytest.raises(Stopped):
        trained(digits, 4, should_stop=lambda: True)


def test_a_loss_that_runs_away_is_an_error_of_its_own(digits: tuple[Images, Images]) -> None:
    text = SPACE.replace("adam: {learning_rate: 0.01}", "sgd: {learning_rate: 10000000000000.0}")
    wild = SearchSpace.parse(text.replace("batch_normalization", "dense: {units: 8}"), "wild.yaml").default()
    with pytest.raises(NotFinite, match="epoch"):
        train(wild, *digits, epochs=3, seed=0)


def test_every_image_is_seen_once_an_epoch_in_an_order_of_its_own(digits: tuple[Images, Images]) -> None:
    images = np.arange(130, dtype=np.uint8).reshape(130, 1, 1, 1)
    batches = TrainingImages(images, np.zeros(130, dtype=np.uint8), batch_size=50, seed=0)
    orders = []
    for epoch in (0, 1, 0):
        batches.shuffle(epoch)
        seen = [batch.numpy().ravel().astype(int).tolist() for batch, _labels in batches.dataset]
        assert [len(batch) for batch in seen] == [50, 50, 30]
        orders.append([number for batch in seen for number in batch])
    assert sorted(orders[0]) == list(range(130))
    assert orders[0] == orders[2] != orders[1]


@pytest.mark.parametrize(("name", "parameters"), [("cnn_v4", 120_234), ("mlp_v1", 109_386)])
def test_the_published_presets_build_with_their_published_parameters(name: str, parameters: int) -> None:
    configuration = SearchSpace.load(name).preset("published")
    model = models.build(configuration, (28, 28, 1), 10)
    assert model.count_params() == summarize(configuration, (28, 28, 1), 10).parameters == parameters


def test_the_model_takes_pixels_and_gives_probabilities(digits: tuple[Images, Images]) -> None:
    model = models.build(CONFIGURATION, (8, 8, 1), 10)
    dark, bright = np.zeros((1, 8, 8, 1)), np.full((1, 8, 8, 1), 255.0)
    assert float(model.get_layer("scale")(bright).numpy().max()) == pytest.approx(1.0)
    assert model.predict_on_batch(dark).sum() == pytest.approx(1.0, abs=1e-5)


def test_the_optimizer_has_the_settings_of_the_configuration() -> None:
    training = CONFIGURATION.training
    sgd = replace(training.optimizer, kind="sgd", arguments={"learning_rate": 0.05, "momentum": 0.8, "nesterov": True})
    optimizer = models.build_optimizer(sgd)
    assert (type(optimizer).__name__, optimizer.momentum, optimizer.nesterov) == ("SGD", 0.8, True)
