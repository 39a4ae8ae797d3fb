"""Every kind of wrong file is told with its line, in one line per problem, quickly and without a traceback."""

from __future__ import annotations

import os
import re
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from search_spaces import SearchSpace, SpaceError
from search_spaces.sources import LARGEST_FILE

if TYPE_CHECKING:
    from pathlib import Path

GOOD = """\
name: good
description: A space with one of everything
variables:
  act: {choice: [relu, elu], default: elu}
  depth: {int: [1, 2]}
layers:
  - repeat: $depth
    name: conv
    layers:
      - conv2d:
          filters: {int: [8, 64], log: true}
          kernel_size: 3
          padding: same
          activation: $act
      - optional: {bool, default: true}
        name: slim
        layers:
          - max_pooling2d: {pool_size: 2}
  - choice:
      - flatten
      - global_average_pooling2d
    name: ending
  - dropout: {rate: {float: [0.0, 0.5], step: 0.1}}
  - dense: {units: 64, activation: relu}
training:
  optimizer:
    choice:
      - adam: {learning_rate: {float: [1e-4, 1e-2], log: true}}
      - sgd: {momentum: {float: [0.0, 0.9]}}
  batch_size: {choice: [32, 64]}
  epochs: 5
limits: {parameters: 100_000}
presets:
  small:
    values: {variables.depth: 1}
    published: {test_accuracy: 0.9}
"""
PROBLEM = re.compile(r"^[^:]+:\d+(:\d+)?: ")

