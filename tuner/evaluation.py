"""From predicted probabilities to figures that carry their uncertainty."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

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
    return Scores(
        accuracy=accuracy(probabilities, labels),
        loss=float(log_loss(labels, probabilities / sums, labels=numbers)),
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
    )
