"""From a study to the plain values of a report. At any time: what is not there yet is left out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

import reports
from reports.report import (
    Data,
    Evaluation,
    LayerRow,
    Model,
    Objective,
    Origin,
    Provenance,
    Report,
    Search,
)
from reports.standing import wilson
from search_spaces import Configuration, ModelSummary, SearchSpace, summarize
from tuner import crashing
from tuner.evaluation import evaluate
from tuner.extending import ORIGIN
from tuner.files import checksum
from tuner.finish.cross_validation import cross_validation, images_scored, protocol
from tuner.finish.retrain import result
from tuner.finish.rows import confirmed, row, scores
from tuner.importance import importance
from tuner.machine import hardware, versions
from tuner.opening import PRECISION
from tuner.openings import OPENINGS
from tuner.pareto import front
from tuner.plan import ACCURACY, FLOAT32
from tuner.profile import profile_of
from tuner.trial import Epoch, Trial, TrialState

if TYPE_CHECKING:
    from pathlib import Path

    from reports.confirmed import Confirmation
    from tuner.plan import Plan
    from tuner.study import Study


NAMES = {
    "optuna": "Optuna",
    "tpe": "TPE",
    "gp": "GP",
    "cmaes": "CMA-ES",
    "random": "random search",
    "qmc": "QMC",
    "nsga2": "NSGA-II",
    "brute-force": "brute force",
    "asha": "successive halving",
    "hyperband": "Hyperband",
    "grid-search-cv": "scikit-learn",
}
"""How a report writes the words of a plan."""

SEARCHES = {"grid": "GridSearchCV", "random": "RandomizedSearchCV", "halving": "HalvingGridSearchCV"}
"""What scikit-learn calls the algorithms of a study that scores by folds."""

LATENCY = (
    "Latency is measured at the end of a trial, on its own device: one image at a time, the median of up to 100 calls "
    "of the compiled model after 10 that do not count."
)

MIXED = (
    "Layers compute in half precision but for the first and the last; weights, loss and probabilities are in single "
    "precision. The saved model computes in single precision throughout, and what it predicts is what is tested."
)

OBJECTIVES: Mapping[str, Objective] = {
    each.name: each
    for each in (
        Objective(name=ACCURACY, title="validation accuracy", unit="share"),
        Objective(name="parameters", title="parameters", unit="count"),
        Objective(name="multiply_adds", title="multiply-adds", unit="count"),
        Objective(name="latency", title="latency", unit="milliseconds"),
    )
}


def make_report(study: Study, space: SearchSpace) -> Report:
    """The report of a study as it stands."""
    trials = study.trials()
    data = _data(study.fact("data"), folds=study.plan.folds is not None)
    scored_on = _images_scored(study, trials, data)
    manifest, again = result(study.folder), confirmed(study)
    model = evaluation = None
    if manifest is not None:
        best = trials[manifest["trial"]]
        model = _model(study, space, best, data, manifest)
        evaluation = _evaluation(study, best, data, scored_on.get(best.number))
    return Report(
        study=study.folder.name,
        dataset=data.name,
        space=space.name,
        space_description=space.description,
        made=datetime.now().astimezone().isoformat(timespec="seconds"),
        search=_search(study, space, trials),
        trials=tuple(
            row(trial, scored_on.get(trial.number)) for trial in trials if trial.state is not TrialState.TURNED_DOWN
        ),
        importance=importance(study.optuna, trials),
        data=data,
        provenance=_provenance(study, data, again),
        objectives=tuple(OBJECTIVES[name] for name in study.plan.objectives),
        front=tuple(trial.number for trial in front(trials, study.plan.objectives)),
        cross_validation=cross_validation(study, trials, data),
        confirmation=again,
        model=model,
        evaluation=evaluation,
        profile=profile_of(study),
    )


def _images_scored(study: Study, trials: list[Trial], data: Data) -> dict[int, int]:
    """By trial that was scored by folds, the images that they scored together."""
    scored = [trial for trial in trials if trial.folds]
    n_images = sum(data.counts["train"])
    by_samples = {n: images_scored(study, n, n_images) for n in {trial.stage.samples for trial in scored}}
    return {trial.number: by_samples[trial.stage.samples] for trial in scored}


def _search(study: Study, space: SearchSpace, trials: list[Trial]) -> Search:
    run = study.fact("run", {})
    seen = [trial.last_seen for trial in trials]
    return Search(
        engine=NAMES.get(study.plan.engine, study.plan.engine),
        algorithm=(NAMES if study.plan.folds is None else SEARCHES).get(study.plan.algorithm, study.plan.algorithm),
        pruner=NAMES.get(study.plan.pruner, study.plan.pruner),
        trials_asked=run.get("trials", 0),
        timeout=run.get("timeout"),
        running=not study.stopped_by,
        stopped_by=study.stopped_by,
        seconds=max(run.get("seconds", 0.0), *seen, 0.0),
        sessions=run.get("sessions", 1),
        started=study.created,
        losses=_losses(space, trials),
        origin=_origin(study),
        turned_down=Counter(trial.reason for trial in trials if trial.state is TrialState.TURNED_DOWN),
    )


def _origin(study: Study) -> Origin | None:
    fact = study.fact(ORIGIN)
    return None if fact is None else Origin(**{**fact, "reasons": tuple(fact["reasons"])})


def _losses(space: SearchSpace, trials: list[Trial]) -> tuple[str, ...]:
    """Of the trials that were scored; of the space where none was."""
    names = {trial.values.get("training.loss") for trial in trials if trial.scored}
    examples = [next(trial for trial in trials if trial.values.get("training.loss") == name) for name in names]
    configurations = [space.check_values(trial.values) for trial in examples] or [space.default()]
    losses = [configuration.training.loss for configuration in configurations]
    return tuple(sorted({loss.kind if loss else "categorical_crossentropy" for loss in losses}))


def _model(study: Study, space: SearchSpace, best: Trial, data: Data, manifest: Mapping[str, Any]) -> Model:
    configuration = space.check_values(best.values)
    summary = summarize(configuration, data.image_shape, len(data.class_names))
    curve = tuple(scores(Epoch(**epoch)) for epoch in manifest["curve"])
    folder = study.folder.best
    training = {"epochs": manifest["epochs"], **_flat(_tree(configuration)["training"], leave="epochs")}
    return Model(
        trial=best.number,
        preset=best.preset,
        layers=_layers(summary),
        parameters=summary.parameters,
        values=best.values,
        training=training,
        epochs=manifest["epochs"],
        curve=curve,
        seconds=sum(epoch.seconds for epoch in curve),
        files={
            "model": "best/model.keras",
            "configuration": "best/configuration.json",
            "manifest": "best/manifest.json",
        },
        sha256=checksum(folder / "model.keras"),
        configuration=json.dumps(_tree(configuration), indent=2),
    )


def _tree(configuration: Configuration) -> dict[str, Any]:
    """What makes the model: layers and training, without how they were drawn."""
    tree = configuration.to_json()
    return {name: tree[name] for name in ("layers", "training")}


def _layers(summary: ModelSummary) -> tuple[LayerRow, ...]:
    return tuple(
        LayerRow(
            name=layer.name,
            kind=layer.kind,
            output_shape=tuple(layer.output_shape),
            parameters=layer.parameters,
            settings=_flat(layer.arguments),
        )
        for layer in summary.layers
    )


def _flat(tree: Mapping[str, Any], prefix: str = "", leave: str = "") -> dict[str, Any]:
    """The leaves by dotted name; lists as text."""
    flat: dict[str, Any] = {}
    for name, value in tree.items():
        if name == leave:
            continue
        if isinstance(value, Mapping):
            flat |= _flat(value, f"{prefix}{name}.")
        else:
            flat[prefix + name] = value if isinstance(value, bool | int | float | str) else json.dumps(value)
    return flat


def _evaluation(study: Study, best: Trial, data: Data, scored_on: int | None) -> Evaluation:
    with np.load(study.folder.best / "predictions.npz", allow_pickle=False) as arrays:
        scores = evaluate(arrays["probabilities"], arrays["labels"], data.class_names)
    openings = study.fact(OPENINGS, [])
    n = sum(data.counts["validation"]) if scored_on is None else scored_on
    return Evaluation(
        accuracy=scores.accuracy,
        loss=scores.loss,
        validation=wilson(best.score or 0.0, n),
        confusion=scores.confusion,
        classes=scores.classes,
        calibration=scores.calibration,
        opened=openings[-1]["opened"] if openings else "",
        times_opened=max(len(openings), 1),
    )


def _data(fact: Mapping[str, Any], *, folds: bool) -> Data:
    """Where folds score the trials, nothing is held back to validate them."""
    height, width, channels = fact["image_shape"]
    counts = {name: tuple(counts) for name, counts in fact["counts"].items()}
    if folds:
        both = zip(counts["train"], counts["validation"], strict=True)
        counts = {"train": tuple(map(sum, both)), "test": counts["test"]}
    return Data(
        name=fact["name"],
        source=fact["source"],
        fingerprint=fact["fingerprint"],
        image_shape=(height, width, channels),
        class_names=tuple(fact["class_names"]),
        counts=counts,
        note=fact["note"],
    )


def _provenance(study: Study, data: Data, again: Confirmation | None) -> Provenance:
    run = study.fact("run", {})
    return Provenance(
        command="\n".join(run.get("commands") or [study.fact("command", "")]),
        versions=run.get("versions") or versions(),
        hardware=run.get("hardware") or hardware(),
        seeds={"study": study.plan.seed},
        protocol=_protocol(
            study.plan, data, again, complete=any(t.state is TrialState.COMPLETE for t in study.trials())
        ),
        peak_memory=run.get("peak_memory", {}),
        precision=study.plan.precision,
        precision_reason=study.fact(PRECISION, ""),
    )


def _protocol(plan: Plan, data: Data, again: Confirmation | None, *, complete: bool) -> tuple[str, ...]:
    which = "the complete trial" if complete else "the trial, for want of a complete one,"
    mixed = [MIXED] if plan.precision != FLOAT32 else []
    if plan.folds is not None:
        return protocol(plan, data, which, mixed)
    n_train, n_validation, n_test = (sum(data.counts[split]) for split in ("train", "validation", "test"))
    return (
        (
            f"The training images were split once, stratified by class and seeded with {plan.seed}: {n_train:,} train "
            f"the trials, {n_validation:,} validate them. No trial sees the {n_test:,} test images."
        ),
        "A trial's score is its best validation accuracy over its epochs; its epoch is the one that gave it.",
        f"Weights, order of the images and dropout of trial n are seeded by ({plan.seed}, n).",
        *_choice(which, again),
        *([f"Of several objectives {ACCURACY} alone chooses the winner."] if len(plan.objectives) > 1 else []),
        *([LATENCY] if "latency" in plan.objectives else []),
        *mixed,
        "The test set is opened after that, when nothing is left to choose.",
    )


def _choice(which: str, again: Confirmation | None) -> tuple[str, ...]:
    """Sentences on how the winner is chosen, and for how long it is trained."""
    retrained = "It is trained again from scratch on training and validation images together, for as many epochs as"
    if again is None or again.best < 0:
        return (f"The winner is {which} with the best score. {retrained} its best epoch's number.",)
    seeds = "seed" if again.repeats == 1 else "seeds"
    return (
        (
            f"The best trials, {len(again.trials)} of them, were trained again as trials are, under {again.repeats} "
            f"fresh {seeds}, the same for all. The winner is the smallest model whose mean score is within one "
            "standard error of the best mean (the one-standard-error rule of Breiman et al., 1984)."
        ),
        f"{retrained} the median of the best epochs of these trainings.",
    )


def write_report(study: Study, space: SearchSpace) -> tuple[Report, Path]:
    """Writes the report's files and returns the report with the path of its HTML page."""
    report = make_report(study, space)
    path = reports.write(report, study.folder.report, lambda moment: crashing.here(f"report-{moment}"))
    return report, path