# (what is wrong, text to replace, replacement, part of the message). The line told is the one that ends in '#!'.
CASES = [
    # YAML
    ("a repeated key", "  epochs: 5\n", "  epochs: 5\n  epochs: 6 #!\n",
     "'epochs' stands twice. The first is in line 31"),
    ("a repeated layer key", "          padding: same\n", "          kernel_size: 5 #!\n",
     "'kernel_size' stands twice"),
    ("a tab", "  epochs: 5\n", "\tepochs: 5 #!\n", "a tab cannot indent"),
    ("a tag", "epochs: 5", "epochs: !!int 5 #!", "tags are not allowed. Got tag:yaml.org,2002:int"),
    ("a python tag", "epochs: 5", "epochs: !!python/object/apply:os.system [ls] #!", "tags are not allowed"),
    ("an own tag", "epochs: 5", "epochs: !mine 5 #!", "tags are not allowed. Got !mine"),
    ("an anchor", "units: 64", "units: &width 64} #!\n  - dense: {units: 32",
     "anchors are not allowed. Use variables. Got &width"),
    ("an alias", "epochs: 5", "epochs: *five #!", "aliases are not allowed"),
    ("a merge key", "  epochs: 5", "  <<: {epochs: 5} #!", "unknown key '<<'"),
    ("an open bracket", "choice: [32, 64]}", "choice: [32, 64}", "not YAML"),
    ("an open quote", "description: A", "description: 'A", "not YAML"),
    ("two colons", "epochs: 5", "epochs: 5: 6 #!", "mapping values are not allowed here"),
    ("a stray indent", "  epochs: 5\n", "    epochs: 5 #!\n", "not YAML"),
    ("an at sign", "epochs: 5", "epochs: @five #!", "cannot start any token"),
    ("a second document", "limits: {parameters: 100_000}", "--- #!\nlimits: {}", "a file holds one space"),
    ("YAML 1.1", "name: good", "%YAML 1.1\n--- #!\nname: good", "a space file is YAML 1.2"),
    ("a key that is a number", "  epochs: 5\n", "  epochs: 5\n  5: 6 #!\n", "keys are text. Got 5"),
    ("a key that is a list", "  epochs: 5\n", "  epochs: 5\n  ? [a] #!\n  : 6\n", "keys are text. Got [a]"),
    ("a NUL", "epochs: 5", "epochs: 5\0 #!", "has no place in a file"),
    ("an escape character", "A space", "A \x1b[31mspace #!", "has no place in a file"),
    ("deep nesting", "epochs: 5", f"epochs: {'[' * 60}{']' * 60} #!", "at most 40 levels"),
    ("5000 digits", "epochs: 5", f"epochs: {'9' * 5000} #!", "whole numbers have at most 18"),
    ("a float beyond all floats", "0.0, 0.9", "0.0, 1e999", "numbers must be finite. Got 1e999"),
    ("NaN", "[0.0, 0.9]", "[.nan, 0.9]", "numbers must be finite. Got .nan"),
    ("infinity", "[0.0, 0.9]", "[0.0, .inf]", "numbers must be finite. Got .inf"),
    # the frame
    ("a missing name", "name: good\n", "", "'name' is missing"),
    ("a missing training", "  epochs: 5\n", "", "training: 'epochs' is missing"),
    ("a name with a slash", "name: good", "name: ../good #!", "a name is letters"),
    ("a name that is a number", "name: good", "name: 5 #!", "name: must be text. Got 5"),
    ("a name that is too long", "name: good", f"name: {'a' * 65} #!", "a name is letters"),
    ("an unknown key", "limits:", "limit: {} #!\nlimits:", "unknown key 'limit'. Did you mean 'limits'?"),
    ("an unknown key in training", "  epochs: 5", "  epochs: 5\n  epoch: 6 #!", "Did you mean 'epochs'?"),
    ("an unknown limit", "{parameters: 100_000}", "{parameter: 5} #!", "Did you mean 'parameters'?"),
    ("a limit of zero", "parameters: 100_000}", "parameters: 0} #!", "must be positive. Got 0"),
    ("a limit in words", "parameters: 100_000}", "parameters: many} #!", "must be a whole number. Got many"),
    ("layers that are a mapping", "\n  - repeat: $depth", " #!\n  x:\n  - repeat: $depth", "layers: must be a list"),
    ("a published word", "test_accuracy: 0.9}", "test_accuracy: high} #!", "must be a number. Got high"),
    ("an unknown key of a preset", "    published:", "    publishd: {} #!\n    published:",
     "Did you mean 'published'?"),
    # domains
    ("low above high", "{int: [8, 64], log: true}", "{int: [64, 8]} #!", "low must not exceed high. Got 64 and 8"),
    ("log from zero", "[8, 64]", "[0, 64]", "log needs a low above 0. Got 0"),
    ("log with step", "step: 0.1}", "step: 0.1, log: true}", "log needs a low above 0"),
    ("log with a step above 0", "[0.0, 0.5], step: 0.1", "[0.1, 0.5], step: 0.1, log: true",
     "log and step exclude each"),
    ("a step that does not divide", "step: 0.1", "step: 0.3",
     "step must divide the range. Got 0 to 0.5 in steps of 0.3"),
    ("a step of zero", "step: 0.1", "step: 0", "step must be positive. Got 0"),
    ("a step below zero", "step: 0.1", "step: -0.1", "step must be positive. Got -0.1"),
    ("a million steps", "step: 0.1", "step: 0.0000001", "at most 1,000,000 steps"),
    ("a default outside", "log: true}\n          k", "log: true, default: 65} #!\n          k",
     "must be 8 to 64, log. Got 65"),
    ("a default between steps", "step: 0.1", "step: 0.1, default: 0.25", "must be 0.0 to 0.5, step 0.1. Got 0.25"),
    ("a default that is no option", "default: elu", "default: selu", "must be relu or elu. Got selu"),
    ("a range of three", "[8, 64]", "[8, 16, 64]", "must be [low, high]"),
    ("a range of one", "[8, 64]", "[8]", "must be [low, high]"),
    ("a range that is a number", "[8, 64]", "8", "must be [low, high]"),
    ("a range of words", "[8, 64]", "[few, 64]", "must be a whole number. Got few"),
    ("an int of floats", "[8, 64]", "[8.5, 64]", "must be a whole number. Got 8.5"),
    ("no options", "[relu, elu], default: elu", "[]", "needs at least one entry. Got []"),
    ("an option twice", "[32, 64]", "[32, 64, 32]", "options must differ. Got 32 twice"),
    ("an option twice as a float", "[32, 64]", "[32, 32.0]", "options must differ. Got 32.0 twice"),
    ("an option that is a domain", "[32, 64]", "[32, {int: [1, 2]}]", "options here are plain values"),
    ("an option that is a variable", "[32, 64]", "[32, $depth]", "options are written out. Got $depth"),
    ("two kinds of domain", "{int: [8, 64], log: true}", "{int: [8, 64], float: [8, 64]}",
     "one of choice, int, float and"),
    ("an unknown kind of domain", "{int: [8, 64], log: true}", "{integer: [8, 64]}", "Did you mean 'int'?"),
    ("an unknown key of a domain", "log: true}\n          k", "logs: true} #!\n          k", "Did you mean 'log'?"),
    ("log as a word", "log: true}\n          k", "log: maybe} #!\n          k", "must be true or false. Got maybe"),
    ("a bool with options", "{bool, default: true}", "{bool: [1, 2]} #!", "takes nothing: write {bool}"),
    ("a domain inside a list", "kernel_size: 3", "kernel_size: [3, {int: [1, 2]}] #!",
     "a domain stands for a whole value"),
    # layers
    ("an unknown layer", "dropout: {", "dropuot: {", "unknown layer 'dropuot'. Did you mean 'dropout'?"),
    ("an unknown bare layer", "      - flatten\n", "      - flaten #!\n", "Did you mean 'flatten'?"),
    ("an unknown argument", "units: 64", "unit: 64", "dense has no argument 'unit'. Did you mean 'units'?"),
    ("an argument that is not ours to set", "units: 64", "units: 64, dtype: float16",
     "precision is a setting of the run"),
    ("a name as an argument", "units: 64", "units: 64, name: x", "write 'name:' beside the layer"),
    ("a missing argument", "units: 64, ", "", "dense needs units"),
    ("units below one", "units: 64", "units: 0", "must be a positive whole number. Got 0"),
    ("units as a float", "units: 64", "units: 64.0", "must be a positive whole number. Got 64.0"),
    ("units as true", "units: 64", "units: true", "must be a positive whole number. Got true"),
    ("units down to zero", "units: 64", "units: {int: [0, 64]}", "must be a positive whole number. Got 0"),
    ("an option of units below one", "units: 64", "units: {choice: [64, -1]}", "units.choice[1]: must be a positive"),
    ("a rate of one", "[0.0, 0.5], step: 0.1", "[0.0, 1.0]", "must be a number at least 0 and below 1. Got 1.0"),
    ("an unknown activation", "activation: relu", "activation: rellu",
     "must be an activation. Got rellu. Did you mean 'relu'?"),
    ("an unknown padding", "padding: same", "padding: full #!", "must be valid or same. Got full"),
    ("a kernel of three sides", "kernel_size: 3", "kernel_size: [3, 3, 3] #!",
     "or a pair such as [3, 5]. Got [3, 3, 3]"),
    ("arguments without names", "dropout: {rate: {float: [0.0, 0.5], step: 0.1}}", "dropout: 0.5 #!",
     "arguments are named"),
    ("arguments not indented", "{units: 64, activation: relu}", "\n    units: 64 #!", "indent it under 'dense:'"),
    ("two layers in one entry", "{units: 64, activation: relu}", "{units: 64}\n    flatten: #!",
     "an entry is one thing"),
    ("an entry that is a number", "  - dropout", "  - 5 #!\n  - dropout",
     "an entry is a name, or a name with its arguments"),
    ("an entry that is empty", "  - dropout", "  - #!\n  - dropout",
     "an entry is a name, or a name with its arguments"),
    ("an entry of a name alone", "  - dropout", "  - {name: x} #!\n  - dropout", "the entry says no more than name"),
    ("a name twice", "name: ending", "name: conv #!", "the name 'conv' stands twice at this level"),
    ("a name with a dot", "name: ending", "name: the.end #!", "a name is letters, digits and '_'"),
    ("a name that is a word", "name: ending", "name: training #!", "'training' is a word of the language"),
    # blocks
    ("a repeat without layers", "    layers:\n      - conv2d", "    layer:\n      - conv2d",
     "'layer' does not go with repeat"),
    ("a repeat of words", "repeat: $depth", "repeat: often #!", "must be a whole number, 0 or more. Got often"),
    ("a repeat of nothing", "repeat: $depth", "repeat: 0 #!", "must reach 1 to 100 repetitions. Got 0"),
    ("a repeat of 101", "repeat: $depth", "repeat: {int: [1, 101]} #!", "must reach 1 to 100 repetitions. Got 101"),
    ("an optional of words", "optional: {bool, default: true}", "optional: yes #!", "must be true or false. Got yes"),
    ("an empty list of layers", "layers:\n          - max", "layers: [] #!\n      - elu:\n        x:\n          - max",
     "needs at least one layer"),
    ("a group without a name", "  - dropout", "  - layers: [flatten] #!\n  - dropout",
     "a group of layers needs a name"),
    ("a choice of nothing", "choice:\n      - flatten\n      - global_average_pooling2d", "choice: [] #!",
     "must be a list of layers"),
    ("a default that is no branch", "name: ending", "default: flat #!",
     "must be flatten or global_average_pooling2d. Got flat"),
    ("a thousand layers", "repeat: $depth",
     "repeat: 100\n    layers: [{repeat: 11, layers: [elu]}]\n  - repeat: $depth",
     "at most 1,000 layers. Got 1,1"),
    # variables
    ("an unknown variable", "activation: $act", "activation: $atc #!", "unknown variable $atc. Did you mean '$act'?"),
    ("an unused variable", "  depth:", "  width: 5 #!\n  depth:", "variables.width: is not used. Use it as $width"),
    ("an index outside", "units: 64", "units: $i", "$i is the number of a repetition"),
    ("a variable called i", "  depth:", "  i: 5 #!\n  depth:", "$i is the number of a repetition"),
    ("a variable with a dash", "  depth:", "  my-depth: 5 #!\n  depth:",
     "a variable's name is letters, digits and '_'"),
    ("a variable of the wrong type", "units: 64", "units: $act", "must be a positive whole number. Got relu ($act)"),
    # training
    ("an unknown optimizer", "- adam:", "- adan:", "unknown optimizer 'adan'. Did you mean 'adam'?"),
    ("an unknown argument of an optimizer", "{momentum:", "{momentun:", "sgd has no argument 'momentun'. Did you mean"),
    ("a learning rate of zero", "[1e-4, 1e-2], log: true", "[0, 1e-2]", "must be a number above 0. Got 0"),
    ("a learning rate in quotes", "{float: [1e-4, 1e-2], log: true}", "'1e-3'", "must be a number above 0. Got 1e-3"),
    ("momentum above one", "[0.0, 0.9]", "[0.0, 1.1]", "must be a number at least 0 and at most 1. Got 1.1"),
    ("two ways to clip", "{momentum:", "{clipnorm: 1.0, clipvalue: 1.0, momentum:", "an optimizer clips one way"),
    ("a batch of half an image", "{choice: [32, 64]}", "{choice: [32, 0.5]}",
     "must be a positive whole number. Got 0.5"),
    ("no epochs", "epochs: 5", "epochs: 0 #!", "must be a positive whole number. Got 0"),
    # the whole
    ("a convolution of a vector", "  - dropout", "  - conv2d: {filters: 4, kernel_size: 3} #!\n  - dropout",
     "what arrives is a vector"),
    ("an end that can be an image", "      - flatten\n", "      - elu\n", "the layers can end in an image"),
    ("a preset's unknown parameter", "variables.depth: 1}", "variables.dept: 1} #!", "Did you mean 'variables.depth'?"),
    ("a preset's value outside", "variables.depth: 1}", "variables.depth: 9} #!", "must be 1 to 2. Got 9"),
    ("a preset's idle value", "{variables.depth: 1}", "{training.optimizer.sgd.momentum: 0.5} #!",
     "has no effect here"),
]  # fmt: skip


