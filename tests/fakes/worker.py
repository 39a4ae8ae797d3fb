"""A worker that speaks the protocol and trains nothing: a curve is made from the configuration and the seed.

What it shall do stands in FAKE_WORKER, JSON: {"seconds": 0.01, "die_at": [[trial, epoch]], "die_in": [trial],
"fail": {trial: reason}, "unmeasured": [trial], "hang_at": [[trial, epoch]], "grandchild": true, "stubborn": true,
"die_in_retraining": epoch, "loading": 0.5, "noise": 0.05}: seconds
before it begins, and how far its seed moves its scores.
What happens "at" an epoch happens once, but with "die_always" or "hang_always". A grandchild sleeps in a session of its
own and its process is noted in the log; who is stubborn ignores SIGTERM and a closed pipe. More stands in trouble.py,
and what "limits" may be in limits.py.
Each trial that it begins and each epoch is appended to the file FAKE_LOG. NumPy, which takes as
long to load as all else, is loaded when it is needed.
"""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import limits
import trouble

from tuner import crashing
from tuner.files import new_folder, read_manifest, write_json, write_manifest
from tuner.messages import (
    Begun,
    CrossValidate,
    Done,
    EpochDone,
    Failed,
    FoldDone,
    FromWorker,
    Job,
    Ready,
    Remark,
    Retrain,
    Stop,
    Stopped,
    Train,
    decode,
    encode,
)
from tuner.trial import Epoch, Fold

ORDERS = json.loads(os.environ.get("FAKE_WORKER", "{}"))
LOG = os.environ.get("FAKE_LOG")


def main() -> None:
    crashing.arm()
    stopped: set[int] = set()
    jobs: list[Job] = []
    arrived = threading.Condition()

    def read() -> None:
        for line in sys.stdin:
            message = decode(line)
            with arrived:
                if isinstance(message, Stop):
                    stopped.add(message.job)
                else:
                    stopped.discard(message.job)
                    jobs.append(message)
                    arrived.notify()
        while ORDERS.get("stubborn"):
            time.sleep(60)
        os._exit(0)

    if ORDERS.get("stubborn"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=read, daemon=True).start()
    limits.impose(ORDERS.get("limits", {}))
    say(Ready(device="fake"))
    while True:
        with arrived:
            while not jobs:
                arrived.wait()
            job = jobs.pop(0)
        say(run(job, stopped))


def run(job: Job, stopped: set[int]) -> Done | Failed | Stopped:
    cost = {"job": job.job, "seconds": 0.01, "memory": 1000}
    time.sleep(ORDERS.get("loading", 0.0))
    say(Begun(job=job.job))
    note("begun", job.job)
    have_grandchild()
    if "leak" in ORDERS:
        note("resident", os.getpid(), trouble.leak(ORDERS["leak"]))
    if not isinstance(job, Retrain) and (reason := fault(job)):
        return Failed(reason=reason, detail="as ordered", **cost)
    measures = not isinstance(job, Retrain) and job.latency and job.job not in ORDERS.get("unmeasured", [])
    measured = {"latency": 1.0 + level(job.configuration)} if measures else {}
    if isinstance(job, CrossValidate):
        return cross_validate(job, stopped, cost)
    curve = restore(job)
    for epoch in curve:
        say(EpochDone(job=job.job, epoch=epoch))
    while len(curve) < job.epochs:
        time.sleep(ORDERS.get("seconds", 0.0))
        if job.job in stopped:
            return Stopped(**cost)
        curve.append(epoch_of(job, len(curve) + 1))
        keep(job, curve)
        note("epoch", job.job, len(curve))
        trouble.say_line(trouble.told(scores(job), job.job, curve[-1]))
        perish(job, len(curve))
    if isinstance(job, Retrain):
        try:
            save(job, curve)
        except OSError as error:
            return Failed(reason="crash", detail=str(error), refused=True, **cost)
    return Done(**cost, **measured)


def perish(job: Train | Retrain, epoch: int) -> None:
    """Dies or hangs after the epoch, if so ordered."""
    if isinstance(job, Retrain):
        dies = epoch == ORDERS.get("die_in_retraining")
    else:
        dies = [job.job, epoch] in ORDERS.get("die_at", [])
        hang(job, epoch)
    if dies and not died_before(job):
        os.kill(os.getpid(), signal.SIGKILL)


