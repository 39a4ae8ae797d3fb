"""Fault test 44: nobody can reach a run from the network; the dashboard alone listens, here alone, and only shows."""

from __future__ import annotations

import http.client
import re
import signal
import time
from pathlib import Path

import pytest
from evidence import Measured
from fakes.listening import listening
from fakes.starting import Nursery, Started, Tune, holds

SEARCH = ("digits", "--space", "small.yaml", "--study", "s")

COMMANDS = [
    (*SEARCH, "--trials", "3"),
    ("resume", "s", "--trials", "4"),
    ("plan", "digits", "--space", "small.yaml"),
    ("studies",),
    ("show", "s", "--outlook"),
    ("report", "s"),
    ("compare", "s", "t"),
    ("top", "s"),
    ("diff", "s", "t"),
    ("enqueue", "s", "--set", "dense.units=33"),
    ("clean", "s"),
    ("repair", "s"),
    ("engines",),
    ("spaces", "show", "cnn_v4"),
    ("data", "fetch", "digits"),
    ("doctor",),
]

FOREIGN = [
    "evil.example",
    "evil.example:{port}",
    "127.0.0.1",
    "127.0.0.1:1",
    "localhost",
    "0.0.0.0:{port}",
    "[::1]:{port}",
    "",
]
WRITING = ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"]
PATHS = ["/", "/api/studies", "/api/studies/1", "/api/studies/1/note", "/dashboard"]


@pytest.fixture(scope="module")
def program(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Tune:
    made = Tune(nursery, tmp_path_factory.mktemp("listening"))
    for name in ("s", "t"):
        assert made.run(*SEARCH[:-1], name, "--trials", "2").wait() == 0
    return made


def seen(started: Started) -> set[str]:
    """All addresses that it listened at until it ended, looked for every few milliseconds."""
    found: set[str] = set()
    while started.runs:
        found |= listening(started.pid)
        time.sleep(0.005)
    return found


def test_no_command_listens_but_the_dashboard(program: Tune, measured: Measured) -> None:
    found = {}
    for words in COMMANDS:
        started = program.start(*words, orders={"seconds": 0.05})
        found[words] = seen(started)
        assert started.wait() == 0, started.said
    open_ones = {words: addresses for words, addresses in found.items() if addresses}
    measured(
        44,
        target="listening sockets: only of dashboard",
        figure=f"{len(COMMANDS)} other commands with their workers, looked at throughout: {len(open_ones)} listened",
    )
    assert open_ones == {}


def asked(port: int, method: str, path: str, host: str) -> int:
    """The status of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.putrequest(method, path, skip_host=True)
    if host:
        connection.putheader("Host", host)
    connection.endheaders()
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def test_the_dashboard_listens_here_alone_answers_to_its_name_and_changes_nothing(
    program: Tune, measured: Measured
) -> None:
    database = Path(program.study("s")) / "study.db"
    before = database.read_bytes()
    started = program.start("dashboard", "s")
    try:
        assert holds(lambda: bool(re.search(r"http://127\.0\.0\.1:\d+", started.told + started.said)), 60)
        port = int(re.search(r"http://127\.0\.0\.1:(\d+)", started.told + started.said)[1])  # type: ignore[index]
        addresses = listening(started.pid)
        ours = f"127.0.0.1:{port}"
        foreign = [asked(port, "GET", path, host.format(port=port)) for host in FOREIGN for path in PATHS]
        writing = [asked(port, method, path, ours) for method in WRITING for path in PATHS]
        reading = [asked(port, "GET", "/api/studies", host) for host in (ours, f"localhost:{port}")]
    finally:
        started.send(signal.SIGINT)
        started.wait()
    measured(
        44,
        target="only 127.0.0.1 and only for dashboard; foreign Host -> 403; DELETE/POST/PUT -> 405",
        figure=f"it listened at {', '.join(sorted(addresses)).replace(str(port), 'PORT')}; {foreign.count(403)} of "
        f"{len(foreign)} requests with a foreign Host got 403; {writing.count(405)} of {len(writing)} of 7 methods 405",
    )
    assert addresses == {ours}
    assert set(foreign) == {403}
    assert set(writing) == {405}
    assert reading == [200, 200]
    assert database.read_bytes() == before
