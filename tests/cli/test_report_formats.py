"""`tune report --format`: which file is told, and a PDF by a browser of the machine."""

import json
import shutil
from pathlib import Path

import pytest
from fakes.job import Job, make

from tuner.cli.boundary import run_program
from tuner.cli.pdf import print_to_pdf
from tuner.errors import SetupError
from tuner.files import write_json
from tuner.plan import Budget
from tuner.study import Study

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def job(home: Path, monkeypatch: pytest.MonkeyPatch) -> Job:
    """With a report that has all formats and takes no time."""
    made = make(home, monkeypatch)
    made.run(budget=Budget(trials=2))

    def write_report(study: Study, _space: object) -> tuple[None, Path]:
        for kind in ("html", "md", "json"):
            write_json((study.folder.report / "report").with_suffix(f".{kind}"), {"study": study.folder.name})
        return None, study.folder.report / "report.html"

    monkeypatch.setattr("tuner.finish.report.write_report", write_report)
    return made


def browser(folder: Path, script: str) -> str:
    """The name of a command that does this."""
    path = folder / "fake-browser"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


PRINTS = """
for word in "$@"; do
    case "$word" in --print-to-pdf=*) printf '%%PDF-1.4 of %s' "$word" > "${word#--print-to-pdf=}" ;; esac
done
"""


def test_the_path_of_the_format_that_was_asked_for_is_printed(job: Job, capsys: Captured) -> None:
    for kind in ("html", "md", "json"):
        assert run_program(["report", "s", "--format", kind]) == 0
        path = Path(capsys.readouterr().out.strip())
        assert path.name == f"report.{kind}"
        assert path.is_file()
    assert json.loads(path.read_text())["study"] == "s"


def test_a_pdf_is_printed_by_the_browser_that_is_there(
    job: Job, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tuner.cli.pdf.print_to_pdf.__defaults__", ((browser(tmp_path, PRINTS),),))
    assert run_program(["report", "s", "--format", "pdf"]) == 0
    path = Path(capsys.readouterr().out.strip())
    assert path.name == "report.pdf"
    assert path.read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("script", "line"), [("exit 3", "printed nothing (exit code 3)"), ("exit 0", "printed nothing (exit code 0)")]
)
def test_a_browser_that_prints_nothing_leaves_no_pdf(tmp_path: Path, script: str, line: str) -> None:
    page = tmp_path / "report.html"
    page.write_text("<p>")
    with pytest.raises(SetupError) as raised:
        print_to_pdf(page, [browser(tmp_path, script)])
    assert line in str(raised.value)
    assert str(page) in str(raised.value)
    assert not page.with_suffix(".pdf").exists()
    assert {path.name for path in tmp_path.iterdir()} == {"report.html", "fake-browser"}


def test_without_a_browser_it_is_told_how_to_print(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tuner.cli.pdf.PLACES", ())
    with pytest.raises(SetupError, match="no browser that can print"):
        print_to_pdf(tmp_path / "report.html", ["no-such-browser"])


@pytest.mark.skipif(not shutil.which("chromium"), reason="there is no Chromium")
def test_chromium_prints_the_page(tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    page.write_text("<!doctype html><title>A page</title><p>Words.")
    assert print_to_pdf(page).read_bytes().startswith(b"%PDF")
