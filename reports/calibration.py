"""How far a model's confidence can be believed, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reports.report import Proportion

BINS = 15
"""Of equal width from 0 to 1. Source: Guo et al. 2017, "On Calibration of Modern Neural Networks", ICML."""


@dataclass(frozen=True, kw_only=True)
class Bin:
    """The test images of whose class the model was about as sure."""

    low: float
    high: float
    """Confidence, the highest probability of an image: above `low`, up to `high`; 0 to 1."""
    confidence: float
    """Their mean confidence."""
    accuracy: Proportion
    """Share of them that were right."""


@dataclass(frozen=True, kw_only=True)
class Calibration:
    bins: tuple[Bin, ...]
    """Rising; those without an image are left out."""
    confidence: float
    """Mean over all test images, 0 to 1."""
    ece: float
    """Expected calibration error: the mean distance of confidence and accuracy over the bins, weighted by their images;
    0 to 1. Source: as for BINS.
    """
    brier: float
    """Mean squared distance of an image's probabilities from 1 for its class and 0 for all others, 0 to 2. Source:
    Brier 1950, Monthly Weather Review 78, 1-3.
    """
