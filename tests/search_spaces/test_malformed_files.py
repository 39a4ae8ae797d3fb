"""Files that are no text, no file, too large, or typed by a cat: told in one line per problem, at once."""

from __future__ import annotations

import os
import random
import re
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from malformed import GOOD, RICH

from search_spaces import SearchSpace, SpaceError
from search_spaces.sources import LARGEST_FILE

PROBLEM = re.compile(r"^[^:]+:\d+(:\d+)?: ")


def problems_of(text: str) -> list[str]:
    """One line per problem; none where the text is a good space."""
    try:
        SearchSpace.parse(text, "good.yaml")
    except SpaceError as error:
        return str(error).splitlines()
    return []


@pytest.mark.parametrize(
    "text", ["", "\n", "# nothing\n", "5", "[]", "name", "null", "'", "{", "\ufeff", "---", "--- a\n--- b"]
)
def test_a_file_that_is_no_mapping_is_told(text: str) -> None:
    lines = problems_of(text)

    assert lines
    assert all(PROBLEM.match(line) for line in lines)


@pytest.mark.parametrize("text", [GOOD, RICH], ids=["GOOD", "RICH"])
def test_windows_line_ends_and_a_byte_order_mark_are_fine(tmp_path: Path, text: str) -> None:
    path = tmp_path / "good.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())

    assert SearchSpace.load(path).fingerprint == SearchSpace.parse(text, "good.yaml").fingerprint


def test_a_fault_has_its_line_with_windows_line_ends_and_a_byte_order_mark_too(tmp_path: Path) -> None:
    path = tmp_path / "good.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("epochs: 5", "epochs: 0").replace("\n", "\r\n").encode())

    with pytest.raises(SpaceError, match=r"good\.yaml:31: training\.epochs: must be a positive"):
        SearchSpace.load(path)


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (GOOD.encode("utf-16"), 1, "It looks like UTF-16."),
        (GOOD.replace("A space", "Räume").encode("latin-1"), 2, "Got byte 0xe4. Save it as UTF-8."),
        (b"x" * 10_000_000, 1, "at most 64 kB"),
        (b"", 1, "the file is empty"),
        (b"\0\0\0", 1, "character 0x00 has no place in a file"),
        (random.Random(1).randbytes(5_000), 1, "a space file is UTF-8 text. Got byte"),
    ],
    ids=["utf-16", "latin-1", "10 MB", "empty", "zeros", "noise"],
)
def test_a_file_that_is_no_text_is_told(tmp_path: Path, content: bytes, line: int, message: str) -> None:
    path = tmp_path / "space.yaml"
    path.write_bytes(content)
    begun = time.process_time()

    with pytest.raises(SpaceError) as caught:
        SearchSpace.load(path)

    assert time.process_time() - begun < 1
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert message in str(caught.value)


def test_a_path_that_is_no_file_is_told_at_once(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)

    for path, message in [
        (pipe, "Got something else"),
        (tmp_path, "Got a directory"),
        (tmp_path / "x.yaml", "no such file"),
    ]:
        with pytest.raises(SpaceError, match=message) as caught:
            SearchSpace.load(path)
        assert PROBLEM.match(str(caught.value))


@pytest.mark.parametrize(
    ("extended", "message"),
    [("pipe.yaml", "Got something else"), ("folder.yaml", "Got a directory"), ("x.yaml", "no such file")],
)
def test_a_parent_that_is_no_file_is_told_at_once(tmp_path: Path, extended: str, message: str) -> None:
    os.mkfifo(tmp_path / "pipe.yaml")
    (tmp_path / "folder.yaml").mkdir()
    path = tmp_path / "child.yaml"
    path.write_text(f"name: child\nextends: {extended}\n")

    with pytest.raises(SpaceError) as caught:
        SearchSpace.load(path)

    assert str(caught.value).startswith(f"{path}:2: extends: ")
    assert message in str(caught.value)


ENTRY = "  - dropout: {rate: {float: [0.0, 0.5], step: 0.1}}\n"


@pytest.mark.parametrize(
    "text",
    [
        GOOD.replace("  - dropout", ENTRY * 2000 + "  - dropout"),
        GOOD.replace("  - dropout", "  - dropuot: {rat: 0}\n" * 3000 + "  - dropout"),
        "a: b\n" * 14_000,
        "- - -\n" * 11_000,
        "[" * 65_000,
        "x: " + "a" * 65_000,
        RICH.replace("forbid:\n", "forbid:\n" + "  - $width == 16\n" * 3_000),
        RICH.replace("    - flip\n", "    - flip: {direction: up}\n" * 1_000),
    ],
    ids=["entries", "wrong entries", "repeated keys", "dashes", "brackets", "a long word", "rules", "augmentations"],
)
def test_the_largest_files_are_told_quickly(text: str) -> None:
    begun = time.process_time()

    assert problems_of(text[:LARGEST_FILE])

    assert time.process_time() - begun < 2


anything = settings(deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@settings(anything, max_examples=1_000)
@given(st.text(alphabet=st.sampled_from("ab:-[]{},'\"|>&*!%@`#?\n \t\0\x85\u2028$0~\\"), max_size=60))
@example('"\\UFFFFFFFF"')
@example("%YAML 99999999999999999999.1\n---\na")
@example("? \n")
@example("a: |99\n b")
def test_no_text_makes_anything_but_problems(text: str) -> None:
    lines = problems_of(text)

    assert lines
    assert all(PROBLEM.match(line) for line in lines)


@settings(anything, max_examples=300)
@given(st.binary(max_size=200))
def test_no_bytes_make_anything_but_problems(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "bytes.yaml"
    path.write_bytes(content)

    with pytest.raises(SpaceError):
        SearchSpace.load(path)


@settings(anything, max_examples=300)
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 12), st.text(alphabet="ab1:-[]{},'\"$&*!#\n \t", max_size=4))
def test_a_good_file_with_a_slip_of_the_pen_is_good_or_told(start: int, cut: int, typed: str) -> None:
    lines = problems_of(GOOD[:start] + typed + GOOD[start + cut :])

    assert all(PROBLEM.match(line) for line in lines)


TOKEN = re.compile(r"\w+|[^\w\s]|\s+")
TOKENS = sorted(set(TOKEN.findall(GOOD + RICH)))


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A good file whose lines were deleted, doubled and swapped, and whose words were exchanged."""
    lines = draw(st.sampled_from([GOOD, RICH])).splitlines()
    for _ in range(draw(st.integers(1, 3))):
        at, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
        match draw(st.sampled_from(["delete", "double", "swap", "indent", "token", "token"])):
            case "delete":
                del lines[at]
            case "double":
                lines.insert(other, lines[at])
            case "swap":
                lines[at], lines[other] = lines[other], lines[at]
            case "indent":
                lines[at] = draw(st.sampled_from(["  ", " ", "- "])) + lines[at]
            case "token":
                tokens = TOKEN.findall(lines[at])
                tokens[draw(st.integers(0, len(tokens) - 1))] = draw(st.sampled_from(TOKENS))
                lines[at] = "".join(tokens)
    return "\n".join(lines)


@settings(anything, max_examples=1_200)
@given(mutated())
def test_a_good_file_with_its_lines_and_words_mixed_up_is_good_or_told(text: str) -> None:
    try:
        space = SearchSpace.parse(text, "good.yaml")
    except SpaceError as error:
        lines = str(error).splitlines()
        assert 1 <= len(lines) <= 10
        assert all(PROBLEM.match(line) and line.isprintable() for line in lines)
    else:
        assert space.check_values(space.default().values) == space.default()
        assert space.size().configurations is None or space.size().configurations > 0
