"""The writer's mark in the database, and what is done to the file behind our back."""

import json
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import optuna
import pytest
from optuna.storages import RDBStorage

from tuner.errors import BusyError, StudyError
from tuner.plan import Plan
from tuner.study import Folder, Study, hold, is_held, take_snapshot
from tuner.study.guard import WRITER, beating, refuse_living
from tuner.study.lock import QUIET, Holder, lives, this_process

PLAN = Plan(dataset="digits", data_fingerprint="a", space="mlp_v1", space_fingerprint="b")


@pytest.fixture
def study(tmp_path: Path) -> Study:
    (tmp_path / "s").mkdir()
    return Study.create(Folder(tmp_path / "s"), PLAN, "name: x")


@pytest.fixture
def other() -> Iterator[subprocess.Popen[bytes]]:
    """A process that lives."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        yield process
        process.kill()


def mark(study: Study, **changes: object) -> None:
    """Puts the mark of another process there."""
    holder = {"uuid": "theirs", "pid": 1, "host": this_process().host, "started": "another time", **changes}
    with closing(sqlite3.connect(study.folder.database)) as database, database:
        statement = "UPDATE study_system_attributes SET value_json = ? WHERE key = ?"
        assert database.execute(statement, (json.dumps(holder), WRITER)).rowcount == 1


def stored(study: Study) -> dict[str, object]:
    return RDBStorage(f"sqlite:///{study.folder.database}").get_study_system_attrs(study.row)


def test_a_study_that_another_process_writes_to_is_not_opened(study: Study, other: subprocess.Popen[bytes]) -> None:
    started = subprocess.run(
        [sys.executable, "-c", f"from tuner.study import lock; print(lock._started({other.pid}))"],
        capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    mark(study, pid=other.pid, started=started)
    before = study.folder.database.read_bytes()
    with pytest.raises(BusyError, match=rf"study 's' is held by process {other.pid} on "):
        Study.open(study.folder, writable=True)
    assert study.folder.database.read_bytes() == before
    assert Study.open(study.folder).plan == PLAN


def test_a_number_that_another_process_has_now_refuses_nobody(study: Study, other: subprocess.Popen[bytes]) -> None:
    mark(study, pid=other.pid, started="a moment long ago")
    Study.open(study.folder, writable=True).remember("a", 1)


def test_the_mark_of_a_dead_process_refuses_nobody(study: Study, other: subprocess.Popen[bytes]) -> None:
    holder = Holder(pid=other.pid, host=this_process().host)
    assert lives(holder)
    other.kill()
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)
    assert not lives(holder)  # though nobody has waited for it yet
    mark(study, pid=other.pid)
    Study.open(study.folder, writable=True).remember("a", 1)


def test_a_writer_on_another_machine_is_taken_to_live_while_the_file_is_young(study: Study) -> None:
    mark(study, host="far away", pid=7)
    with pytest.raises(BusyError, match=r"held by process 7 on far away. It lived .* If that machine is gone, try"):
        Study.open(study.folder, writable=True)
    long_ago = study.folder.database.stat().st_mtime - QUIET - 1
    os.utime(study.folder.database, (long_ago, long_ago))
    Study.open(study.folder, writable=True).remember("a", 1)


def aged(path: Path, seconds: float) -> None:
    """Was last written so long ago; below 0, will be."""
    os.utime(path, (time.time() - seconds, time.time() - seconds))


def test_a_time_far_ahead_tells_nothing_and_how_to_get_past_it_is_said(study: Study) -> None:
    mark(study, host="far away", pid=7)
    aged(study.folder.database, -86400)
    with pytest.raises(BusyError) as refused:
        Study.open(study.folder, writable=True)
    database = study.folder.database
    assert str(refused.value).endswith(
        " on far away. Nothing tells whether it lives: study.db is dated 86400 s ahead of this machine's clock. "
        f"If that machine is gone, type: touch {database} and try again 180 s later."
    )
    database.touch()
    aged(database, QUIET + 1)
    Study.open(study.folder, writable=True).remember("a", 1)


def test_a_clock_that_is_a_little_ahead_is_no_wonder(study: Study) -> None:
    mark(study, host="far away", pid=7)
    aged(study.folder.database, -30)
    with pytest.raises(BusyError, match=r"It lived 0 s ago\. If that machine is gone, try again in 210 s\."):
        Study.open(study.folder, writable=True)


@pytest.mark.parametrize(("seconds", "held"), [(QUIET - 60, True), (QUIET + 60, False), (-86400, False)])
def test_a_holder_on_another_machine_holds_a_study_while_its_sign_of_life_is_young(
    study: Study, seconds: float, held: bool
) -> None:
    note = study.folder.path / "holder.json"
    note.write_text('{"pid": 1, "host": "far away", "started": "x"}', encoding="utf-8")
    aged(study.folder.database, seconds)
    assert is_held(study.folder.path) is held
    study.folder.database.unlink()
    assert is_held(study.folder.path)  # it has just begun


def test_a_pipe_in_the_place_of_the_note_holds_nobody_up(study: Study) -> None:
    study.close()
    os.mkfifo(study.folder.path / "holder.json")
    assert not is_held(study.folder.path)
    with hold(study.folder.path, "s"):
        assert is_held(study.folder.path)


def test_a_mark_that_cannot_be_read_keeps_nobody_out(study: Study) -> None:
    mark(study, pid=float("inf"))
    refuse_living(study.folder.database, "s")
    (study.folder.path / "holder.json").write_text('{"pid": Infinity, "host": "h"}', encoding="utf-8")
    assert not is_held(study.folder.path)
    for content in (b"damaged", b"", study.folder.database.read_bytes()[:5000]):
        study.folder.database.write_bytes(content)
        refuse_living(study.folder.database, "s")
    study.folder.database.unlink()
    refuse_living(study.folder.database, "s")
    os.mkfifo(study.folder.database)
    refuse_living(study.folder.database, "s")


def test_the_mark_goes_when_the_study_is_closed(study: Study) -> None:
    assert WRITER in stored(study)
    study.close()
    assert WRITER not in stored(study)


def test_while_a_run_lives_its_file_is_young(study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuner.study.guard.BEAT", 0.01)
    os.utime(study.folder.database, (1000, 1000))
    with beating(study.folder.database):
        deadline = time.monotonic() + 10
        while study.folder.database.stat().st_mtime < 2000 and time.monotonic() < deadline:
            time.sleep(0.01)
    assert study.folder.database.stat().st_mtime > 2000


def test_who_was_taken_over_writes_nothing(study: Study) -> None:
    mark(study, pid=4711)
    with pytest.raises(BusyError, match=r"process 4711 on .* has taken the study over"):
        study.remember("a", 1)
    assert "a" not in optuna.load_study(study_name="s", storage=f"sqlite:///{study.folder.database}").user_attrs


def test_of_two_writers_in_one_process_the_later_has_it(study: Study) -> None:
    later = Study.open(study.folder, writable=True)
    later.remember("a", 1)
    with pytest.raises(BusyError, match="has taken the study over"):
        study.remember("a", 2)


def test_a_trial_of_another_program_is_not_written_over(study: Study) -> None:
    optuna.load_study(study_name="s", storage=f"sqlite:///{study.folder.database}").ask()
    with pytest.raises(StudyError, match="another program has added trials"):
        study.optuna.ask()
    assert len(Study.open(study.folder).trials()) == 1


def test_a_copy_can_be_written_to(study: Study, tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    copy = Folder(tmp_path / "copy")
    take_snapshot(study.folder.database, copy.database)
    Study.open(copy, writable=True).remember("a", 1)
    study.remember("a", 2)
    assert Study.open(copy).fact("a") == 1


def test_a_deleted_file_is_not_written_into(study: Study) -> None:
    study.folder.database.unlink()
    with pytest.raises(StudyError, match=r"study\.db: it was deleted while the study was open\."):
        study.remember("a", 1)
    assert not study.folder.database.exists()


def test_a_file_in_its_place_is_left_alone(study: Study) -> None:
    study.folder.database.rename(study.folder.path / "away.db")
    study.folder.database.write_bytes(b"mine")
    with pytest.raises(
        StudyError, match=r"study\.db: it is another file now\.|study\.db: it is another file now while"
    ):
        study.remember("a", 1)
    assert study.folder.database.read_bytes() == b"mine"


def test_what_could_not_be_written_is_written_when_it_can_be(study: Study) -> None:
    away = study.folder.path / "away.db"
    study.folder.database.rename(away)
    with pytest.raises(StudyError):
        study.optuna.ask()
    away.rename(study.folder.database)
    study.flush()
    assert len(Study.open(study.folder).trials()) == 1


@pytest.mark.parametrize(
    "name", ["with space", "per%41cent", "ques?tion", "ha#sh", "bra{0}ce", "äöü", "quo'te\"s", "a&b=c"]
)
def test_whatever_its_folder_is_called(tmp_path: Path, name: str) -> None:
    folder = Folder(tmp_path / name)
    folder.path.mkdir()
    Study.create(folder, PLAN, "name: x").remember("a", 1)
    assert Study.open(folder).fact("a") == 1
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert [path.name for path in folder.path.iterdir()] == ["study.db"]
