"""From predicted probabilities to figures that carry their uncertainty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from reports.calibration import BINS, Bin, Calibration
from reports.report import ClassScores
from reports.standing import wilson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from reports.report import Proportion


@dataclass(frozen=True, kw_only=True)
class Scores:
    accuracy: Proportion
    loss: float
    """Mean categorical cross-entropy, in nats."""
    confusion: NDArray[np.int64]
    """(n_classes, n_classes); rows are true classes, columns predicted."""
    classes: tuple[ClassScores, ...]
    calibration: Calibration


def accuracy(probabilities: NDArray[np.floating], labels: NDArray[np.integer]) -> Proportion:
    """The share of (n,) true classes that (n, n_classes) probabilities are highest for."""
    return wilson(float((probabilities.argmax(axis=1) == labels).mean()), len(labels))


def evaluate(probabilities: NDArray[np.floating], labels: NDArray[np.integer], class_names: Sequence[str]) -> Scores:
    """The scores of (n, n_classes) probabilities against (n,) true classes."""
    from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support

    numbers = np.arange(len(class_names))
    predicted = probabilities.argmax(axis=1)
    precision, recall, f1, support = precision_recall_fscore_support(
        labels, predicted, labels=numbers, zero_division=0.0
    )
    sums = probabilities.sum(axis=1, keepdims=True, dtype=np.float64)  # float32 softmax misses 1 by 1e-7
    normalised = probabilities / sums
    return Scores(
        accuracy=accuracy(probabilities, labels),
        loss=float(log_loss(labels, normalised, labels=numbers)),
        confusion=confusion_matrix(labels, predicted, labels=numbers).astype(np.int64),
        classes=tuple(
            ClassScores(
                name=name,
                precision=float(precision[i]),
                recall=float(recall[i]),
                f1=float(f1[i]),
                support=int(support[i]),
            )
            for i, name in enumerate(class_names)
        ),
        calibration=_calibration(normalised, labels),
    )


def _calibration(probabilities: NDArray[np.float64], labels: NDArray[np.integer]) -> Calibration:
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    edges = np.linspace(0.0, 1.0, BINS + 1)
    which = np.clip(np.digitize(confidence, edges, right=True), 1, BINS) - 1
    bins = [
        Bin(
            low=float(edges[i]),
            high=float(edges[i + 1]),
            confidence=float(confidence[which == i].mean()),
            accuracy=wilson(float(right[which == i].mean()), int((which == i).sum())),
        )
        for i in np.unique(which)
    ]
    off = probabilities.copy()
    off[np.arange(len(labels)), labels] -= 1.0
    return Calibration(
        bins=tuple(bins),
        confidence=float(confidence.mean()),
        ece=sum(abs(each.confidence - each.accuracy.value) * each.accuracy.n for each in bins) / len(labels),
        brier=float((off**2).sum(axis=1).mean()),
    )
