"""Fault test 41, models: we write models and sum them, and load none. Users do, and the report gives them the sum."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile

from evidence import Measured
from fakes.starting import Tune

from tuner.files import MANIFEST, write_manifest

MEMORY = 500 * 2**20

LAMBDA = {"function": {"class_name": "__lambda__", "config": {"code": "4wEAAAA", "defaults": None}}}

LAYERS = [
    {"module": "keras.layers", "class_name": "InputLayer", "config": {"batch_shape": [None, 1]}},
    {"module": "keras.layers", "class_name": "Lambda", "config": LAMBDA},
    {"module": "keras.layers", "class_name": "TFSMLayer", "config": {"filepath": "CANARY"}},
    {"module": "keras.utils", "class_name": "get_file", "config": {"origin": "file:///etc/passwd", "fname": "CANARY"}},
    {"module": "keras.layers", "class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}},
    {"module": "keras.layers", "class_name": "Dense", "config": {"units": 10**12}},
    {"module": "os", "class_name": "system", "config": {"command": "touch CANARY"}},
]
"""Code, a model elsewhere, a download, a file of the system, more memory than there is, a function of any module."""

EVIL = {
    "config.json": json.dumps({"module": "keras", "class_name": "Sequential", "config": {"layers": LAYERS}}),
    "metadata.json": "{}",
    "../../../../../../../../CANARY": "a member that climbs",
    "model.weights.h5": "no weights",
}

READ_ALL = """
import json, re, sys, time
from pathlib import Path
from tuner.cli.boundary import run_program
events = []
def watch(event, arguments):
    if event == "pickle.find_class" or event.startswith(("subprocess.", "os.system", "os.exec", "socket.connect")):
        events.append([event, repr(arguments)[:200]])
sys.addaudithook(watch)
codes = [run_program(words) for words in json.loads(sys.argv[1])]
peak = int(re.search(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1])
heavy = sorted({"keras", "tensorflow", "h5py"} & sys.modules.keys())
Path("outcome.json").write_text(json.dumps([codes, peak * 1024, events, heavy]))
"""

READING = [["show", "s"], ["report", "s"], ["studies"], ["clean", "s", "--dry-run"], ["repair", "s", "--dry-run"]]


def test_no_model_is_ever_loaded_by_us_be_its_sum_true_or_not(program: Tune, measured: Measured) -> None:
    assert program.run("digits", "--space", "small.yaml", "--trials", "1", "--study", "s").wait() == 0
    best, canary = program.study("s") / "best", program.folder / "canary"
    with zipfile.ZipFile(best / "model.keras", "w") as archive:
        for name, content in EVIL.items():
            archive.writestr(name.replace("CANARY", str(canary)), content.replace("CANARY", str(canary)))

    another_sum = read(program, [["show", "s"]])
    facts = json.loads((best / MANIFEST).read_text())
    write_manifest(best, **{name: each for name, each in facts.items() if name not in {"files", "seal"}})
    true_sum = read(program, READING)

    outcomes = [another_sum[1:], true_sum[1:]]
    measured(
        41,
        target="evil models: 0 canary files created, refused <= 2 s, <= 500 MB",
        figure=f"nothing of ours loads a model: {len(READING)} commands on a study with an evil one: "
        f"{canary.exists():d} canaries, {sum(len(events) for _, _, events, _ in outcomes)} audit events of running, "
        f"unpickling or connecting, Keras imported {sum(bool(heavy) for *_, heavy in outcomes)} times, "
        f"{max(peak for _, peak, *_ in outcomes) / 2**20:.0f} MiB; with another sum than its manifest's it is refused",
    )
    assert f"tune: {best} is damaged and left out: model.keras has another checksum" in another_sum[0]
    assert "damaged" not in true_sum[0]
    for codes, peak, events, heavy in outcomes:
        assert set(codes) == {0}
        assert (events, heavy) == ([], [])
        assert peak <= MEMORY
    assert not canary.exists()


def read(program: Tune, commands: list[list[str]]) -> tuple[str, list[int], int, list[object], list[str]]:
    """What was said on standard error, the exit codes, the peak of memory, what happened, and what was imported."""
    done = subprocess.run(
        [sys.executable, "-c", READ_ALL, json.dumps(commands)], capture_output=True, text=True, timeout=120,
        cwd=program.folder, env=program.environ(), check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    codes, peak, events, heavy = json.loads((program.folder / "outcome.json").read_text())
    return done.stderr, codes, peak, events, heavy
