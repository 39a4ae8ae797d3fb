"""What a report says: plain values and arrays. Knows nothing of studies, models or how anything is drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

TrialState = Literal["complete", "pruned", "failed", "running", "waiting"]
Value = bool | int | float | str


@dataclass(frozen=True, kw_only=True)
class Proportion:
    """A share of test or validation images, with its uncertainty."""

    value: float
    """Between 0 and 1."""
    low: float
    high: float
    """Ends of the 95 % Wilson interval, between 0 and 1."""
    n: int
    """Images that the share was counted over."""


@dataclass(frozen=True, kw_only=True)
class EpochScores:
    """What one epoch of training scored."""

    epoch: int
    """1 after the first pass over the training images."""
    accuracy: float
    loss: float
    """On the training images, averaged while the epoch ran (dropout on)."""
    val_accuracy: float | None = None
    val_loss: float | None = None
    """On the validation images after the epoch; None where there are none (the final retraining)."""
    seconds: float = 0.0
    """Wall time of the epoch, validation included."""


@dataclass(frozen=True, kw_only=True)
class TrialRow:
    """One trial of the search."""

    number: int
    state: TrialState
    reason: str = ""
    """Why it was pruned or failed, a word or a sentence; empty otherwise."""
    preset: str = ""
    """Name of the preset it came from; empty for a proposal of the engine."""
    score: float | None = None
    """Best validation accuracy of its epochs, 0 to 1; None before the first epoch ended."""
    best_epoch: int | None = None
    """The epoch that gave `score`."""
    curve: tuple[EpochScores, ...] = ()
    seconds: float = 0.0
    """Wall time of training, without waiting for a slot."""
    parameters: int | None = None
    """Weights of the model, those that are not trained included."""
    values: Mapping[str, Value] = field(default_factory=dict)
    """Active parameters by dotted name, in file order."""
    finished_after: float | None = None
    """Seconds of search time (pauses between sessions left out) from the study's start to the trial's end."""


@dataclass(frozen=True, kw_only=True)
class Search:
    """How the configurations were looked for."""

    engine: str
    algorithm: str
    pruner: str
    trials_asked: int
    """Finished trials that the last command asked for in total."""
    timeout: float | None
    """Seconds that the last command allowed the search; None is no limit."""
    running: bool
    """Whether the search was going on when the report was made."""
    stopped_by: str
    """Why the search ended, a sentence ('all 50 trials are done'); empty while it goes on."""
    seconds: float
    """Wall time of the search, all sessions together."""
    sessions: int
    """Times the search was started: 1 plus the resumes."""
    started: str
    """Local date and time of the first start, ISO 8601 with offset."""
    losses: tuple[str, ...] = ("categorical_crossentropy",)
    """Keras's names of the losses that the trials minimise: more than one where the loss itself was searched."""
    turned_down: Mapping[str, int] = field(default_factory=dict)
    """Proposals that cost no training, by reason (over the limit, cannot be built, repeats another)."""


@dataclass(frozen=True, kw_only=True)
class Importance:
    """Share of the spread of scores that each parameter explains."""

    shares: Mapping[str, float] = field(default_factory=dict)
    """By dotted parameter name, falling; they sum to 1. Empty where it cannot be told."""
    n_trials: int = 0
    """Trained trials it was computed from."""
    method: str = ""
    note: str = ""
    """What a reader must know before believing it, or why there is none."""


@dataclass(frozen=True, kw_only=True)
class LayerRow:
    name: str
    kind: str
    """Keras's class name in snake_case."""
    output_shape: tuple[int, ...]
    """Without the batch axis."""
    parameters: int
    settings: Mapping[str, Value] = field(default_factory=dict)
    """What sets it apart: filters, units, activation, rate."""


@dataclass(frozen=True, kw_only=True)
class Model:
    """The retrained winner."""

    trial: int
    """The trial whose configuration won."""
    preset: str
    """The preset that it was; empty where the engine proposed it."""
    layers: tuple[LayerRow, ...]
    parameters: int
    values: Mapping[str, Value]
    """Active parameters by dotted name, in file order."""
    training: Mapping[str, Value]
    """Optimizer, learning rate, batch size and so on, flattened to dotted names."""
    epochs: int
    """Epochs that it was retrained for: the best epoch of its trial."""
    curve: tuple[EpochScores, ...]
    """Of the retraining, on training and validation images together."""
    seconds: float
    """Wall time of the retraining."""
    files: Mapping[str, str]
    """Path relative to the study's folder, by role (model, configuration, manifest)."""
    sha256: str
    """Of model.keras."""
    configuration: str
    """The configuration as indented JSON."""


@dataclass(frozen=True, kw_only=True)
class ClassScores:
    name: str
    precision: float
    recall: float
    f1: float
    support: int
    """Test images of the class."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """The retrained winner on the sealed test set."""

    accuracy: Proportion
    loss: float
    """Mean categorical cross-entropy, in nats."""
    validation: Proportion
    """The winner's validation accuracy in the search (best epoch, chosen among many: optimistic)."""
    confusion: NDArray[np.int64]
    """(n_classes, n_classes); rows are true classes, columns predicted."""
    classes: tuple[ClassScores, ...]
    opened: str
    """When the test set was opened, ISO 8601 with offset."""
    times_opened: int
    """1 unless somebody evaluated on it again."""


@dataclass(frozen=True, kw_only=True)
class Data:
    """What it was trained and judged on."""

    name: str
    source: str
    """Where it was found."""
    fingerprint: str
    """SHA-256 over images and labels of both splits, hexadecimal."""
    image_shape: tuple[int, int, int]
    """(height, width, channels)."""
    class_names: tuple[str, ...]
    counts: Mapping[str, tuple[int, ...]]
    """Images per class for each split: 'train', 'validation', 'test'."""
    note: str = ""
    """What was left out ('a stratified sample of 10,000 of 60,000 training images'); empty if nothing."""


@dataclass(frozen=True, kw_only=True)
class Provenance:
    """How to reproduce it."""

    command: str
    """The line that starts the same study anew."""
    versions: Mapping[str, str]
    hardware: Mapping[str, str]
    seeds: Mapping[str, int]
    protocol: tuple[str, ...]
    """Sentences on split, scoring, selection and testing."""
    peak_memory: Mapping[str, int] = field(default_factory=dict)
    """Peak resident bytes by process role ('parent', 'worker')."""


@dataclass(frozen=True, kw_only=True)
class Report:
    """Everything the renderers need. `model` and `evaluation` are None until the search has been finished off."""

    study: str
    dataset: str
    space: str
    space_description: str
    made: str
    """When the report was made, ISO 8601 with offset."""
    search: Search
    trials: tuple[TrialRow, ...]
    importance: Importance
    data: Data
    provenance: Provenance
    model: Model | None = None
    evaluation: Evaluation | None = None
