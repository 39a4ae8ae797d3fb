"""The package is light: the command line imports it before it says a word."""

from __future__ import annotations

import json
import subprocess
import sys

PROGRAM = """
import json, sys, time
before = time.process_time()
import search_spaces
seconds = time.process_time() - before
light = sorted({name.partition(".")[0] for name in sys.modules})
space = search_spaces.SearchSpace.load("cnn_v4")
search_spaces.summarize(space.default(), (28, 28, 1), 10)
loaded = sorted({name.partition(".")[0] for name in sys.modules})
print(json.dumps([seconds, light, loaded]))
"""


def test_importing_is_quick_and_loading_a_space_brings_no_framework() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    seconds, light, loaded = json.loads(done.stdout)

    assert seconds < 0.25
    assert not {"pydantic", "ruamel", "numpy"} & set(light)
    assert not {"tensorflow", "keras", "optuna", "numpy", "tuner", "reports"} & set(loaded)
