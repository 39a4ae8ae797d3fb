"""A study for commands that steer one."""

from pathlib import Path

import pytest
from fakes.job import make

from tuner.plan import Budget


@pytest.fixture(scope="module")
def two_trials(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a study of two trials, retrained: made once, copied for each test."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("TUNE_HOME", str(home))
        make(home, monkeypatch).run(budget=Budget(trials=2))
    return home