def problems_of(text: str) -> list[str]:
    """One line per problem; none where the text is a good space."""
    try:
        SearchSpace.parse(text, "good.yaml")
    except SpaceError as error:
        return str(error).splitlines()
    return []


def test_the_file_that_all_others_are_made_from_is_good() -> None:
    assert problems_of(GOOD) == []


@pytest.mark.parametrize(("old", "new", "message"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_a_wrong_file_is_told_with_its_line(old: str, new: str, message: str) -> None:
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    marked = [number for number, line in enumerate(text.split("\n"), start=1) if line.endswith("#!")]
    begun = time.perf_counter()

    problems = problems_of(text)

    assert time.perf_counter() - begun < 1
    assert all(PROBLEM.match(problem) and problem.isprintable() for problem in problems)
    lines = [int(problem.split(":")[1]) for problem in problems if message in problem]
    assert lines, problems
    if message not in WITHOUT_A_LINE:
        assert lines[0] == (marked or [first_difference(text)])[0], problems


def first_difference(text: str) -> int:
    """Line of the text that is not GOOD's."""
    pairs = zip(text.split("\n"), GOOD.split("\n"), strict=False)
    return next(number for number, (ours, theirs) in enumerate(pairs, start=1) if ours != theirs)


WITHOUT_A_LINE = {
    "not YAML",  # where the text breaks off is not always where it went wrong
    "'name' is missing",
    "training: 'epochs' is missing",
    "dense needs units",
    "the layers can end in an image",
    "at most 1,000 layers. Got 1,1",
}


def test_a_missing_key_is_told_at_what_it_is_missing_from() -> None:
    assert problems_of(GOOD.replace("  epochs: 5\n", "")) == ["good.yaml:25: training: 'epochs' is missing"]
    assert problems_of(GOOD.replace("units: 64, ", "")) == ["good.yaml:24: layers[3].dense: dense needs units"]


def test_a_variable_that_breaks_the_rule_of_its_use_is_told_where_it_is_used() -> None:
    (line,) = problems_of(GOOD.replace("[relu, elu]", "[rellu, elu]"))

    assert line.startswith("good.yaml:14: layers[0].layers[0].conv2d.activation: must be an activation. Got rellu.")
    assert line.endswith("Did you mean 'relu'? ($act)")


def test_all_problems_of_a_file_are_told_in_one_go_in_the_order_of_their_lines() -> None:
    text = GOOD.replace("units: 64", "unit: 64").replace("epochs: 5", "epochs: 0").replace("[8, 64]", "[64, 8]")

    assert problems_of(text) == [
        "good.yaml:11: layers[0].layers[0].conv2d.filters.int: low must not exceed high. Got 64 and 8",
        "good.yaml:24: layers[3].dense: dense needs units",
        "good.yaml:24: layers[3].dense.unit: dense has no argument 'unit'. Did you mean 'units'?",
        "good.yaml:31: training.epochs: must be a positive whole number. Got 0",
    ]


def test_at_most_ten_problems_are_printed_and_the_rest_counted() -> None:
    text = GOOD.replace("  - dropout", "  - nonsense\n" * 14 + "  - dropout")

    lines = problems_of(text)

    assert len(lines) == 10
    assert lines[-1].endswith("(and 4 more problems)")


def test_both_problems_of_one_repeated_key_are_told() -> None:
    lines = problems_of(GOOD.replace("  epochs: 5\n", "  epochs: 0\n  epochs: 1\n"))

    assert [line.split(":")[1] for line in lines] == ["31", "32"]


@pytest.mark.parametrize(
    "text", ["", "\n", "# nothing\n", "5", "[]", "name", "null", "'", "{", "\ufeff", "---", "--- a\n--- b"]
)
def test_a_file_that_is_no_mapping_is_told(text: str) -> None:
    lines = problems_of(text)

    assert lines
    assert all(PROBLEM.match(line) for line in lines)


def test_windows_line_ends_and_a_byte_order_mark_are_fine(tmp_path: Path) -> None:
    path = tmp_path / "good.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + GOOD.replace("\n", "\r\n").encode())

    assert SearchSpace.load(path).fingerprint == SearchSpace.parse(GOOD, "good.yaml").fingerprint


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (GOOD.encode("utf-16"), 1, "It looks like UTF-16."),
        (GOOD.replace("A space", "Räume").encode("latin-1"), 2, "Got byte 0xe4. Save it as UTF-8."),
        (b"x" * 2_000_000, 1, "at most 64 kB"),
        (b"", 1, "the file is empty"),
        (b"\0\0\0", 1, "character 0x00 has no place in a file"),
    ],
    ids=["utf-16", "latin-1", "2 MB", "empty", "zeros"],
)
def test_a_file_that_is_no_text_is_told(tmp_path: Path, content: bytes, line: int, message: str) -> None:
    path = tmp_path / "space.yaml"
    path.write_bytes(content)

    with pytest.raises(SpaceError) as caught:
        SearchSpace.load(path)

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
    "name", ["a\0.yaml", "a\nb.yaml", "\x1b[31m.yaml", "x" * 5000 + ".yaml", "", " ", "../cnn_v4", "CNN_V4"]
)
def test_a_hostile_name_is_one_printable_line(name: str) -> None:
    with pytest.raises(SpaceError) as caught:
        SearchSpace.load(name)

    assert str(caught.value).isprintable()


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
    ],
    ids=["entries", "wrong entries", "repeated keys", "dashes", "brackets", "a long word"],
)
def test_the_largest_files_are_told_quickly(text: str) -> None:
    begun = time.process_time()

    assert problems_of(text[:LARGEST_FILE])

    assert time.process_time() - begun < 2


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.text(alphabet=st.sampled_from("ab:-[]{},'\"|>&*!%@`#?\n \t\0\x85\u2028$0~\\"), max_size=60))
@example('"\\UFFFFFFFF"')
@example("%YAML 99999999999999999999.1\n---\na")
@example("? \n")
@example("a: |99\n b")
def test_no_text_makes_anything_but_problems(text: str) -> None:
    lines = problems_of(text)

    assert lines
    assert all(PROBLEM.match(line) for line in lines)


@settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(st.integers(0, len(GOOD) - 1), st.integers(0, 12), st.text(alphabet="ab1:-[]{},'\"$&*!#\n \t", max_size=4))
def test_a_good_file_with_a_slip_of_the_pen_is_good_or_told(start: int, cut: int, typed: str) -> None:
    lines = problems_of(GOOD[:start] + typed + GOOD[start + cut :])

    assert all(PROBLEM.match(line) for line in lines)
