"""optuna-dashboard over a study: what it shows, and what it must not do."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes.driving import Driver, driver

from tuner import dashboard
from tuner.dashboard import HERE, guarded, server

param_importance_cache = pytest.importorskip("optuna_dashboard._importance").param_importance_cache
pytestmark = pytest.mark.usefixtures("unsynced")

ENGINES = [("optuna", "tpe"), ("keras-tuner", "random"), ("grid-search-cv", "grid")]


class Served:
    """A dashboard that listens."""

    def __init__(self, study: Driver, copy: Path) -> None:
        self.guard = guarded(study.folder, copy)
        self.server = server(self.guard, 0)
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def get(self, path: str, method: str = "GET", host: str | None = None) -> tuple[int, bytes]:
        request = urllib.request.Request(f"http://{HERE}:{self.port}{path}", method=method)
        request.add_header("Host", host or f"{HERE}:{self.port}")
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as refusal:
            return refusal.code, refusal.read()

    def json(self, path: str) -> Any:
        status, body = self.get(path)
        assert status == 200, body
        return json.loads(body)


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Any]:
    served: list[Served] = []

    def begin(study: Driver) -> Served:
        param_importance_cache.clear()  # one for the whole process, by number of the study: here all have number 1
        served.append(Served(study, tmp_path / f"copy-{len(served)}.db"))
        return served[-1]

    yield begin
    for each in served:
        each.server.shutdown()
        each.server.server_close()


@pytest.mark.parametrize(("engine", "algorithm"), ENGINES)
def test_it_shows_parameters_curves_and_importance_of_every_engine(
    tmp_path: Path, serve: Any, engine: str, algorithm: str
) -> None:
    study = driver(tmp_path / "s", engine, algorithm)
    study.run(8)
    shown = serve(study)
    (summary,) = shown.json("/api/studies")["study_summaries"]
    detail = shown.json(f"/api/studies/{summary['study_id']}")
    trials = {trial["number"]: trial for trial in detail["trials"]}
    assert len(trials) == len(study.trials)
    for trial in study.trained:
        row = trials[trial.number]
        assert {each["name"] for each in row["params"]} == set(trial.values)
        assert len(row["intermediate_values"]) == len(trial.curve or trial.folds)
    evaluated = shown.json(f"/api/studies/{summary['study_id']}/param_importances")["param_importances"]
    assert {each["name"] for each in evaluated[0]} <= {name for trial in study.trials for name in trial.values}
    assert sum(each["importance"] for each in evaluated[0]) == pytest.approx(1.0)


def test_what_the_search_adds_is_shown_and_the_study_itself_is_left_alone(tmp_path: Path, serve: Any) -> None:
    study = driver(tmp_path / "s", "optuna", "random")
    study.run(1)
    before = study.folder.database.read_bytes()
    shown = serve(study)
    assert len(shown.json("/api/studies/1")["trials"]) == 1
    assert study.folder.database.read_bytes() == before
    study.run(1)
    deadline = time.monotonic() + 30  # the dashboard itself keeps what it read for two seconds
    while len(shown.json("/api/studies/1")["trials"]) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.3)


@pytest.mark.parametrize(
    ("method", "path"), [("DELETE", "/api/studies/1"), ("POST", "/api/studies"), ("PUT", "/api/studies/1/note")]
)
def test_nothing_can_be_changed(tmp_path: Path, serve: Any, method: str, path: str) -> None:
    study = driver(tmp_path / "s", "optuna", "random")
    shown = serve(study)
    assert shown.get(path, method)[0] == 405
    assert len(shown.json("/api/studies")["study_summaries"]) == 1


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "localhost:1"])
def test_a_page_of_another_site_is_refused(tmp_path: Path, serve: Any, host: str) -> None:
    shown = serve(driver(tmp_path / "s", "optuna", "random"))
    assert shown.get("/api/studies", host=host)[0] == 403


def test_it_listens_on_this_machine_alone(tmp_path: Path, serve: Any) -> None:
    shown = serve(driver(tmp_path / "s", "optuna", "random"))
    assert shown.server.server_address[0] == "127.0.0.1"
    others = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)} - {"127.0.0.1"}
    for address in others:
        with socket.socket() as knocking:
            knocking.settimeout(2)
            assert knocking.connect_ex((address, shown.port)) != 0 or address.startswith("127.")


@pytest.fixture
def interruptible() -> Iterator[None]:
    """As a terminal starts a program: a shell's background job, as CI may be, ignores SIGINT."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_ctrl_c_in_the_midst_of_an_answer_ends_it(tmp_path: Path) -> None:
    listening = server(guarded(driver(tmp_path / "s", "optuna", "random").folder, tmp_path / "copy.db"), 0)
    went_on = []

    def application(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.2)  # long enough that the signal is taken while this answers
        return [b"answered"]

    def ask() -> None:
        with contextlib.suppress(urllib.error.HTTPError):
            urllib.request.urlopen(f"http://{HERE}:{listening.server_port}/", timeout=30).read()
        if not ended.wait(10):
            went_on.append(True)
            listening.shutdown()

    ended = threading.Event()
    listening.set_app(application)
    asking = threading.Thread(target=ask)
    asking.start()
    with listening:
        dashboard.serve(listening)
    ended.set()
    asking.join()
    assert not went_on
