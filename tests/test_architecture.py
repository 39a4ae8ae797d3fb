"""What import-linter cannot say."""

import re
import subprocess
import sys
from pathlib import Path

from fakes.studies import made, trained

from tuner.trial import TrialState

ROOT = Path(__file__).parent.parent
SOURCES = [path for room in ("tuner", "search_spaces", "reports") for path in sorted((ROOT / room).rglob("*.py"))]


def modules_after(*words: str) -> set[str]:
    """The modules that `tune WORDS` has imported when it is done."""
    code = (
        "import sys\nfrom tuner.cli.boundary import run_program\n"
        f"code = run_program({list(words)!r})\nprint('MODULES', *sys.modules)\nsys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split()[1:])


def test_help_loads_no_framework_and_no_library_that_is_slow_to_load() -> None:
    heavy = {"tensorflow", "keras", "optuna", "numpy", "sklearn", "matplotlib", "sqlalchemy", "pydantic", "rich"}
    assert not heavy & modules_after("--help")


def test_a_study_is_shown_without_a_library_that_is_slow_to_load(tmp_path: Path) -> None:
    study = made(tmp_path / "s", (0.5, 0.75))
    trained(study, 0.5, TrialState.PRUNED)
    study.close()
    slow = {"tensorflow", "keras", "optuna", "sqlalchemy", "numpy", "sklearn", "matplotlib", "pydantic", "ruamel.yaml"}
    assert not {*slow, "jinja2", "alembic"} & modules_after("show", str(study.folder.path))


def test_studies_are_listed_without_a_library_that_is_slow_to_load() -> None:
    assert not {"optuna", "sqlalchemy", "numpy", "matplotlib", "pydantic", "keras"} & modules_after("studies")


def test_a_space_is_checked_without_tensorflow() -> None:
    assert not {"tensorflow", "keras", "optuna"} & modules_after("spaces", "show", "cnn_v4")


def test_one_file_opens_optunas_storages() -> None:
    users = [path.name for path in SOURCES if re.search(r"optuna\.storages|RDBStorage\(", path.read_text("utf-8"))]
    assert users == ["storage.py"]


def test_every_module_says_its_job_in_its_first_line() -> None:
    assert not [str(path) for path in SOURCES if not path.read_text("utf-8").startswith('"""')]


def test_no_file_has_grown_past_one_job() -> None:
    assert not [str(path) for path in SOURCES if len(path.read_text("utf-8").splitlines()) > 350]
