"""Backups: whole, checked, thinned out, and never in the way of the search."""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from fakes.small_disk import mounted
from fakes.studies import made, trained

from tuner.errors import BusyError, Interrupted, StudyError, TuneError
from tuner.files import checksum
from tuner.study import Folder, Study, backups
from tuner.study.backups import Backup, Backups, list_backups, newest_whole, shows_a_study, surplus, take
from tuner.study.belongings import belongings, strangers
from tuner.study.leftovers import unfinished
from tuner.trial import TrialState

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def opened(backup: Backup, scratch: Path) -> Study:
    """The study that the backup holds."""
    scratch.mkdir()
    Folder(scratch).database.write_bytes(backup.path.read_bytes())
    return Study.open(Folder(scratch))


def wait(held: Backups) -> None:
    assert held._thread is not None
    held._thread.join()


def test_a_backup_is_the_study_as_it_was_under_a_name_with_its_sum(tmp_path: Path) -> None:
    study = made(tmp_path / "s", (0.5, 0.7))
    backup = take(study.folder, now=NOON)
    assert backup is not None
    assert backup.path.name == f"study-000001-20261127T120000Z-{checksum(backup.path)[:16]}.db"
    trained(study, 0.9)
    assert [trial.score for trial in opened(backup, tmp_path / "old").trials()] == [0.5, 0.7]
    assert [path.name for path in study.folder.backups.iterdir()] == [backup.path.name]


def test_what_has_not_changed_is_not_copied_again(tmp_path: Path) -> None:
    study = made(tmp_path / "s", (0.5,))
    assert take(study.folder) is not None
    assert take(study.folder) is None
    trained(study, 0.6)
    assert take(study.folder) is not None
    assert [each.number for each in list_backups(study.folder)] == [2, 1]


def test_a_backup_taken_in_the_middle_of_a_writer_s_work_is_of_one_moment(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    with closing(sqlite3.connect(folder.database)) as setup:
        setup.execute("CREATE TABLE pairs (a INTEGER, filler TEXT)")
        setup.execute("CREATE TABLE others (b INTEGER)")
        setup.commit()
    done = threading.Event()

    def write() -> None:
        with closing(sqlite3.connect(folder.database, timeout=60)) as writer:
            writer.execute("PRAGMA synchronous=OFF")
            for i in range(1_000_000):
                with writer:
                    writer.execute("INSERT INTO pairs VALUES (?, ?)", (i, "x" * 500))
                    writer.execute("INSERT INTO others VALUES (?)", (i,))
                if done.is_set():
                    return

    thread = threading.Thread(target=write)
    thread.start()
    try:
        found = [backup for _ in range(30) if (backup := take(folder, interval=0)) is not None]
    finally:
        done.set()
        thread.join()
    assert len(found) >= 3
    for backup in found[-3:]:
        with closing(sqlite3.connect(backup.path)) as copy:
            (a,), (b,) = (copy.execute(f"SELECT count(*) FROM {table}").fetchone() for table in ("pairs", "others"))
            assert a == b
            assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)


def series(*minutes: float) -> list[Backup]:
    """Newest first, as they are listed."""
    found = [
        Backup(path=Path(str(minute)), number=i, made=NOON + timedelta(minutes=minute), sum="0")
        for i, minute in enumerate(minutes)
    ]
    return found[::-1]


@pytest.mark.parametrize(
    ("minutes", "gone"),
    [
        ((0, 10, 20), []),
        ((0, 10, 20, 30), [0]),
        ((0, 1, 2), [1]),  # begun anew every minute: one for each ten, and the newest
        ((0, 10, 11, 12), [11]),
        ((0, 10, 20, 21), [0]),
        ((0, -60, -50), []),  # the clock was set back
    ],
)
def test_three_are_kept_that_reach_back_for_longer_than_a_moment(minutes: tuple[float, ...], gone: list[int]) -> None:
    assert sorted(str(each.path) for each in surplus(series(*minutes))) == sorted(map(str, gone))


def test_damaged_ones_push_out_no_good_one(tmp_path: Path) -> None:
    study = made(tmp_path / "s", (0.5,))
    for minutes in range(0, 60, 10):
        trained(study, 0.6)
        backup = take(study.folder, now=NOON + timedelta(minutes=minutes))
        assert backup is not None
        if minutes in {10, 20}:
            backup.path.write_bytes(b"damaged")
        listed = [each.number for each in list_backups(study.folder)]
        if minutes == 30:
            assert listed == [4, 3, 2, 1]
    assert listed == [6, 5, 4]