def fault(job: Train | CrossValidate) -> str:
    """For which it shall fail at once; '' where it shall not."""
    if job.job in ORDERS.get("die_in", []):
        os.kill(os.getpid(), signal.SIGKILL)
    if isinstance(job, Train) and trouble.short_of_memory(ORDERS.get("short"), job.configuration["values"]):
        return "out_of_memory"
    return str(ORDERS.get("fail", {}).get(str(job.job), ""))


def scores(job: Train | Retrain) -> dict[str, Any] | None:
    return None if isinstance(job, Retrain) else ORDERS.get("scores")


def have_grandchild() -> None:
    if ORDERS.get("grandchild"):
        child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
        note("grandchild", child.pid)


def cross_validate(job: CrossValidate, stopped: set[int], cost: dict[str, Any]) -> Done | Stopped:
    import numpy as np

    with np.load(job.folds) as arrays:
        n_folds = len(arrays.files) // 2
    for index in range(job.skip, n_folds):
        time.sleep(ORDERS.get("seconds", 0.0))
        if job.job in stopped:
            return Stopped(**cost)
        accuracy = round(level(job.values) - 0.01 * index, 6)
        note("fold", job.job, index)
        say(FoldDone(job=job.job, fold=Fold(fold=index, accuracy=accuracy, seconds=0.01, score_seconds=0.001)))
        if [job.job, index] in ORDERS.get("die_at", []) and not died_before(job):
            os.kill(os.getpid(), signal.SIGKILL)
    return Done(**cost)


def epoch_of(job: Train | Retrain, number: int) -> Epoch:
    """A curve that rises towards a level which the configuration sets."""
    noise = ORDERS.get("noise", 0.0) * (job.seed % 1000 / 500 - 1)
    accuracy = round((level(job.configuration) + noise) * (1 - 0.5**number), 6)
    scored = {"val_accuracy": accuracy, "val_loss": 1 - accuracy} if isinstance(job, Train) else {}
    return Epoch(epoch=number, accuracy=accuracy, loss=1 - accuracy, seconds=0.01, **scored)


def level(configuration: dict[str, Any]) -> float:
    digest = hashlib.sha256(json.dumps(configuration, sort_keys=True).encode()).digest()
    return 0.5 + 0.4 * digest[0] / 255


def keep(job: Train | Retrain, curve: list[Epoch]) -> None:
    try:
        with new_folder(Path(job.checkpoints) / "epoch-0000") as folder:
            write_manifest(folder, curve=[asdict(epoch) for epoch in curve])
    except OSError as error:
        say(Remark(job=job.job, text=f"an epoch could not be kept: {error.strerror}"))


def restore(job: Train | Retrain) -> list[Epoch]:
    manifest = read_manifest(Path(job.checkpoints) / "epoch-0000")
    if manifest is None and isinstance(job, Train) and job.start:
        manifest = read_manifest(Path(job.start) / "epoch-0000")
    return [Epoch(**epoch) for epoch in manifest["curve"]] if manifest else []


def died_before(job: Job) -> bool:
    return not ORDERS.get("die_always") and marked(job, "died")


def hang(job: Train, epoch: int) -> None:
    if [job.job, epoch] in ORDERS.get("hang_at", []) and (ORDERS.get("hang_always") or not marked(job, "hung")):
        time.sleep(10_000)


def marked(job: Job, what: str) -> bool:
    """Whether this was asked before."""
    marker = Path(job.checkpoints).parent / f"{what}-{job.job}"
    marker.parent.mkdir(parents=True, exist_ok=True)
    if marker.exists():
        return True
    marker.touch()
    return False


def save(job: Retrain, curve: list[Epoch]) -> None:
    import numpy as np

    labels = np.load(job.test_labels)
    probabilities = np.full((len(labels), job.n_classes), 0.1 / (job.n_classes - 1))
    guesses = (labels + (np.arange(len(labels)) % 10 == 0)) % job.n_classes  # nine of ten are right
    probabilities[np.arange(len(labels)), guesses] = 0.9
    with new_folder(Path(job.folder)) as folder:
        (folder / "model.keras").write_bytes(b"not a model")
        write_json(folder / "configuration.json", job.configuration)
        np.savez(folder / "predictions.npz", probabilities=probabilities, labels=labels)
        write_manifest(folder, **job.facts, opened="2026-01-02T03:04:05+00:00", curve=[asdict(e) for e in curve])


def say(message: FromWorker) -> None:
    sys.stdout.write(encode(message) + "\n")
    sys.stdout.flush()


def note(*words: object) -> None:
    if LOG:
        with Path(LOG).open("a", encoding="utf-8") as file:
            file.write(" ".join(map(str, words)) + "\n")


if __name__ == "__main__":
    main()
