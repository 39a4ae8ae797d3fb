"""What each augmentation does to pixels and labels, and that its chance is the batch's alone."""

from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from search_spaces import Component
from search_spaces.components import AUGMENTATIONS
from tuner.training import geometry
from tuner.training.augmentation import augmented
from tuner.training.mixing import mixed
from tuner.training.pipeline import TrainingImages
from tuner.training.preparation import preparation

SEED = tf.constant([3, 4], tf.int64)
MODES = ["constant", "nearest", "reflect", "wrap"]


def noise(n: int, height: int, width: int, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(0).integers(1, 256, (n, height, width, channels)).astype(np.float32)


def dots(n: int, size: int) -> np.ndarray:
    """One bright pixel in the middle of each image."""
    images = np.zeros((n, size, size, 1), np.float32)
    images[:, size // 2, size // 2] = 255
    return images


def changed(images: np.ndarray, *augmentation: Component) -> np.ndarray:
    return augmented(tf.constant(images), augmentation, SEED).numpy()


def places(images: np.ndarray) -> np.ndarray:
    """(n, 2) row and column of the brightness's centre; images without any are left out."""
    sums = images.sum(axis=(1, 2, 3))
    rows, columns = np.indices(images.shape[1:3])
    bright = images[..., 0]
    centres = [(bright * axis).sum(axis=(1, 2)) / np.maximum(sums, 1) for axis in (rows, columns)]
    return np.stack(centres, axis=1)[sums > 0]


@pytest.mark.parametrize("kind", AUGMENTATIONS)
def test_the_same_seed_and_epoch_give_the_same_bits_and_another_epoch_others(
    component: Callable, configure: Callable, kind: str
) -> None:
    images, labels = noise(40, 12, 12).astype(np.uint8), np.arange(40) % 4
    training = configure(augmentation=(component(kind, **({"alpha": 1.0} if kind == "mixup" else {})),)).training
    prepare = preparation(training, labels, 4)
    first, second = (TrainingImages(images, labels, batch_size=20, seed=0, prepare=prepare) for _ in range(2))
    runs = [in_memory_order(first, 1), in_memory_order(first, 2), in_memory_order(second, 1)]
    assert np.array_equal(runs[0], runs[2])
    assert not np.array_equal(runs[0], runs[1])


def in_memory_order(batches: TrainingImages, epoch: int) -> np.ndarray:
    """The images of an epoch of seed 0, as they stand in memory, so that the shuffling alone is no difference."""
    batches.shuffle(epoch)
    order = np.random.default_rng((0, epoch)).permutation(40)
    return np.concatenate([fed[0].numpy() for fed in batches.dataset])[np.argsort(order)]


def test_every_batch_of_every_epoch_draws_its_own(component: Callable, configure: Callable) -> None:
    """The images are all alike, so that no order of them can make the difference."""
    images, labels = np.full((40, 2, 2, 1), 100, np.uint8), np.zeros(40, np.int64)
    prepare = preparation(configure(augmentation=(component("brightness"),)).training, labels, 4)
    batches = TrainingImages(images, labels, batch_size=20, seed=0, prepare=prepare)
    drawn = []
    for epoch in (1, 2):
        batches.shuffle(epoch)
        drawn += [np.sort(fed[0].numpy(), axis=0) for fed in batches.dataset]
    assert not any(np.array_equal(drawn[i], drawn[j]) for i in range(4) for j in range(i))


def test_another_seed_draws_otherwise(component: Callable) -> None:
    images = tf.constant(noise(40, 8, 8))
    once, again = (augmented(images, (component("brightness"),), tf.constant([seed, 4], tf.int64)) for seed in (3, 5))
    assert not np.array_equal(once, again)


def test_two_of_a_kind_in_one_list_draw_apart(component: Callable) -> None:
    images = np.full((50, 2, 2, 1), 100, np.float32)
    once = changed(images, component("brightness")) / 100
    twice = changed(images, component("brightness"), component("brightness")) / 100
    assert not np.allclose(twice, once**2, atol=1e-3)


@pytest.mark.parametrize(("direction", "axes"), [("horizontal", [2]), ("vertical", [1]), ("both", [1, 2])])
def test_flip_mirrors_about_half_of_the_images_each_way(component: Callable, direction: str, axes: list[int]) -> None:
    images = noise(4000, 4, 5, 3)
    flipped = changed(images, component("flip", direction=direction))
    kinds = [()] + [(axis,) for axis in axes] + ([tuple(axes)] if len(axes) > 1 else [])
    found = [np.all(flipped == np.flip(images, kind), axis=(1, 2, 3)) for kind in kinds]
    assert np.all(sum(each.astype(int) for each in found) == 1)
    assert all(abs(each.mean() - 1 / len(kinds)) < 0.03 for each in found)


@pytest.mark.parametrize("mode", MODES)
def test_shift_moves_by_whole_pixels_and_by_no_more_than_the_share(component: Callable, mode: str) -> None:
    shift = component("shift", height=0.2, width=0.1, fill_mode=mode)
    moved = changed(dots(300, 21), shift)
    assert set(np.unique(moved)) == {0.0, 255.0}
    steps = places(moved) - 10
    assert set(steps[:, 0]) == {-4, -3, -2, -1, 0, 1, 2, 3, 4}
    assert set(steps[:, 1]) == {-2, -1, 0, 1, 2}


@pytest.mark.parametrize("mode", MODES)
def test_crop_cuts_the_padded_image_at_a_whole_pixel(component: Callable, mode: str) -> None:
    images = noise(400, 7, 9, 3)
    # numpy's `symmetric` is what Keras and TensorFlow call `reflect`.
    padding = {"constant": "constant", "nearest": "edge", "reflect": "symmetric", "wrap": "wrap"}[mode]
    cut = changed(images, component("crop", padding=2, fill_mode=mode))
    padded = np.pad(images, ((0, 0), (2, 2), (2, 2), (0, 0)), mode=padding)
    windows = np.stack([padded[:, y : y + 7, x : x + 9] for y in range(5) for x in range(5)])
    matches = np.all(windows == cut, axis=(2, 3, 4))
    assert np.all(matches.any(axis=0))
    assert np.all(matches.any(axis=1))


def test_rotate_turns_about_the_middle_by_no_more_than_its_degrees(component: Callable) -> None:
    images = np.zeros((200, 41, 41, 1), np.float32)
    images[:, 20, 35] = 255  # 15 pixels to the right of the middle
    turned = places(changed(images, component("rotate", degrees=30.0))) - 20
    angles = np.degrees(np.arctan2(turned[:, 0], turned[:, 1]))
    assert np.hypot(*turned.T) == pytest.approx(np.full(len(turned), 15), abs=0.4)
    assert np.abs(angles).max() <= 31
    assert angles.max() > 25
    assert angles.min() < -25


def test_zoom_enlarges_about_the_middle_by_its_factor_in_both_directions(component: Callable) -> None:
    images = np.zeros((200, 41, 41, 1), np.float32)
    images[:, 10, 30] = 255  # 10 pixels up and to the right
    away = places(changed(images, component("zoom", by=0.3))) - 20
    factors = away / [-10, 10]
    assert factors[:, 0] == pytest.approx(factors[:, 1], abs=0.08)
    assert 0.68 <= factors.min() < 0.75
    assert 1.25 < factors.max() <= 1.32


def test_moves_in_a_row_are_read_once_and_in_their_order(component: Callable) -> None:
    images = np.zeros((100, 41, 41, 1), np.float32)
    images[:, 20, 30] = 255
    shift, turn = component("shift", height=0.0, width=0.2), component("rotate", degrees=90.0)
    together = places(changed(images, shift, turn))
    seeds = [tf.random.experimental.stateless_fold_in(SEED, place) for place in (0, 1)]
    apart = tf.constant(images)
    for move, seed in zip((shift, turn), seeds, strict=True):
        apart = geometry.transformed(apart, [(move, seed)], fill_mode="constant")
    assert together == pytest.approx(places(apart.numpy()), abs=0.3)
    # Out over the edge and back again: what one move took, the next brings back.
    calls = [changed(images, shift, component("shift", height=0.0, width=0.0)), changed(images, shift)]
    assert np.array_equal(calls[0], calls[1])


def test_brightness_multiplies_within_its_range_and_stays_in_0_to_255(component: Callable) -> None:
    images = np.full((300, 3, 3, 1), 100, np.float32)
    images[:, 0, 0] = 250
    brighter = changed(images, component("brightness", by=0.2))
    factors = brighter[:, 1, 1, 0] / 100
    assert 0.8 <= factors.min() < 0.82
    assert 1.18 < factors.max() <= 1.2
    assert brighter[:, 0, 0, 0] == pytest.approx(np.minimum(250 * factors, 255))


def test_contrast_keeps_the_mean_and_stretches_about_it(component: Callable) -> None:
    images = np.tile(np.float32([[80], [120]]).reshape(1, 2, 1, 1), (300, 1, 1, 1))
    stretched = changed(images, component("contrast", by=0.5))
    assert stretched.mean(axis=(1, 2, 3)) == pytest.approx(np.full(300, 100))
    factors = (stretched[:, 1] - stretched[:, 0]).ravel() / 40
    assert 0.5 <= factors.min() < 0.55
    assert 1.45 < factors.max() <= 1.5


@pytest.mark.parametrize(("smallest", "largest", "size"), [(0.02, 0.2, (28, 28)), (0.3, 1.0, (12, 40))])
def test_erase_puts_noise_into_a_rectangle_of_the_area_that_was_asked_for(
    component: Callable, smallest: float, largest: float, size: tuple[int, int]
) -> None:
    images = np.full((400, *size, 1), 1000, np.float32)  # no pixel of the noise is as bright
    part = component("erase", probability=0.7, smallest=smallest, largest=largest)
    erased = changed(images, part)[..., 0] != 1000
    hit = erased.any(axis=(1, 2))
    assert hit.mean() == pytest.approx(0.7, abs=0.08)
    heights, widths = erased[hit].any(axis=2).sum(axis=1), erased[hit].any(axis=1).sum(axis=1)
    areas = erased[hit].sum(axis=(1, 2))
    assert np.array_equal(areas, heights * widths)
    # A side is a whole number of pixels, so an area can be off by half of the other side.
    pixels, slack = size[0] * size[1], np.maximum(heights, widths) / 2 + 1
    assert np.all((areas >= smallest * pixels - slack) & (areas <= largest * pixels + slack))
    assert areas.max() > (smallest + 0.8 * (largest - smallest)) * pixels
    if size[0] == size[1]:
        assert np.all(heights / widths <= 1 / 0.3 * 1.35)
        assert np.all(heights / widths >= 0.3 / 1.35)
    fills = changed(images, part)[erased]
    assert (fills.min(), fills.max()) == (0, 255)
    assert fills.mean() == pytest.approx(127.5, abs=2)


@pytest.mark.parametrize(("kind", "alpha"), [("mixup", 0.2), ("mixup", 1.0), ("cutmix", 1.0), ("cutmix", 0.001)])
def test_labels_are_mixed_as_the_images_are(component: Callable, kind: str, alpha: float) -> None:
    """Image i is all of brightness i, so its mean says what it is made of."""
    n = 9
    images = np.tile(np.arange(n, dtype=np.float32).reshape(n, 1, 1, 1), (1, 8, 8, 1))
    found = mixed(component(kind, alpha=alpha), tf.constant(images), tf.eye(n), SEED)
    pixels, labels = found[0].numpy(), found[1].numpy()
    assert labels.sum(axis=1) == pytest.approx(np.ones(n))
    assert labels @ np.arange(n) == pytest.approx(pixels.mean(axis=(1, 2, 3)), abs=1e-4)
    partners = np.eye(n)[::-1] + np.eye(n) > 0
    assert np.all(labels[~partners] == 0)
    if kind == "cutmix":
        assert all(set(np.unique(image)) <= {i, n - 1 - i} for i, image in enumerate(pixels))


def test_mixing_draws_its_shares_from_the_beta_distribution(component: Callable) -> None:
    images, labels = np.zeros((4000, 1, 1, 1), np.float32), tf.one_hot([0] * 2000 + [1] * 2000, 2)
    shares = mixed(component("mixup", alpha=0.4), tf.constant(images), labels, SEED)[1].numpy()[:2000, 0]
    assert shares.mean() == pytest.approx(0.5, abs=0.03)
    assert shares.var() == pytest.approx(1 / (4 * (2 * 0.4 + 1)), abs=0.01)


def test_an_alpha_of_0_mixes_nothing_and_validation_sees_no_augmentation(
    component: Callable, configure: Callable
) -> None:
    training = configure(augmentation=(component("mixup", alpha=0.0), component("cutmix", alpha=0.0))).training
    prepare = preparation(training, np.arange(5), 5)
    assert prepare is not None
    images, labels = prepare(tf.constant(noise(5, 4, 4)), tf.range(5), SEED)
    assert np.array_equal(images, noise(5, 4, 4))
    assert labels.numpy().tolist() == [0, 1, 2, 3, 4]
