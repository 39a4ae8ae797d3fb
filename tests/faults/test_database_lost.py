"""Fault test 18, of the database: it goes away, or refuses, while a study is open or when it shall be opened."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from evidence import Measured
from fakes.starting import Started, Tune, holds
from fakes.studies import made

from tuner.errors import StudyError
from tuner.study import Folder, Study, hold

COMMAND = ("digits", "--space", "small.yaml", "--trials", "1000", "--study", "s")
SLOW = {"seconds": 0.05}
TARGET = "one line, exit 3 to 5, no traceback"

NOBODY = [] if os.geteuid() else ["setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-all"]
"""Before a command: it has to heed the rights of files. Root need not."""


def searching(program: Tune) -> Started:
    started = program.start(*COMMAND, orders=SLOW)
    assert holds(lambda: started.said.count("complete") > 1, 60), started.said
    return started


def held(program: Tune, started: Started, what: str, why: str, measured: Measured) -> None:
    code = started.wait(20)
    lines = started.said.splitlines()
    told = [line for line in lines if line.startswith("tune: ")]
    measured(18, target=TARGET, figure=f"{what}: exit {code}, {len(told)} line, {len(program.orphans())} orphans")
    assert code == 4
    assert len(told) == 1
    assert why in told[0]
    assert "Traceback" not in started.said
    assert program.orphans() == []


def deleted(study: Path) -> None:
    (study / "study.db").unlink()


def folder_deleted(study: Path) -> None:
    study.rename(study.parent / "gone")


def replaced(study: Path) -> None:
    shutil.copyfile(study / "study.db", study / "copy.db")
    (study / "copy.db").replace(study / "study.db")


def emptied(study: Path) -> None:
    os.truncate(study / "study.db", 0)


def scribbled(study: Path) -> None:
    (study / "study.db").write_bytes(b"mine\n" * 5000)


LOSSES: dict[str, tuple[Callable[[Path], None], str]] = {
    "deleted": (deleted, "it was deleted while the study was open"),
    "its folder moved away": (folder_deleted, "it was deleted while the study was open"),
    "replaced by a copy": (replaced, "it is another file now"),
    "emptied": (emptied, "study.db"),
    "written over": (scribbled, "study.db"),
}


@pytest.mark.parametrize("loss", LOSSES)
def test_a_database_that_is_lost_while_it_is_searched_ends_the_run(
    program: Tune, loss: str, measured: Measured
) -> None:
    started = searching(program)
    lose, why = LOSSES[loss]
    lose(program.study("s"))
    held(program, started, loss, why, measured)


@pytest.mark.skipif(NOBODY != [] and shutil.which("setpriv") is None, reason="root heeds no rights of files")
@pytest.mark.parametrize("what", ["study.db", "."])
def test_what_may_not_be_written_is_said_in_one_line(tmp_path: Path, what: str, measured: Measured) -> None:
    study = made(tmp_path / "s", (0.5,))
    study.close()
    content = study.folder.database.read_bytes()
    place = study.folder.path / what
    place.chmod(0o444 if place.is_file() else 0o555)
    code = (
        "import sys\nfrom pathlib import Path\nfrom tuner.study import Folder, Study, hold\n"
        "from tuner.errors import StudyError\nfolder = Folder(Path(sys.argv[1]))\n"
        "assert len(Study.open(folder).trials()) == 1\n"
        "try:\n    with hold(folder.path, 's'):\n        Study.open(folder, writable=True)\n"
        "except StudyError as error:\n    sys.exit(str(error))\n"
    )
    done = subprocess.run(
        [*NOBODY, sys.executable, "-c", code, str(study.folder.path)], capture_output=True, text=True, check=False
    )
    place.chmod(0o755)
    lines = done.stderr.splitlines()
    measured(18, target=TARGET, figure=f"{what} write-protected: read, and refused to a writer in {len(lines)} line")
    assert done.returncode == 1, done.stderr
    assert len(lines) == 1
    assert str(study.folder.path) in lines[0]
    assert study.folder.database.read_bytes() == content


def test_what_the_disk_cannot_read_is_said_in_one_line(tmp_path: Path, measured: Measured) -> None:
    (tmp_path / "study.db").symlink_to("/proc/self/mem")  # whose first bytes nobody can read
    with pytest.raises(StudyError) as error:
        Study.open(Folder(tmp_path))
    measured(18, target=TARGET, figure=f"EIO: {str(error.value).rpartition(': ')[2]}")
    assert os.strerror(errno.EIO) in str(error.value)


@contextlib.contextmanager
def descriptors(n_left: int) -> Iterator[None]:
    """So many more files can be opened, and no more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    opened = []
    try:
        with contextlib.suppress(OSError):
            while True:
                opened.append(os.open(os.devnull, os.O_RDONLY))
        for _ in range(n_left):
            os.close(opened.pop())
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for each in opened:
            os.close(each)


def test_however_few_files_may_be_open_it_is_one_line_or_a_study(tmp_path: Path, measured: Measured) -> None:
    study = made(tmp_path / "s", (0.5,))
    study.close()
    outcomes = [opening(study.folder, n, writable=writable) for n in range(8) for writable in (False, True)]
    refused = [outcome for outcome in outcomes if outcome]
    measured(18, target=TARGET, figure=f"EMFILE: {len(refused)} of {len(outcomes)} openings refused, each in one line")
    assert len(refused) > 2
    assert outcomes[-1] == ""
    assert not [line for line in refused if "\n" in line or str(study.folder.path) not in line]
    assert len(Study.open(study.folder).trials()) == 1


def opening(folder: Folder, n_left: int, *, writable: bool) -> str:
    """Why it was refused."""
    with descriptors(n_left):
        try:
            with hold(folder.path, "s"):
                Study.open(folder, writable=writable).close()
        except StudyError as error:
            return str(error)
    return ""
