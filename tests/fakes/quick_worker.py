"""A worker of a few milliseconds a trial that keeps no checkpoints: to measure what the parent costs, not the disk.

Its argument is the seconds that an epoch takes.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any


def main() -> None:
    seconds = float(sys.argv[1])
    say(kind="Ready", device="fake")
    for line in sys.stdin:
        job = json.loads(line)
        if job["kind"] == "Stop":
            continue
        say(kind="Begun", job=job["job"])
        for number in range(1, job["epochs"] + 1):
            time.sleep(seconds)
            score = 1 / (2 + job["job"] % 7 + 1 / number)
            epoch = {"epoch": number, "accuracy": score, "loss": 1 - score, "val_accuracy": score}
            say(kind="EpochDone", job=job["job"], epoch={**epoch, "val_loss": 1 - score, "seconds": seconds})
        say(kind="Done", job=job["job"], seconds=seconds * job["epochs"], memory=1000)


def say(**message: Any) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
