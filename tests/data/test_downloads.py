from __future__ import annotations

import hashlib
import socket
import threading
import time
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tuner.data.card import Download
from tuner.data.downloads import Patience
from tuner.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from tests.data.conftest import Made
    from tuner.data import Card, ImageData

    Answer = Callable[[BaseHTTPRequestHandler], None]

IMAGES = "train-images-idx3-ubyte.gz"
HASTE = Patience(answer_seconds=1.0, silence_seconds=0.5, trial_seconds=0.5)


class Mirror:
    """A web server on this machine that answers as each test wishes: `answers[path]` writes the response."""

    def __init__(self) -> None:
        self.answers = {}
        self.asked = []
        mirror = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                mirror.asked.append(self.path)
                mirror.answers.get(self.path, status(404))(self)

            def do_HEAD(self) -> None:
                self.send_response(405)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/"
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()


def sends(data: bytes, length: int | None = None) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(data) if length is None else length))
        handler.end_headers()
        handler.wfile.write(data)

    return answer


def status(code: int, **headers: str) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name, value)
        handler.end_headers()

    return answer


def hangs(data: bytes) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        sends(data[: len(data) // 2], len(data))(handler)
        handler.wfile.flush()
        time.sleep(2)

    return answer


def drips(data: bytes) -> Answer:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        sends(b"", len(data))(handler)
        for byte in data[:20]:
            handler.wfile.write(bytes([byte]))
            handler.wfile.flush()
            time.sleep(0.1)

    return answer


def floods(handler: BaseHTTPRequestHandler) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(bytes(1 << 16))
    except OSError:
        pass


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    made = Mirror()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def second() -> Iterator[Mirror]:
    made = Mirror()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def files(grey: Made, tmp_path: Path) -> dict[str, bytes]:
    folder = grey.idx(tmp_path / "published")
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def card(grey: Made, files: dict[str, bytes], mirror: Mirror, second: Mirror) -> Card:
    """Fashion-MNIST as if the small set were it, on two mirrors that hold all of it."""
    for name, data in files.items():
        mirror.answers[f"/{name}"] = sends(data)
        second.answers[f"/{name}"] = sends(data)
    downloads = tuple(
        Download(file=name, sha256=hashlib.sha256(data).hexdigest(), n_bytes=len(data)) for name, data in files.items()
    )
    return replace(grey.card, downloads=downloads, mirrors=(mirror.url, second.url))


@pytest.fixture
def spoil(files: dict[str, bytes], mirror: Mirror) -> Callable[[Callable[[bytes], Answer]], None]:
    """Lets the first mirror answer otherwise when it is asked for the training images."""

    def run(answer: Callable[[bytes], Answer]) -> None:
        mirror.answers[f"/{IMAGES}"] = answer(files[IMAGES])

    return run


@pytest.fixture
def fetched(search: Callable[..., ImageData]) -> Callable[..., ImageData]:
    def run(card: Card, **changes: Any) -> ImageData:
        return search(card, may_download=True, patience=HASTE, **changes)

    return run


def test_what_is_nowhere_is_downloaded_from_the_first_mirror(
    fetched: Callable[..., ImageData], card: Card, mirror: Mirror, second: Mirror, tmp_path: Path
) -> None:
    found = fetched(card)
    assert found.n_train == 40
    assert found.source == f"{mirror.url} (downloaded)"
    assert len(mirror.asked) == 4
    assert second.asked == []
    assert list((tmp_path / "tune" / "data" / ".downloads").iterdir()) == []


def test_what_was_downloaded_is_not_downloaded_again(
    fetched: Callable[..., ImageData], card: Card, mirror: Mirror
) -> None:
    assert fetched(card) == fetched(card)
    assert len(mirror.asked) == 4


def test_progress_is_told_up_to_the_last_byte(
    fetched: Callable[..., ImageData], card: Card, files: dict[str, bytes]
) -> None:
    told = []
    fetched(card, progress=lambda *step: told.append(step))
    assert {name: max(done for file, done, _ in told if file == name) for name in files} == {
        name: len(data) for name, data in files.items()
    }
    assert all(done <= total == len(files[file]) for file, done, total in told)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (lambda data: status(404), "answered 404 Not Found"),
        (lambda data: status(500), "answered 500 Internal Server Error"),
        (lambda data: sends(b"<html>Please log in</html>"), r"it sent something else \(wrong checksum\)"),
        (lambda data: sends(data[:-1] + b"\x01"), "wrong checksum"),
        (lambda data: sends(data[: len(data) // 2]), "wrong checksum"),
        (lambda data: sends(b""), "wrong checksum"),
        (lambda data: sends(data[:100], len(data)), "the connection broke off"),
        (hangs, "it fell silent"),
        (drips, r"it sent only \d+ bytes in 1 seconds"),
        (lambda data: floods, r"it sent more than the [\d,]+ bytes of the file"),
        (lambda data: status(302, Location="/elsewhere"), "answered 404 Not Found"),
        (lambda data: status(302, Location=f"/{IMAGES}"), "redirects"),
    ],
    ids=["404", "500", "page", "flipped", "half", "empty", "cut", "hangs", "drips", "floods", "moved to 404", "circle"],
)
def test_a_mirror_that_fails_is_told_and_the_next_one_asked(
    fetched: Callable[..., ImageData],
    card: Card,
    spoil: Callable[[Callable[[bytes], Answer]], None],
    answer: Callable[[bytes], Answer],
    told: str,
) -> None:
    first, second = card.mirrors
    spoil(answer)
    started = time.monotonic()
    assert second in fetched(card).source
    assert time.monotonic() - started < 8
    with pytest.raises(DataError, match=rf"{first}: {IMAGES}: .*({told})"):
        fetched(replace(card, name="again", mirrors=(first,)))


def test_a_mirror_that_moved_is_followed(
    fetched: Callable[..., ImageData], card: Card, files: dict[str, bytes], mirror: Mirror
) -> None:
    mirror.answers["/elsewhere"] = sends(files[IMAGES])
    mirror.answers[f"/{IMAGES}"] = status(302, Location="/elsewhere")
    assert fetched(card).source == f"{mirror.url} (downloaded)"


def test_partial_downloads_are_never_taken_for_whole_ones(
    fetched: Callable[..., ImageData], card: Card, files: dict[str, bytes], mirror: Mirror, tmp_path: Path
) -> None:
    mirror.answers[f"/{IMAGES}"] = sends(files[IMAGES][:100], len(files[IMAGES]))
    with pytest.raises(DataError):
        fetched(replace(card, mirrors=(mirror.url,)))
    kept = {path.name for path in (tmp_path / "tune" / "data" / ".downloads" / "fashion-mnist").iterdir()}
    assert kept <= files.keys() - {IMAGES}


def test_the_next_attempt_asks_only_for_what_is_missing(
    fetched: Callable[..., ImageData], card: Card, files: dict[str, bytes], mirror: Mirror, second: Mirror
) -> None:
    mirror.answers[f"/{IMAGES}"] = status(503)
    with pytest.raises(DataError):
        fetched(replace(card, mirrors=(mirror.url,)))
    fetched(replace(card, mirrors=(second.url,)))
    asked_before = {path[1:] for path in mirror.asked} - {IMAGES}
    assert {path[1:] for path in second.asked} == files.keys() - asked_before


def test_a_damaged_left_over_is_downloaded_again(
    fetched: Callable[..., ImageData], card: Card, files: dict[str, bytes], tmp_path: Path
) -> None:
    folder = tmp_path / "tune" / "data" / ".downloads" / "fashion-mnist"
    folder.mkdir(parents=True)
    (folder / IMAGES).write_bytes(files[IMAGES][:-10])
    assert fetched(card).n_train == 40


def test_tune_mirror_is_asked_instead_of_the_public_mirrors(
    fetched: Callable[..., ImageData], card: Card, files: dict[str, bytes], second: Mirror, environ: dict[str, str]
) -> None:
    for name, data in files.items():
        second.answers[f"/our/data/fashion-mnist/{name}"] = sends(data)
    public = replace(card, mirrors=("http://mirror.invalid/",))
    found = fetched(public, environ={**environ, "TUNE_MIRROR": f"{second.url}our/data"})
    assert found.source == f"{second.url}our/data/fashion-mnist/ (downloaded)"


def test_without_a_network_the_error_comes_soon_and_names_each_mirror(
    fetched: Callable[..., ImageData], card: Card
) -> None:
    with socket.socket() as bound_but_deaf:
        bound_but_deaf.bind(("127.0.0.1", 0))
        deaf = f"http://127.0.0.1:{bound_but_deaf.getsockname()[1]}/"
        unknown = "http://mirror.invalid/"
        started = time.monotonic()
        with pytest.raises(DataError) as caught:
            fetched(replace(card, mirrors=(deaf, unknown)))
    assert time.monotonic() - started < 5
    assert f"  {deaf}: no connection" in str(caught.value)
    assert f"  {unknown}: " in str(caught.value)


def test_mirrors_that_accept_and_never_answer_cost_one_wait_together(
    fetched: Callable[..., ImageData], card: Card
) -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=16) as silent:
        mirrors = tuple(f"http://127.0.0.1:{silent.getsockname()[1]}/{i}/" for i in range(5))
        started = time.monotonic()
        with pytest.raises(DataError, match="no answer within 1 seconds"):
            fetched(replace(card, mirrors=mirrors))
        assert time.monotonic() - started < 2


def test_nothing_is_asked_when_downloading_is_switched_off(
    search: Callable[..., ImageData], card: Card, mirror: Mirror
) -> None:
    with pytest.raises(DataError, match="the network: not asked"):
        search(card)
    assert mirror.asked == []


def test_the_public_defaults_give_up_within_fifteen_seconds() -> None:
    assert Patience().answer_seconds < 15


def test_downloaded_files_with_other_contents_are_an_error(
    fetched: Callable[..., ImageData], card: Card, environ: dict[str, str]
) -> None:
    with pytest.raises(DataError, match=r"t10k-labels-idx1-ubyte.gz: wrong checksum"):
        fetched(replace(card, sha256={"test_labels": "0" * 64}))
    assert not (Path(environ["TUNE_HOME"]) / "data" / "fashion-mnist").exists()
