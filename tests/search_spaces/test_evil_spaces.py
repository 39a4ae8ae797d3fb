"""Space files that want to run code, read other files or reach the network: none gets further than an error."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from evidence import Measured
from malformed import RICH

TAGS = [
    "!!python/object/apply:os.system ['touch CANARY']",
    "!!python/object/apply:subprocess.Popen [[touch, CANARY]]",
    "!!python/object/apply:builtins.eval [\"open('CANARY', 'w')\"]",
    "!!python/object/new:os.system ['touch CANARY']",
    "!!python/object:os.system {}",
    "!!python/name:os.system",
    "!!python/module:os",
    "!!python/tuple [1, 2]",
    "!<tag:yaml.org,2002:python/object/apply:os.system> ['touch CANARY']",
    "!!binary aGVsbG8=",
    "!!set {a}",
    "!!omap [a: b]",
    "!!timestamp 2001-01-01",
    "!include CANARY",
    "!env HOME",
    "!ENV ${HOME}",
    "!Ref x",
    "!vault x",
    "!js/function 'touch CANARY'",
    "!ruby/object:Gem::Installer {}",
    "! x",
    "&a [*a]",
    "&a {b: *a}",
    "[&a [x, x], &b [*a, *a], &c [*b, *b], [*c, *c]]",
    "*nothing",
    "{<<: *nothing}",
    "{<<: &a {b: c}}",
    "[" * 2000,
    "{a: " * 500,
    '"\\uD800"',
]
"""After `description: `."""

EXPRESSIONS = [
    "$__import__('os').system('touch CANARY')",
    "__import__('os').system('touch CANARY') + $width",
    "open('CANARY', 'w') + $width",
    "eval('1') + $width",
    "exec($width)",
    "$(touch CANARY)",
    "`touch CANARY` + $width",
    "${jndi:ldap://127.0.0.1/a}",
    "$width.__class__",
    "$width.__class__.__mro__[1].__subclasses__()",
    "$width.real",
    "$width['__class__']",
    "$__builtins__",
    "$__class__",
    "$width if 1 else 2",
    "lambda: $width",
    "[x for x in $width]",
    "$width; import os",
    "$width := 5",
    "f'{$width}'",
    "'a' * $width",
    "$width ** 10 ** 10 ** 10",
    "9 ** 9 ** 9 + $width",
    "$width << 100",
    "~$width",
    "$width @ $width",
    "$width | touch CANARY",
    "$width && touch CANARY",
    "{{ $width }}",
    "{% import os %}$width",
    "#{7*7} $width",
    "%(width)s $width",
    "$width\\n__import__('os')",
    "getattr($width, 'real')",
    "max(*$width)",
    "print($width)",
    "${width}",
    "$width\u202e",
    "$wi\u200bdth",
    "$\uff57\uff49\uff44\uff54\uff48",
]
"""For the units of a layer, and as a rule."""

PARENTS = [
    "/etc/passwd",
    "/etc/shadow",
    "../../../../../../../../etc/passwd",
    "file:///etc/passwd",
    "http://127.0.0.1:9/x.yaml",
    "https://127.0.0.1:9/x.yaml",
    "ftp://127.0.0.1/x.yaml",
    "data:text/yaml,name: x",
    "|touch CANARY",
    "touch CANARY|",
    "$(touch CANARY).yaml",
    "`touch CANARY`.yaml",
    "; touch CANARY #.yaml",
    "/dev/zero",
    "/dev/stdin",
    "/dev/tty",
    "/proc/self/environ",
    "/proc/self/mem",
    "/proc/self/cmdline",
    "~/.ssh/id_rsa",
    "~root/x.yaml",
    "$HOME/x.yaml",
    "//host/share/x.yaml",
    "\\\\host\\share\\x.yaml",
    "C:\\x.yaml",
    "CON",
    "../keras_table.json",
    "library/../keras_table",
    "cnn_v4\0.yaml",
    "cnn_v4.yaml\0",
    "\x1b[31mred.yaml",
    "a\rb.yaml",
    "\u202egnp.yaml",
    "x" * 300 + ".yaml",
    "x" * 10_000 + ".yaml",
    "../" * 3000 + "x.yaml",
    ".",
    "..",
    "/",
    "",
    " ",
    "-",
    "--help",
    "{0}.yaml",
    "%2e%2e%2fx.yaml",
    "importlib:os",
]
"""After `extends: `."""

TEXTS = [
    "{0.__class__.__init__.__globals__}",
    "{}",
    "%s%s%s%n",
    "%(x)s",
    "{{ 7 * 7 }}",
    "{% include '/etc/passwd' %}",
    "${HOME}",
    "$(touch CANARY)",
    "`touch CANARY`",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[red]x[/red]",
    "[link=file:///etc/passwd]x[/link]",
    "'; drop table trials; --",
    "=cmd|' /C calc'!A0",
    "__import__('os').system('touch CANARY')",
    "\x1b]0;title\x07",
    "\x1b[2J",
    "\u202ereversed",
    "a\0b",
]
"""A description may be any text: it changes nothing, and is printed without control characters."""


def yaml_text(value: str) -> str:
    return json.dumps(value)


def files() -> list[tuple[str, bool]]:
    """(text of a space, whether it is a good one)."""
    hostile = [RICH.replace("name: rich", f"name: rich\ndescription: {tag}") for tag in TAGS]
    for expression in EXPRESSIONS:
        for place in ('units: "max($width, 24)"', "$width == 32 and training.batch_size > 64", "repeat: $depth"):
            key = place.split(" ")[0] if place.startswith(("units", "repeat")) else ""
            hostile.append(RICH.replace(place, f"{key} {yaml_text(expression)}"))
    hostile += [f"extends: {yaml_text(parent)}\n{RICH}" for parent in PARENTS]
    hostile += [RICH.replace("name: rich", f"name: {yaml_text(text)}") for text in TEXTS]
    described = [RICH.replace("name: rich", f"name: rich\ndescription: {yaml_text(text)}") for text in TEXTS]
    return [*((text, False) for text in hostile), *((text, True) for text in described)]


WATCHED = """
import json, sys
from pathlib import Path
from search_spaces import SearchSpace, SpaceError

