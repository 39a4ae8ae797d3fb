"""What is typed wrong: one clear line, the right exit code, no traceback."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tuner.cli import session
from tuner.cli.app import VERBS
from tuner.cli.app import tune as program
from tuner.cli.boundary import run_program
from tuner.cli.hangup import Terminal
from tuner.control import Control


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        ("fashon-mnist", 2, r"unknown data set or verb 'fashon-mnist'\. Did you mean fashion-mnist\?"),
        ("fashion-mnits --trials 3", 2, r"Did you mean fashion-mnist\?"),
        ("reprot some-study", 2, r"Did you mean: tune report\?"),
        ("stuides", 2, r"Did you mean: tune studies\?"),
        ("xyzzy", 2, r"unknown data set or verb 'xyzzy'\. Data sets: fashion-mnist, "),
        ("digits --tirals 3", 2, r"No such option '--tirals'\. Did you mean '--trials'\?"),
        ("digits --trials", 2, r"requires an argument"),
        ("digits --trials many", 2, r"'many' is not a valid whole number\."),
        ("digits --workers x", 2, r"'x' is not a valid whole number\."),
        ("resume s --retries x", 2, r"'x' is not a valid whole number\."),
        ("digits --validation x", 2, r"'x' is not a valid number\."),
        ("digits --precision float16", 2, r"Did you mean 'mixed_float16'\?"),
        ("resume s --precision float32", 2, r"--precision belongs to the study and cannot change\. For another, begin"),
        ("resume s --seed=3", 2, r"--seed belongs to the study and cannot change\. .*See: tune resume --help"),
        ("resume s --data /tmp", 2, r"--data is the study's own\. Where its data set has moved, give the command"),
        ("resume s --tirals 3", 2, r"No such option '--tirals'\. Did you mean '--trials'\?"),
        ("digits --trials 0", 2, r"0 is not in the range x>=1"),
        ("digits --timeout soon", 2, r"a time is written as 90s, 15m, 2h or 1h30m\. Got 'soon'"),
        ("digits --validation 1", 2, r"1(\.0)? is not in the range"),
        ("digits --validation nan", 2, r"between 0 and 1, both excluded\. Got nan"),
        ("digits --pruner hyperbnd", 2, r"is not one of 'asha', 'hyperband', 'median', 'patient', 'none'"),
        (
            "digits --engine grid-search-cv --space mlp_grid --validation 0.2",
            2,
            "--validation is without effect: grid-search-cv",
        ),
        ("digits --limit -5", 2, r"not in the range"),
        ("./reports", 2, r"unknown data set or verb './reports'"),
        ("digits mnist", 2, r"unexpected extra argument"),
        ("digits --space cnn_v5", 2, r"no such space\. Did you mean 'cnn_v4'\?"),
        ("digits --space missing.yaml", 2, r"missing\.yaml:1: "),
        ("digits --space /", 2, r"/:1: "),
        ("digits --study ../up", 2, r"a study's name must start with a letter or digit"),
        ("digits --study a/b", 2, r"a study's name must"),
        ("digits --gpus two", 2, r"--gpus takes auto, all, none, or numbers"),
        ("digits --gpus 0", 5, r"there is no GPU 0\. GPUs found: none\. Train on the CPU with --gpus none"),
        ("digits --gpus all", 5, r"no NVIDIA GPU was found"),
        ("digits --limit 12", 2, r"at least 20\. Got 12"),
        ("mnist --data /nowhere", 3, r"/nowhere"),
        ("resume nosuch", 4, r"no study 'nosuch'"),
        ("resume ./nosuch", 4, r"no study in .*nosuch"),
        ("show nosuch", 4, r"no study 'nosuch'"),
        ("show ../../etc", 4, r"no study in"),
        ("report nosuch", 4, r"no study 'nosuch'"),
        ("spaces show nosuch", 2, r"no such space"),
        ("spaces chck cnn_v4", 2, r"No such command 'chck'\. Did you mean 'check'\?"),
        ("data show nosuch", 2, r"unknown data set 'nosuch'"),
        ("data shwo digits", 2, r"No such command 'shwo'\. Did you mean 'show'\?"),
    ],
)
def test_a_mistake_gets_one_line_and_its_exit_code(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: str, code: int, said: str
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert run_program(words.split()) == code
    out, err = capsys.readouterr()
    assert re.search(said, err), err
    assert out == ""
    assert "Traceback" not in err
    lines = [line for line in err.splitlines() if " · study " not in line]
    assert len(lines) == 1
    assert not list((home / "studies").glob("*/study.db"))


@pytest.mark.parametrize("name", ["\x1b[31mred", "a\u202eb", "'; drop table", "[red]x[/]", "{0}", "%41", "<script>"])
def test_a_hostile_name_reaches_the_terminal_harmless(
    home: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    for words in ([name], ["show", name], ["digits", "--study", name], ["digits", "--space", name]):
        assert run_program(words) in {2, 4}
        err = capsys.readouterr().err
        assert "\x1b" not in err
        assert "\u202e" not in err
    assert not list(home.rglob("study.db"))


def test_an_unwritable_home_is_named(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("TUNE_HOME", str(tmp_path / "file" / "below"))
    assert run_program(["digits", "--space", "mlp_v1"]) in {3, 4}
    err = capsys.readouterr().err
    assert "TUNE_HOME" in err
    assert "Traceback" not in err


def test_a_fault_of_ours_is_told_in_a_line_and_kept_in_a_file(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_words: object) -> None:
        raise RuntimeError("a thing that cannot be")

    monkeypatch.setattr("tuner.cli.study_tables.print_studies", broken)
    monkeypatch.setattr("tuner.study.list_studies", broken)
    assert run_program(["studies"]) == 1
    err = capsys.readouterr().err
    assert re.match(r"tune: a fault in tune itself: RuntimeError: a thing that cannot be\. The details stand in ", err)
    kept = Path(err.strip().removesuffix(".").rsplit(" ", 1)[1])
    assert "a thing that cannot be" in kept.read_text()
    kept.unlink()


@pytest.mark.parametrize("verb", list(VERBS))
def test_every_verb_explains_itself(verb: str) -> None:
    shown = CliRunner().invoke(program, [verb, "--help"])
    assert shown.exit_code == 0
    assert "Usage:" in shown.output


def test_a_folder_with_an_odd_name_does_not_hide_the_others(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("mine (copy)", "other"):
        (home / "studies" / name).mkdir(parents=True)
        (home / "studies" / name / "study.db").write_bytes(b"nothing")
    assert run_program(["studies"]) == 0
    out = capsys.readouterr().out
    assert "mine (copy)" in out
    assert "other" in out


def test_what_was_ignored_before_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as nohup does
    try:
        control = Control()
        with session._signals(control, Terminal()):
            os.kill(os.getpid(), signal.SIGHUP)
            assert not control.stopping
            os.kill(os.getpid(), signal.SIGTERM)
            assert control.stopping
    finally:
        signal.signal(signal.SIGHUP, before)


@pytest.mark.parametrize("words", [["spaces", "show", "cnn_v4"], ["data"], ["--help"]])
def test_a_reader_who_has_read_enough_is_no_error(home: Path, words: list[str]) -> None:
    command = f"{sys.executable} -m tuner {' '.join(words)} | head -1 >/dev/null; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_options_may_come_before_the_data_set(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_program(["--space", "nosuch", "digits"]) == 2
    assert "no such space" in capsys.readouterr().err


def test_doctor_says_why_a_data_set_cannot_be_kept(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("TUNE_HOME", str(tmp_path / "file" / "home"))
    run_program(["doctor"])
    lines = [line for line in capsys.readouterr().out.splitlines() if " digits " in line]
    assert "Not a directory" in lines[0]
    assert "tune data fetch" not in lines[0]
