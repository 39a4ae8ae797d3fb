"""From studies to the plain values of their comparison. Reads only; at any time, while they run too."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from reports.comparison import ComparedStudy, Comparison, EndedTrial, EndState, TestScore
from reports.paired import Paired
from reports.text import span
from tuner.evaluation import accuracy
from tuner.finish.retrain import result
from tuner.opening import RUN
from tuner.trial import FINISHED, Trial, eligible, winner

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from tuner.plan import Plan
    from tuner.study import Folder, Study

_SHOWN = 12
"""Characters of a fingerprint that tell two apart."""


def make_comparison(studies: Sequence[Study], command: str) -> Comparison:
    """The comparison of the studies as they stand. `command` makes it again."""
    names = names_of([study.folder for study in studies])
    data: dict[str, str] = {}
    for study in studies:
        data.setdefault(study.plan.data_fingerprint, study.plan.dataset)
    tested = [_test(study) for study in studies]
    rows = zip(studies, names, tested, strict=True)
    return Comparison(
        studies=tuple(_compared(study, name, data, test) for study, name, test in rows),
        made=datetime.now().astimezone().isoformat(timespec="seconds"),
        command=command,
        paired=tuple(_paired(studies, names, tested)),
    )


@dataclass(frozen=True, kw_only=True)
class _Tested:
    """What the retrained winner of a study made of the test images."""

    score: TestScore
    right: NDArray[np.bool_]
    """(n,), for each test image."""


def _paired(studies: Sequence[Study], names: Sequence[str], tested: Sequence[_Tested | None]) -> Iterator[Paired]:
    """Each two whose winners were tested on the same images: the data's fingerprint covers those and their labels."""
    rows = [
        (name, study.plan.data_fingerprint, test.right)
        for name, study, test in zip(names, studies, tested, strict=True)
        if test is not None
    ]
    for (first, images, one), (second, others, other) in combinations(rows, 2):
        if images == others:
            yield Paired(
                first=first,
                second=second,
                n=len(one),
                only_first=int((one & ~other).sum()),
                only_second=int((other & ~one).sum()),
            )


def names_of(folders: Sequence[Folder]) -> list[str]:
    """The studies' names, with as much of their paths before them as tells them apart."""
    for depth in range(1, max(len(folder.path.parts) for folder in folders) + 1):
        names = ["/".join(folder.path.parts[-depth:]) for folder in folders]
        if len(set(names)) == len(names):
            return names
    return [str(folder.path) for folder in folders]


def _compared(study: Study, name: str, data: Mapping[str, str], tested: _Tested | None) -> ComparedStudy:
    plan, run = study.plan, study.fact(RUN, {})
    trials = study.trials()
    ended = [trial for trial in trials if trial.state in FINISHED]
    best = winner(ended, plan.objectives)
    may_win = {trial.number for trial in eligible(ended)}
    return ComparedStudy(
        name=name,
        dataset=plan.dataset,
        engine=plan.engine,
        algorithm=plan.algorithm,
        pruner=plan.pruner,
        basis=_basis(study, best, data[plan.data_fingerprint]),
        settings={**_asked(plan, run), **run.get("hardware", {}), **run.get("versions", {})},
        trials=tuple(_ended(trial, may_win) for trial in sorted(ended, key=_order)),
        n_scored_on=_scored_on(study, best),
        seconds=max(run.get("seconds", 0.0), *(_end(trial) or 0.0 for trial in trials), 0.0),
        ended=bool(run.get("stopped_by")),
        test=None if tested is None else tested.score,
        command=study.fact("command", ""),
    )


def _order(trial: Trial) -> tuple[bool, float, int]:
    """Carried ones first, the others as they ended; where that is not known, last."""
    end = _end(trial)
    return not trial.carried, math.inf if end is None else end, trial.number


def _end(trial: Trial) -> float | None:
    """Seconds of search time until then; one that a dying run took along has the end of its last epoch alone."""
    if trial.carried:
        return None
    return trial.finished_after if trial.finished_after is not None else trial.seen_after or None


def _ended(trial: Trial, may_win: set[int]) -> EndedTrial:
    return EndedTrial(
        number=trial.number,
        state=cast("EndState", trial.state.value),
        score=trial.score,
        eligible=trial.number in may_win,
        after=_end(trial),
        seconds=trial.seconds,
        parameters=trial.parameters,
        carried=trial.carried,
    )


def _counts(study: Study) -> dict[str, int]:
    """Images that train and images that validate; empty where that is not known."""
    counts = study.fact("data", {}).get("counts", {})
    return {split: sum(counts[split]) for split in ("train", "validation") if split in counts}


def _scored_on(study: Study, best: Trial | None) -> int:
    """Images that the best score was counted over; every fold's images count once."""
    counts = _counts(study)
    if study.plan.folds is None:
        return counts.get("validation", 0)
    return (best.stage.samples if best else None) or sum(counts.values())


def _basis(study: Study, best: Trial | None, dataset: str) -> dict[str, str]:
    plan = study.plan
    images = sum(_counts(study).values())
    return {
        "data": f"{dataset}, fingerprint {plan.data_fingerprint[:_SHOWN]}",
        "training images": f"{images:,}" if images else f"{plan.limit or 'all'}",
        "how trials are scored": _scoring(plan, best),
        "objectives": ", ".join(plan.objectives),
    }


def _scoring(plan: Plan, best: Trial | None) -> str:
    if plan.folds is None:
        return f"on {100 * plan.validation:.4g} % of the images"
    samples = best.stage.samples if best else None
    return f"in {plan.folds} folds{'' if samples is None else f' of {samples:,} images'}"


def _asked(plan: Plan, run: Mapping[str, Any]) -> dict[str, str]:
    timeout = run.get("timeout")
    return {
        "space": f"{plan.space}, fingerprint {plan.space_fingerprint[:_SHOWN]}",
        "engine": plan.engine,
        "algorithm": plan.algorithm,
        "pruner": plan.pruner,
        "seed": str(plan.seed),
        "epochs": "as the space says" if plan.epochs is None else str(plan.epochs),
        "precision": plan.precision,
        "trials asked for": f"{run['trials']:,}" if "trials" in run else "-",
        "time limit": "none" if timeout is None else span(timeout),
    }


def _test(study: Study) -> _Tested | None:
    """None where no winner was retrained, or it is damaged."""
    manifest = result(study.folder)
    if manifest is None:
        return None
    with np.load(study.folder.best / "predictions.npz", allow_pickle=False) as arrays:
        probabilities, labels = arrays["probabilities"], arrays["labels"]
    score = TestScore(trial=manifest["trial"], accuracy=accuracy(probabilities, labels))
    return _Tested(score=score, right=probabilities.argmax(axis=1) == labels)
