"""The fault tests, both tiers, and what they measured: `make faults`.

    python benchmarks/faults.py                               all of them, within an hour
    python benchmarks/faults.py tests/faults/test_signals.py  a part: its figures take the place of its earlier ones

Figures are kept in benchmarks/faults.jsonl, a line each; benchmarks/faults.md is made of all of them. What is measured
in time runs alone, the rest two at a time. Ends with pytest's exit code.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

from tuner.machine import hardware, versions

HERE = Path(__file__).parent
ROOT = HERE.parent
NOTHING_TO_DO = 5
FIGURES, PAGE = HERE / "faults.jsonl", HERE / "faults.md"

NAMES = {
    1: "the parent killed at random moments until 200 trials are done",
    2: "a random worker killed every 0.5 to 2 s",
    3: "SIGTERM, SIGINT once and twice, SIGHUP, terminal closed",
    4: "real Keras, killed in mid-epoch",
    5: "total time with a kill every 5 s against none",
    6: "killed at each named point",
    7: "unsynced writes dropped",
    8: "two on one study, 50 starts",
    9: "retraining and report interrupted",
    10: "8 fake workers, 1,600 trials on one SQLite file",
    11: "two parents forced onto one study file",
    12: "the Ray executor",
    13: "readers while the 1,600 trials run",
    14: "clock jumps, end of summer time, steps back",
    15: "a worker stopped for longer than the grace",
    16: "out of memory in a region of the space",
    17: "disk full at every write site",
    18: "EACCES, EIO, EMFILE, read-only, deleted",
    19: "an objective that leaks",
    20: "real Keras in recycled workers",
    21: "hangs, deaf to signals, with descendants",
    22: "two trials a GPU, one out of memory",
    23: "scores that are none",
    24: "damaged checkpoints",
    25: "damaged study databases",
    26: "damaged model files",
    27: "KerasTuner's folder damaged",
    28: "damaged data sets",
    29: "malformed space files",
    30: "random spaces and random bytes",
    32: "hostile names",
    33: "misuse of the command line",
    34: "changed space, data, seed or engine on resume",
    35: "purity of standard output",
    36: "the same seed twice, resumed, two workers",
    37: "the report against scikit-learn",
    38: "exports against Keras",
    39: "the retrained winner against its trial",
    40: "our study in Optuna's own tools",
    41: "evil models and archives",
    42: "evil YAML and expressions",
    43: "database addresses",
    44: "listening sockets",
    45: "ban list, known holes in dependencies",
}

NOT_DUE = {
    12: "not due: there is no Ray executor yet",
    22: "not measured: it needs a GPU",
    38: "not due: there are no exports yet",
    43: "not due: studies live in SQLite files, no address is accepted yet",
}

HEAD = """# Fault tests: what was measured

Written by `make faults`. The list with its targets is docs/faults.md. F runs with every `make test`, N only here.
A figure with a count came out the same in so many tests.
"""


def main(parts: list[str]) -> int:
    parts = parts or measuring()
    with tempfile.TemporaryDirectory() as folder:
        evidence = Path(folder) / "evidence.jsonl"
        evidence.touch()
        codes = [
            tested(parts, evidence, "-m", "not night", "-n", "2", "--dist", "worksteal"),
            tested(parts, evidence, "-m", "night", "-n", "0"),
        ]
        new = [json.loads(line) for line in evidence.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in kept() if not row["test"].startswith(tuple(parts))] + [row | stamp() for row in new]
    rows.sort(key=lambda row: (row["number"] or 0, row["test"], row["figure"]))
    FIGURES.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    PAGE.write_text(page(rows), encoding="utf-8")
    print(f"{PAGE.relative_to(ROOT)}: {len({row['number'] for row in rows})} of {len(NAMES)} tests have figures")
    return max(codes)


def measuring() -> list[str]:
    """The test files that take the fixture `measured`."""
    files = sorted(path for path in (ROOT / "tests").rglob("test_*.py") if "measured" in path.read_text("utf-8"))
    return [str(path.relative_to(ROOT)) for path in files]


def tested(parts: list[str], evidence: Path, *options: str) -> int:
    """The exit code of pytest; 0 where there was nothing to do."""
    command = [sys.executable, "-m", "pytest", "--durations=10", *options, *parts]
    code = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "FAULTS_EVIDENCE": str(evidence)}, check=False
    ).returncode
    return 0 if code == NOTHING_TO_DO else code


def kept() -> list[dict[str, Any]]:
    return [json.loads(line) for line in FIGURES.read_text("utf-8").splitlines()] if FIGURES.exists() else []


def stamp() -> dict[str, str]:
    machine = hardware()
    on = f"{machine['processor']}, {machine['cores']} cores, {machine['memory']}, {platform.system()}"
    with_ = ", ".join(f"{name} {version}" for name, version in versions().items())
    return {"date": f"{datetime.now().astimezone():%Y-%m-%d}", "on": on, "with": with_}


def page(rows: list[dict[str, Any]]) -> str:
    lines = [HEAD]
    for on, with_ in dict.fromkeys((row["on"], row["with"]) for row in rows):
        dates = sorted({row["date"] for row in rows if (row["on"], row["with"]) == (on, with_)})
        lines.append(f"- {', '.join(dates)}: {on}. {with_}.")
    lines += ["", "| # | test | target | measured | tier | met |", "| --- | --- | --- | --- | --- | --- |"]
    for number, name in NAMES.items():
        lines.append(line(number, name, [row for row in rows if row["number"] == number]))
    early = [row["test"] for row in rows if row["number"] is None]
    if early:
        lines += ["", "Failed before they measured anything: " + ", ".join(f"`{test}`" for test in early) + "."]
    return "\n".join(lines) + "\n"


def line(number: int, name: str, rows: list[dict[str, Any]]) -> str:
    if not rows:
        return f"| {number} | {name} | | {NOT_DUE.get(number, 'no figure')} | | |"
    targets = "; ".join(dict.fromkeys(row["target"] for row in rows))
    counts = Counter(row["figure"] for row in rows)
    figures = "; ".join(figure + (f" ({n} x)" if n > 1 else "") for figure, n in counts.items())
    tiers = "/".join(sorted({row["tier"] for row in rows}))
    missed = sum(not row["met"] for row in rows)
    met = "yes" if not missed else f"no: {missed} of {len(rows)}"
    return (
        "| " + " | ".join(text.replace("|", "\\|") for text in (str(number), name, targets, figures, tiers, met)) + " |"
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
