"""Figures from predicted probabilities, against those that scikit-learn makes of the same."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    confusion_matrix,
    log_loss,
    precision_recall_fscore_support,
)

from tuner.evaluation import evaluate

NAMES = ("a", "b", "c", "d")


def predictions(n: int = 500, *, sharp: float = 2.0) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
    """(n, 4) probabilities as a softmax gives them, and classes that they are often right about."""
    rng = np.random.default_rng(3)
    labels = rng.integers(0, len(NAMES), n).astype(np.uint8)
    logits = rng.normal(size=(n, len(NAMES))) + sharp * np.eye(len(NAMES))[labels]
    shares = np.exp(logits)
    return (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32), labels


def test_every_figure_is_that_of_scikit_learn() -> None:
    probabilities, labels = predictions()
    found = evaluate(probabilities, labels, NAMES)
    said, numbers = probabilities.argmax(axis=1), range(len(NAMES))
    exact = probabilities.astype(np.float64)
    exact /= exact.sum(axis=1, keepdims=True)
    assert found.accuracy.value == pytest.approx(accuracy_score(labels, said), abs=1e-12)
    assert found.loss == pytest.approx(log_loss(labels, exact, labels=numbers), abs=1e-12)
    assert (found.confusion == confusion_matrix(labels, said)).all()
    brier = brier_score_loss(labels, exact, labels=list(numbers), scale_by_half=False)
    assert found.calibration.brier == pytest.approx(brier, abs=1e-12)
    table = precision_recall_fscore_support(labels, said)
    rows = [(each.precision, each.recall, each.f1, each.support) for each in found.classes]
    assert np.allclose(rows, np.transpose(table), rtol=0, atol=1e-12)


def test_the_bins_hold_every_image_once_and_the_error_is_their_mean_distance() -> None:
    probabilities, labels = predictions()
    of = evaluate(probabilities, labels, NAMES).calibration
    assert sum(each.accuracy.n for each in of.bins) == len(labels)
    assert all(each.low < each.confidence <= each.high for each in of.bins)
    # The definition of Guo et al. written down a second time, an image at a time.
    sure = probabilities.astype(np.float64).max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    error = 0.0
    for i in range(15):
        inside = (sure > i / 15) & (sure <= (i + 1) / 15)
        if inside.any():
            error += inside.mean() * abs(right[inside].mean() - sure[inside].mean())
    assert of.ece == pytest.approx(error, abs=1e-6)  # single precision: the sums are not quite 1


def test_perfect_predictions_have_no_error_and_certain_mistakes_the_largest() -> None:
    labels = np.arange(4, dtype=np.uint8).repeat(5)
    certain = np.eye(4, dtype=np.float32)[labels]
    assert evaluate(certain, labels, NAMES).calibration.ece == 0.0
    assert evaluate(certain, labels, NAMES).calibration.brier == 0.0
    wrong = evaluate(np.roll(certain, 1, axis=1), labels, NAMES).calibration
    assert (wrong.ece, wrong.brier) == (1.0, 2.0)


def test_one_who_is_equally_unsure_of_all_is_in_one_bin() -> None:
    labels = np.arange(4, dtype=np.uint8).repeat(5)
    of = evaluate(np.full((20, 4), 0.25, dtype=np.float32), labels, NAMES).calibration
    (only,) = of.bins
    assert only.confidence == pytest.approx(0.25)
    assert only.accuracy.value == 0.25
    assert of.ece == pytest.approx(0.0)
