"""What a report says: plain values and arrays. Knows nothing of studies, models or how anything is drawn."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from reports.calibration import Calibration
    from reports.confirmed import Confirmation
    from reports.profile import TimeProfile

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
class Stay:
    """A time that a trial had a slot for itself."""

    slot: str
    """'CPU', 'GPU 0 (NVIDIA A100)'."""
    began: float
    """Seconds of search time from the study's start, like `ended`."""
    ended: float
    waited: float = 0.0
    """Seconds from `began` until training began, as for a worker to start; all of it where none did."""
    phases: Mapping[str, float] = field(default_factory=dict)
    """Seconds of what was done there, by a word for it; none where it is not known."""


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
    """Best validation accuracy of its epochs, or mean accuracy of its folds, 0 to 1; None before the first ended."""
    best_epoch: int | None = None
    """The epoch that gave `score`."""
    scored_on: int | None = None
    """Images that `score` was counted over; None is the validation images."""
    curve: tuple[EpochScores, ...] = ()
    seconds: float = 0.0
    """Wall time of training, without waiting for a slot."""
    parameters: int | None = None
    """Weights of the model, those that are not trained included."""
    measures: Mapping[str, float] = field(default_factory=dict)
    """What it came to in the objectives other than its score, by their names."""
    values: Mapping[str, Value] = field(default_factory=dict)
    """Active parameters by dotted name, in file order."""
    finished_after: float | None = None
    """Seconds of search time (pauses between sessions left out) from the study's start to the trial's end."""
    device: str = ""
    """The slot that it was trained on last, for a person; empty where it is not known."""
    stays: tuple[Stay, ...] = ()
    """Its slots over time, in their order: several where it was cut off. None in studies of earlier versions."""
    waited: float = 0.0
    """Seconds that it did not train: on its slots, as for a worker to start, and before it had one, as for memory."""
    carried: bool = False
    """Whether it was trained in another study and taken over."""
    retries: int = 0
    """Times it was begun again after it was cut off."""
    memory: int = 0
    """Peak resident bytes of the process that trained it; 0 where it is not known."""
    device_memory: int = 0
    """Peak bytes on its GPU; 0 on a CPU, or where it is not known."""


@dataclass(frozen=True, kw_only=True)
class Origin:
    """What a study took over from another one, whose search space was another."""

    study: str
    """The other one."""
    carried: int
    """Trials taken over, with their scores: the first of this study."""
    finished: int
    """Trials that the other one had finished."""
    reasons: tuple[str, ...] = ()
    """Why the rest were not taken over, a clause each: `6 have hidden.repeat = 3, which ...`."""
    cut_off: int = 0
    """Trials that the other one had begun and not finished."""


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
    origin: Origin | None = None
    """None where the study began with nothing."""


@dataclass(frozen=True, kw_only=True)
class Objective:
    """Something that was sought. The less of it the better, but for the first, the validation accuracy."""

    name: str
    """`latency`; its values stand in `TrialRow.measures`, those of the first in `TrialRow.score`."""
    title: str
    """For a person: 'latency'."""
    unit: Literal["share", "count", "milliseconds"]


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A configuration that was scored by folds, or could not be: a row of scikit-learn's `cv_results_`."""

    trial: int
    values: Mapping[str, Value]
    """Active parameters by dotted name, in file order."""
    accuracies: tuple[float, ...]
    """(n_folds,), each on the images of one fold after training on all others; NaN where there is none."""
    fit_seconds: tuple[float, ...]
    score_seconds: tuple[float, ...]
    """(n_folds,) wall times, likewise."""
    iteration: int | None = None
    """Of successive halving, from 0; None where there is but one round."""
    samples: int | None = None
    """Images that its folds were cut from; None is all."""


@dataclass(frozen=True, kw_only=True)
class CrossValidation:
    """How the trials were scored, where no validation split did."""

    n_folds: int
    n_images: int
    """Training images in all."""
    candidates: tuple[Candidate, ...] = ()
    """All that have ended, by iteration and number: those turned down and those equal to an earlier one too."""


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
    """Epochs that it was retrained for: the best epoch of its trial or the median of those of its repeats, or all where
    folds or a schedule ask for it.
    """
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
    """The winner's score in the search (best epoch, or mean of its folds; chosen among many: optimistic)."""
    confusion: NDArray[np.int64]
    """(n_classes, n_classes); rows are true classes, columns predicted."""
    classes: tuple[ClassScores, ...]
    opened: str
    """When the test set was opened, ISO 8601 with offset."""
    times_opened: int
    """1 unless somebody evaluated on it again."""
    calibration: Calibration


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
    """Images per class for each split: 'train', 'validation' where there is one, 'test'."""
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
    precision: str = "float32"
    """Keras's name of the policy that the layers of all trials computed by."""
    precision_reason: str = ""
    """Why that one, for a person: 'auto: on a CPU'; empty where it is not known."""


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
    objectives: tuple[Objective, ...] = ()
    """The first is what the winner was chosen by. One, or none, where nothing was traded off."""
    front: tuple[int, ...] = ()
    """Numbers of the complete trials that no other dominates, the best score first."""
    cross_validation: CrossValidation | None = None
    """None where one validation split scored the trials."""
    confirmation: Confirmation | None = None
    """None before the search was over, where folds scored the trials, and in studies of earlier versions."""
    model: Model | None = None
    evaluation: Evaluation | None = None
    profile: TimeProfile | None = None
    """None in studies of earlier versions, which did not record it."""
