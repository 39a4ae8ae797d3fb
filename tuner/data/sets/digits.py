"""scikit-learn's digits: small, always at hand, never downloaded. It has no published test set, so here is ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuner.data.card import Card

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tuner.data.formats.piece import Piece

N_TEST = 360
SEED = 0
BRIGHTEST = 16


def make() -> Iterator[Piece]:
    """1,437 training and 360 test images, stratified with a fixed seed; pixels 0..16 scaled to 0..255 and rounded."""
    import numpy as np
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    from tuner.data.formats.piece import Piece

    digits = load_digits()
    images = np.rint(digits.images * (255 / BRIGHTEST)).astype(np.uint8)[..., np.newaxis]
    labels = digits.target.astype(np.uint8)
    train, test = train_test_split(np.arange(len(labels)), test_size=N_TEST, random_state=SEED, stratify=labels)
    file = "scikit-learn's digits"
    yield Piece(split="train", images=images[train], labels=labels[train], images_file=file, labels_file=file)
    yield Piece(split="test", images=images[test], labels=labels[test], images_file=file, labels_file=file)


CARD = Card(
    name="digits",
    title="Digits",
    description="Handwritten digits that come with scikit-learn: 1,797 grey images of 8 x 8 in 10 classes",
    image_shape=(8, 8, 1),
    class_names=("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"),
    n_train=1_437,
    n_test=N_TEST,
    licence="CC BY 4.0",
    citation="Alpaydin, Kaynak 1998, Optical recognition of handwritten digits, UCI Machine Learning Repository",
    homepage="https://doi.org/10.24432/C50P49",
    formats=("npz",),
    made=make,
)