def test_backups_moved_to_another_disk_are_written_pruned_and_found_there(tmp_path: Path) -> None:
    study, disk = made(tmp_path / "s", (0.5,)), tmp_path / "disk"
    disk.mkdir()
    (disk / "mine").touch()
    (disk / ".unfinished-study-000001-x.db").touch()
    study.folder.backups.symlink_to(disk)
    assert [path.name for path in unfinished(study.folder)] == [".unfinished-study-000001-x.db"]
    for minutes in range(0, 60, 10):
        trained(study, 0.6)
        take(study.folder, now=NOON + timedelta(minutes=minutes))
    newest = newest_whole(study.folder)
    assert newest is not None
    assert [each.number for each in list_backups(study.folder)] == [6, 5, 4]
    assert len(opened(newest, tmp_path / "old").trials()) == 7
    assert sorted(path.name for path in disk.iterdir() if not path.name.startswith("study-00000")) == ["mine"]
    assert len(belongings(study.folder)["backups"]) == 3
    assert [path.name for path in strangers(study.folder)] == ["mine"]


def test_a_pipe_in_the_place_of_a_split_or_a_backup_shows_no_study_and_holds_nobody_up(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    folder.backups.mkdir()
    os.mkfifo(folder.split)
    assert not shows_a_study(folder)
    os.mkfifo(folder.backups / "study-000001-20261127T120000Z-0123456789abcdef.db")
    assert newest_whole(folder) is None


def test_runs_that_are_killed_every_half_minute_leave_backups_ten_minutes_apart() -> None:
    kept: list[Backup] = []
    for i in range(100):
        new = Backup(path=Path(str(i)), number=i, made=NOON + timedelta(seconds=30 * i), sum="0")
        kept = [each for each in [new, *kept] if each not in surplus([new, *kept])]
    ages = [(kept[0].made - each.made).total_seconds() for each in kept]
    assert len(kept) == 3
    assert ages[-1] >= 600


def test_a_damaged_database_is_not_backed_up_and_the_good_backups_stay(tmp_path: Path) -> None:
    study = made(tmp_path / "s", (0.5,))
    good = take(study.folder)
    content = bytearray(study.folder.database.read_bytes())
    content[4096:8192] = os.urandom(4096)
    study.folder.database.write_bytes(content)
    with pytest.raises(StudyError, match="study\\.db: "):
        take(study.folder)
    assert list_backups(study.folder) == [good]


@pytest.mark.parametrize(
    "spoiling",
    [
        """UPDATE trial_user_attributes SET value_json = replace(value_json, '"seconds": 6.5', '"seconds": 7.5')
        WHERE trial_id = 1 AND key = 'outcome'""",
        "UPDATE study_user_attributes SET value_json = replace(value_json, 'digits', 'digitz') WHERE key = 'plan'",
        "UPDATE trial_user_attributes SET value_json = '{}' WHERE trial_id = 2 AND key = 'curve'",
        "DELETE FROM study_user_attributes WHERE key = 'plan'",
    ],
)
def test_copies_of_a_study_that_is_not_what_was_written_push_out_no_good_one(tmp_path: Path, spoiling: str) -> None:
    study = made(tmp_path / "s", (0.5, 0.6))
    good = take(study.folder, now=NOON)
    with closing(sqlite3.connect(study.folder.database)) as flipped:
        assert flipped.execute(spoiling).rowcount == 1
        flipped.commit()
    for after in range(1, 5):
        trained(study, 0.6 + after / 100)
        with pytest.raises(StudyError, match=r"study\.db: "):
            take(study.folder, now=NOON + after * timedelta(hours=1))
    assert list_backups(study.folder) == [good]


def test_a_trial_that_goes_on_and_cannot_be_read_is_not_copied_either(tmp_path: Path) -> None:
    study = made(tmp_path / "s")
    trained(study, 0.5, TrialState.RUNNING)
    assert take(study.folder) is not None
    with closing(sqlite3.connect(study.folder.database)) as flipped:
        flipped.execute("UPDATE trial_user_attributes SET value_json = '{\"epochs\": 3}' WHERE key = 'curve'")
        flipped.commit()
    with pytest.raises(StudyError, match=r"damaged: a row cannot be read .* Try: tune repair"):
        take(study.folder)


def test_the_newest_whole_backup_is_not_the_one_that_was_touched(tmp_path: Path) -> None:
    study = made(tmp_path / "s", (0.5,))
    first = take(study.folder, interval=0)
    trained(study, 0.6)
    second = take(study.folder, interval=0)
    assert second is not None
    assert newest_whole(study.folder) == second
    second.path.write_bytes(second.path.read_bytes()[:-1])
    assert newest_whole(study.folder) == first


def test_a_killed_backup_leaves_nothing_that_stays(tmp_path: Path) -> None:
    study = made(tmp_path / "s", (0.5,))
    study.folder.backups.mkdir()
    (study.folder.backups / ".unfinished-study-000001-x.db").write_bytes(b"left by kill -9")
    backup = take(study.folder)
    assert backup is not None
    assert [path.name for path in study.folder.backups.iterdir()] == [backup.path.name]


def test_they_are_taken_at_the_start_at_intervals_and_at_an_orderly_end(tmp_path: Path) -> None:
    study, clock, told = made(tmp_path / "s", (0.5,)), Clock(), []
    with Backups(study.folder, told.append, interval=60, first=0, clock=clock) as held:
        held.tick()
        wait(held)
        assert len(list_backups(study.folder)) == 1
        trained(study, 0.6)
        clock.seconds = 59
        held.tick()
        wait(held)
        assert len(list_backups(study.folder)) == 1
        clock.seconds = 60
        held.tick()
        wait(held)
        assert list_backups(study.folder)[0].number == 2
        trained(study, 0.7)
    assert list_backups(study.folder)[0].number == 3
    assert told == []


@pytest.mark.parametrize(
    ("error", "n"),
    [
        (Interrupted("the first Ctrl-C", 2), 1),
        (TuneError("no trial completed"), 1),
        (KeyboardInterrupt(), 0),  # the second, which is in a hurry
        (StudyError("the disk is full"), 0),
        (BusyError("another process has taken the study over"), 0),
        (OSError(28, "No space left on device"), 0),
    ],
)
def test_a_run_that_ends_early_makes_a_last_one_where_it_may_write_and_has_time(
    tmp_path: Path, error: BaseException, n: int
) -> None:
    study = made(tmp_path / "s", (0.5,))
    with pytest.raises(type(error)), Backups(study.folder, print):
        raise error
    assert len(list_backups(study.folder)) == n


def test_a_failing_backup_is_told_once_and_ends_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    study, clock, told = made(tmp_path / "s", (0.5,)), Clock(), []
    monkeypatch.setattr(backups, "ROOM", 2**60)
    with Backups(study.folder, told.append, interval=60, first=0, clock=clock) as held:
        for _ in range(5):
            held.tick()
            wait(held)
            clock.seconds += 60
    assert len(told) == 1
    assert "the search goes on" in told[0]
    assert "no room" in told[0]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    place = tmp_path / "small"
    place.mkdir()
    with mounted(place, 2**20):
        yield place


def test_on_a_disk_that_is_really_full_the_old_backups_stay_whole(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backups, "ROOM", 0)
    study = made(small_disk / "s", (0.5,))
    first = take(study.folder)
    trained(study, 0.6)
    with pytest.raises(OSError, match="No space"):
        (small_disk / "ballast").write_bytes(bytes(2**20))
    monkeypatch.setattr("shutil.disk_usage", lambda _path: type("Usage", (), {"free": 2**40}))
    with pytest.raises(StudyError, match="No space left"):
        take(study.folder)
    assert newest_whole(study.folder) == first
    assert len(list(study.folder.backups.iterdir())) == 1
    (small_disk / "ballast").unlink()
    study.close()


def test_a_tick_that_is_not_due_costs_next_to_nothing(tmp_path: Path) -> None:
    held = Backups(Folder(tmp_path), print, interval=600, first=0)
    held._due = time.monotonic() + 600
    began = time.perf_counter()
    for _ in range(10_000):
        held.tick()
    assert (time.perf_counter() - began) / 10_000 < 20e-6