events = []
def watch(event, arguments):
    if event.startswith(("socket.", "subprocess.", "os.", "shutil.", "exec", "compile", "import", "ctypes.")):
        if event not in ("os.listdir", "os.scandir"):
            events.append([event, repr(arguments)[:200]])
    elif event == "open" and arguments[1] not in ("r", "rb"):
        events.append([event, repr(arguments)[:200]])

told = []
texts = json.load(sys.stdin)
b"x".decode("utf-8-sig")  # what is imported late is imported before anybody watches
for text in texts[:2]:
    try:
        SearchSpace.parse(text, "first.yaml")
    except SpaceError:
        pass
sys.addaudithook(watch)
for text in texts:
    try:
        space = SearchSpace.parse(text, "space.yaml")
        told.append([space.description, list(space.parameters()).__len__()])
    except SpaceError as error:
        told.append(str(error))
watched = list(events)
print(json.dumps({"told": told, "events": watched}))
"""


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What each file came to, what Python did meanwhile that it should not, and what it left behind."""
    folder = tmp_path_factory.mktemp("evil")
    canary = str(folder / "canary")
    texts = [RICH, RICH.replace("- flip", "- flop")] + [text.replace("CANARY", canary) for text, _ in files()]
    done = subprocess.run(
        [sys.executable, "-c", WATCHED],
        input=json.dumps(texts), capture_output=True, text=True, cwd=folder, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    found: dict[str, Any] = json.loads(done.stdout)
    return {"told": found["told"][2:], "events": found["events"], "left": list(Path(folder).iterdir())}


def test_there_are_100_payloads() -> None:
    assert len(set(TAGS + EXPRESSIONS + PARENTS + TEXTS)) >= 100


def test_every_evil_file_is_refused_and_every_odd_description_is_a_text(outcome: dict[str, Any]) -> None:
    for (text, good), told in zip(files(), outcome["told"], strict=True):
        assert isinstance(told, list) is good, (text[-300:], told)


def test_no_error_has_a_control_character_or_what_stands_in_a_foreign_file(outcome: dict[str, Any]) -> None:
    errors = [told for told in outcome["told"] if isinstance(told, str)]

    assert len(errors) > 100
    for error in errors:
        lines = error.splitlines()
        assert 1 <= len(lines) <= 10, error
        assert all(line.isprintable() for line in lines)
        assert "/bin/bash" not in error  # /etc/passwd
        assert "PATH=" not in error  # /proc/self/environ


def test_nothing_is_run_imported_written_or_asked_of_the_network(outcome: dict[str, Any], measured: Measured) -> None:
    payloads, told = files(), outcome["told"]
    measured(
        42,
        target="100 payloads of evil YAML and expressions: 0 canaries",
        figure=f"{len(payloads)} files of {len({*TAGS, *EXPRESSIONS, *PARENTS, *TEXTS})} payloads: "
        f"{len(outcome['left'])} canaries, {len(outcome['events'])} of Python's audit events of running, importing, "
        f"writing or connecting; {sum(isinstance(each, str) for each in told)} refused, "
        f"{sum(isinstance(each, list) for each in told)} descriptions that are only shown",
    )
    assert outcome["left"] == []
    assert outcome["events"] == []
