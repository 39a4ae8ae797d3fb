"""What `tune` itself costs a trial, a start, a look and a resumption, with Optuna's own in the same run.

`python benchmarks/overhead.py` takes about ten minutes and writes benchmarks/overhead.md. Each measurement is a line of
benchmarks/overhead.jsonl; who is cut off goes on where he was, and a file that is removed begins anew.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from tuner.machine import hardware, versions

HERE = Path(__file__).parent
ROWS = HERE / "overhead.jsonl"
WORK = Path(tempfile.gettempdir()) / "tune-overhead"
"""Studies that several measurements start from."""
CHILD = (sys.executable, str(HERE / "overhead_child.py"))
FAKE = (sys.executable, str(HERE.parent / "tests" / "fakes" / "program.py"))
TUNE = (sys.executable, "-m", "tuner")
ROUNDS, STARTS = 3, 9
FEW, MANY = 1000, 10_000
MORE = 500
"""Trials after the ten thousandth."""
PEERS = 100
"""Trials of Optuna's, which take longer, from the first and from the ten thousandth."""

Row = dict[str, float]
Rows = Mapping[str, list[Row]]


# --- measuring --------------------------------------------------------------------------------------------------------


def child(*words: object) -> Row:
    done = subprocess.run([*CHILD, *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    row: Row = json.loads(done.stdout.splitlines()[-1])
    return row


def timed(*words: str, environ: Mapping[str, str] | None = None, until: Path | None = None) -> Row:
    """A command's seconds by the clock and of the processor, and its peak memory in MiB; `first` until a file grew."""
    began = time.monotonic()
    process = subprocess.Popen(
        words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "CI": "1", **(environ or {})}
    )
    first = _grown(until, process, began) if until else {}
    _, status, used = os.wait4(process.pid, 0)
    assert status == 0, f"{words} ended with {status}"
    return {
        **first,
        "wall": time.monotonic() - began,
        "cpu": used.ru_utime + used.ru_stime,
        "memory": used.ru_maxrss / 1024,
    }


def _grown(path: Path, process: subprocess.Popen[bytes], began: float) -> Row:
    while not (path.exists() and "begun" in (path.read_text(encoding="utf-8") or "begun")):
        time.sleep(0.01)
    ticks = Path(f"/proc/{process.pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[11:13]
    return {"first": time.monotonic() - began, "first_cpu": sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")}


def fresh(name: str, origin: Path | None = None) -> Path:
    """A folder of that name for one measurement, empty or with what stands in `origin`."""
    path = WORK / "now" / name
    shutil.rmtree(path.parent, ignore_errors=True)
    if origin is None:
        path.mkdir(parents=True)
    else:
        shutil.copytree(origin, path)
    return path


# --- what is measured -------------------------------------------------------------------------------------------------


def whole(slots: int) -> Row:
    """Ten thousand trials from none. The study stays, for others to start from."""
    shutil.rmtree(WORK / "many", ignore_errors=True)
    (WORK / "many").mkdir(parents=True)
    return child("ours", WORK / "many", MANY, slots)


def few(slots: int) -> Row:
    return child("ours", fresh("ours"), FEW, slots)


def few_peer(slots: int) -> Row:
    return child("peer", fresh("peer") / "study.db", PEERS, slots)


def more(slots: int) -> Row:
    return child("ours", fresh("ours", many()), MANY + MORE, slots)


def more_peer(slots: int) -> Row:
    return child("peer", fresh("peer", many() / "s") / "study.db", PEERS, slots)


def ask(algorithm: str) -> Row:
    return child("ask", fresh("ask", many() / "s"), algorithm)


def many() -> Path:
    if not (WORK / "many" / "s" / "study.db").exists():
        whole(8)
    return WORK / "many"


def home(n: int) -> dict[str, str]:
    """An environ whose home has a study `s` of so many trials, as the real program makes it over a fake worker."""
    path = WORK / f"home-{n}"
    environ = {"TUNE_HOME": str(path), "FAKE_REPORT": "none"}
    if not (path / "made").exists():
        shutil.rmtree(path, ignore_errors=True)
        timed(*FAKE, "digits", "--space", "mlp_v1", "--trials", "5", "--study", "s", "--quiet", environ=environ)
        child("fill", path / "studies" / "s", n)
        (path / "made").touch()
    return environ


def show(n: int) -> Row:
    return timed(*TUNE, "show", "s", environ=home(n))


def show_peer(n: int) -> Row:
    return timed(*CHILD, "peer_show", f"{home(n)['TUNE_HOME']}/studies/s/study.db")


def resume(n: int) -> Row:
    now = fresh("home", Path(home(n)["TUNE_HOME"]))
    environ = {**home(n), "TUNE_HOME": str(now), "FAKE_LOG": str(now / "log")}
    words = ("resume", "s", "--trials", str(n + 1), "--quiet")
    return timed(*FAKE, *words, environ=environ, until=now / "log")


def resume_peer(n: int) -> Row:
    now = fresh("home", Path(home(n)["TUNE_HOME"]))
    return timed(*CHILD, "peer_resume", str(now / "studies" / "s" / "study.db"), str(now / "log"), until=now / "log")


MEASURES: Mapping[str, tuple[int, Callable[[], Row]]] = {
    "help": (STARTS, lambda: timed(*TUNE, "--help")),
    "show-few": (STARTS, lambda: show(5)),
    "studies": (STARTS, lambda: timed(*TUNE, "studies", environ=home(5))),
    "optuna": (STARTS, lambda: timed(sys.executable, "-c", "import optuna")),
    "whole-1": (1, lambda: whole(1)),
    "whole-8": (1, lambda: whole(8)),
    **{f"{name}-{slots}": (ROUNDS, lambda measure=measure, slots=slots: measure(slots))  # type: ignore[misc]
       for slots in (1, 8)
       for name, measure in (("few", few), ("few-peer", few_peer), ("more", more), ("more-peer", more_peer))},
    "ask-random": (ROUNDS, lambda: ask("random")),
    "ask-tpe": (ROUNDS, lambda: ask("tpe")),
    "show": (ROUNDS, lambda: show(MANY)),
    "show-peer": (ROUNDS, lambda: show_peer(MANY)),
    "resume": (ROUNDS, lambda: resume(MANY)),
    "resume-peer": (ROUNDS, lambda: resume_peer(MANY)),
}  # fmt: skip
"""How often each is measured, in turns, so that what else the machine does meets all alike."""


def measured() -> Rows:
    rows: dict[str, list[Row]] = {name: [] for name in MEASURES}
    if ROWS.exists():
        for line in ROWS.read_text(encoding="utf-8").splitlines():
            found = json.loads(line)
            rows[found["what"]].append(found["row"])
    for turn in range(max(times for times, _ in MEASURES.values())):
        for name, (times, measure) in MEASURES.items():
            if len(rows[name]) <= turn < times:
                rows[name].append(measure())
                with ROWS.open("a", encoding="utf-8") as file:
                    file.write(json.dumps({"what": name, "row": rows[name][-1]}) + "\n")
                print(name, turn, rows[name][-1], flush=True)
    return rows


# --- the page ---------------------------------------------------------------------------------------------------------


def spread(values: list[float], unit: str = "", digits: int = 1) -> str:
    """`4.2 (3.9 to 5.0)`."""
    low, middle, high = (f"{each:.{digits}f}" for each in (min(values), median(values), max(values)))
    return f"{middle}{unit}" if len(values) == 1 else f"{middle}{unit} ({low} to {high})"


def per_trial(rows: list[Row], key: str) -> list[float]:
    """Milliseconds."""
    return [1000 * row[key] / row["trials"] for row in rows]


def ratio(ours: list[float], theirs: list[float]) -> str:
    return spread([two / one for one, two in zip(ours, theirs, strict=False)], " x", 1)


def trials_table(rows: Rows) -> list[str]:
    lines = []
    for when, name, target in ((f"1 to {FEW:,}", "few", 10), (f"after {MANY:,}", "more", 25)):
        for slots in (1, 8):
            one, two = rows[f"{name}-{slots}"], rows[f"{name}-peer-{slots}"]
            cost, wall, theirs = per_trial(one, "cost"), per_trial(one, "wall"), per_trial(two, "wall")
            lines.append(
                f"| {when} | {slots} | {spread(cost)} | {target} | {spread(wall)} | {spread(theirs)} "
                f"| {ratio(wall, theirs)} |"
            )
    return lines


def commands_table(rows: Rows) -> list[str]:
    wanted: list[tuple[str, str, str, str, float]] = [
        ("`tune --help`", "help", "optuna", "wall", 0.3),
        ("`tune show`, 5 trials", "show-few", "optuna", "wall", 0.6),
        ("`tune studies`, one study", "studies", "optuna", "wall", 0.6),
        (f"`tune show`, {MANY:,} trials", "show", "show-peer", "wall", 3),
        (f"`tune resume`, {MANY:,} trials, to the first that begins", "resume", "resume-peer", "first", 3),
    ]
    lines = []
    for what, one, two, key, target in wanted:
        ours, theirs = ([row[key] for row in rows[name]] for name in (one, two))
        used = [row["first_cpu" if key == "first" else "cpu"] for row in rows[one]]
        lines.append(f"| {what} | {spread(ours, digits=2)} | {spread(used, digits=2)} | {target} "
                     f"| {spread(theirs, digits=2)} | {ratio(ours, theirs)} |")  # fmt: skip
    return lines


def page(rows: Rows) -> str:
    facts, machine = versions(), hardware()
    asks = {name: spread([1000 * row["ask"] for row in rows[f"ask-{name}"]]) for name in ("random", "tpe")}
    wanted = ("whole-1", "whole-8", "resume", "resume-peer")
    memory = {name: f"{max(row['memory'] for row in rows[name]):.0f}" for name in wanted}
    return f"""\
# What the tool itself costs

Trials that train nothing: four parameters, three epochs, random sampler, successive halving; the real loop, the real
study on the disk, real processes as workers. Beside it `optuna.Study.optimize` with `RDBStorage` on SQLite, the same
sampler, pruner, parameters and reports, no processes, `n_jobs` for workers; {PEERS} trials of it, for they take longer.
Median, lowest and highest.

{datetime.now(UTC):%Y-%m-%d}. {machine["processor"]}, {machine["cores"]} cores, {machine["memory"]}, no GPU.
Python {facts["Python"]}, optuna {facts["optuna"]}. Again: `python benchmarks/overhead.py`.

Milliseconds a trial. The parent's cost is its processor's time and the time that it waits for the disk; `wall` has what
workers and their pipes take too.

| trials | workers | parent's cost | target | wall | Optuna's wall | Optuna takes |
| --- | --- | --- | --- | --- | --- | --- |
{lines(trials_table(rows))}

{lines(wholes_lines(rows))}

One proposal at {MANY:,} trials, alone: random {asks["random"]} ms, TPE {asks["tpe"]} ms. What TPE takes is Optuna's own
computing, the same in either tool, and comes on top of the table.

Seconds. The last two columns are a process that does as much with Optuna alone: `import optuna`; loading the study and
its trials; loading it and one proposal more.

| command | wall | processor | target | Optuna's wall | Optuna takes |
| --- | --- | --- | --- | --- | --- |
{lines(commands_table(rows))}

Peak memory of the parent over {MANY:,} trials that train nothing: {memory["whole-1"]} and {memory["whole-8"]} MiB
(target 200). Resuming {MANY:,} trials of nine parameters and up to twenty epochs, to the end of the command:
{memory["resume"]} MiB; Optuna alone, to one more: {memory["resume-peer"]} MiB.
"""


def lines(found: list[str]) -> str:
    return "\n".join(found)


def wholes_lines(rows: Rows) -> list[str]:
    """Whole runs from none."""
    found = []
    for slots in (1, 8):
        (row,) = rows[f"whole-{slots}"]
        mean = 1000 * row["cost"] / row["trials"]
        found.append(
            f"- {MANY:,} trials from none, workers {slots}: {mean:.1f} ms of the parent's a trial, over the last "
            f"thousand {row['last']:.1f} ms."
        )
    return found


def main() -> None:
    text = page(measured())
    (HERE / "overhead.md").write_text(text, encoding="utf-8")
    shutil.rmtree(WORK, ignore_errors=True)
    print(text)


if __name__ == "__main__":
    main()
