"""Names that strangers choose, of spaces, variables, layers, presets: refused on printable lines, or plain words."""

from __future__ import annotations

import json
import re

import pytest
from hostile import NAMES
from malformed import RICH

from search_spaces import SearchSpace, SpaceError, changes

FIT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
"""What no file system, page or terminal takes for more than a word."""

PLACES = {
    "a space": ("name: rich", "name: {}"),
    "a variable": ("  width: {", "  {}: {{"),
    "a layer": ("    name: ways", "    name: {}"),
    "a block in a repeat": ("        name: block", "        name: {}"),
    "an augmentation": ("      name: mix", "      name: {}"),
    "a preset": ("  wide:\n", "  {}:\n"),
    "a published figure": ("    values: {variables.width: 32}", "    published: {{{}: 1}}"),
    "a setting": ("{dense.use_bias: false}", "{{{}: false}}"),
    "a fixed parameter": ("{variables.depth: 2}", "{{{}: 2}}"),
    "a preset's parameter": ("{variables.width: 32}", "{{{}: 32}}"),
    "a layer's kind": ("  - global_average_pooling2d", "  - {}"),
    "an argument": ("filters: 8, kernel_size: 1}", "filters: 8, kernel_size: 1, {}: 1}}"),
    "an object": ("{l2: {l2: {float: [1e-5, 1e-3], log: true}}}", "{{{}: {{}}}}"),
    "a key": ("limits:", "{}: 1\nlimits:"),
}


def test_there_are_200_hostile_names() -> None:
    assert len(set(NAMES)) >= 200


@pytest.mark.parametrize(("number", "place"), list(enumerate(PLACES)))
def test_a_hostile_name_is_refused_on_printable_lines_or_is_a_plain_word(number: int, place: str) -> None:
    old, new = PLACES[place]
    assert old in RICH
    for name in NAMES[number % 4 :: 4]:  # each at three places or four
        text = RICH.replace(old, new.format(json.dumps(name)), 1)
        try:
            SearchSpace.parse(text, "space.yaml")
        except SpaceError as error:
            lines = str(error).splitlines()
            assert 1 <= len(lines) <= 10
            assert all(line.isprintable() and re.match(r"space\.yaml:\d+: ", line) for line in lines), (name, lines)
        else:
            # What somebody published is a text for people, and shown as such.
            assert FIT.fullmatch(name) or place == "a published figure", name


def test_a_hostile_source_is_one_printable_line() -> None:
    for name in NAMES:
        with pytest.raises(SpaceError) as caught:
            SearchSpace.load(name)
        assert str(caught.value).isprintable()
        with pytest.raises(SpaceError) as caught:
            SearchSpace.parse("5", name)
        assert str(caught.value).isprintable()


def test_a_hostile_preset_or_value_asked_for_is_told_on_one_printable_line() -> None:
    space = SearchSpace.parse(RICH, "rich.yaml")
    for name in NAMES:
        for asked in (
            lambda name=name: space.preset(name),
            lambda name=name: space.check_values({name: 1}),
            lambda name=name: space.check_values({"variables.act": name}),
        ):
            with pytest.raises(SpaceError) as caught:
                asked()
            assert str(caught.value).isprintable(), name


SMALL = """\
name: small
variables: {width: {int: [8, 16]}}
layers: [flatten, {dense: {units: $width}}]
training: {optimizer: adam, batch_size: 8, epochs: 1}
"""


@pytest.mark.parametrize("option", ["--set", "--fix"])
def test_a_hostile_assignment_is_told_on_printable_lines(option: str) -> None:
    for name in NAMES:
        for text in (f"{name}=1", f"variables.width={name}x", name):
            with pytest.raises(SpaceError) as caught:
                SearchSpace.parse(SMALL, "s.yaml", changes([text], []) if option == "--set" else changes([], [text]))
            assert all(line.isprintable() for line in str(caught.value).splitlines()), text
