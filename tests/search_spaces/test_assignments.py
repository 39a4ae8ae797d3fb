"""`--set`, `--fix` and `--topology`: what cannot be used is told by the option that it came from."""

from __future__ import annotations

import re

import pytest
from malformed import RICH

from search_spaces import SearchSpace, SpaceError, changes, hidden_units, topology_space

BAD_SETTINGS = [
    ("dense.units", "write --set NAME=VALUE. Got dense.units"),
    ("=5", "write --set NAME=VALUE. Got =5"),
    ("", "write --set NAME=VALUE. Got ''"),
    ("  =5", "write --set NAME=VALUE"),
    ("dense.units=", "must be a positive whole number. Got ''"),
    ("dense.units=[", "not YAML"),
    ("dense.units={", "not YAML"),
    ("dense.units='", "not YAML"),
    ("dense.units=!!python/object:os.system x", "tags are not allowed"),
    ("dense.units=&a 5", "anchors are not allowed"),
    ("dense.units=*a", "aliases are not allowed"),
    ("dense.units=5\n--- 6", "a file holds one space"),
    ("dense.units=\x1b[31m", "character 0x1b has no place"),
    ("dense.units=\0", "character 0x00 has no place"),
    ("dense.units=\ud800", "character 0xd800 has no place"),
    ("dense.units=0", "must be a positive whole number. Got 0"),
    ("dense.units=many", "must be a positive whole number. Got many"),
    ("dense.units={int: [5, 1]}", "low must not exceed high"),
    ("dense.units={int: [0, 5]}", "must be a positive whole number. Got 0"),
    ("dense.units={choice: []}", "needs at least one entry"),
    ("dense.units=$nobody", "unknown variable $nobody"),
    ("dense.units=$width +", "a value is missing"),
    ("dense.units=$i", "$i is the number of a repetition"),
    ("dense.units=$width / 0", "division by zero"),
    ("dense.unitz=5", "Did you mean 'units'?"),
    ("dens.units=5", "Did you mean 'dense.units'?"),
    ("DENSE.UNITS=5", "no such setting"),
    ("layers=[flatten]", "no such setting"),
    ("name=other", "no such setting"),
    ("variables.nobody=5", "Did you mean 'variables.width'?"),
    ("stage[0].repeat=3", "Did you mean 'stage.repeat'?"),
    ("stage.repeat=often", "must be a whole number, 0 or more. Got often"),
    ("stage.block.conv2d.filters=1.5", "must be a positive whole number. Got 1.5"),
    ("ways.merge=subtract", "must be concatenate, add, average, maximum or multiply"),
    ("training.optimizer=adan", "Did you mean 'adam'?"),
    ("training.optimizer={adam: {lr: 1}}", "adam has no argument 'lr'"),
    ("training.optimizer={adam: {}, sgd: {}}", "an entry is one thing"),
    ("training.optimizer=null", "Got null"),
    ("training.epochs=1e3", "must be a positive whole number. Got 1000.0"),
    ("training.epochs=.inf", "numbers must be finite"),
    (f"training.epochs={'9' * 5000}", "at most 18 characters. Got 5000"),
    ("training.schedule=cosin", "Did you mean 'cosine'?"),
    ("training.schedule.cosine.warmup=2", "below 1. Got 2"),
    ("training.augmentation=flip", "must be a list of augmentations"),
    ("training.early_stopping.patience=0", "must be a positive whole number. Got 0"),
    ("training.early_stopping=5", "arguments are named"),
    ("training.averaging.ema.momentum=1", "below 1. Got 1"),
    ("\x1b[31m=5", "no such setting"),
]

BAD_FIXES = [
    ("variables.width", "write --fix NAME=VALUE. Got variables.width"),
    ("=16", "write --fix NAME=VALUE. Got =16"),
    ("variables.width=", "must be 16 or 32. Got ''"),
    ("variables.width=24", "must be 16 or 32. Got 24"),
    ("variables.width=[16]", "must be 16 or 32. Got [16]"),
    ("variables.width={choice: [16]}", "must be 16 or 32. Got {choice: [16]}"),
    ("variables.width=$act", "must be 16 or 32. Got $act"),
    ("variables.widht=16", "Did you mean 'variables.width'?"),
    ("variables.depth=2.0", "must be a whole number, 1 to 3. Got 2.0"),
    ("dense.units=20", "no such parameter"),
    ("nobody=1", "no such parameter"),
    ("stage.repeat=2", "no such parameter"),
    ("stage[9].block.activation.activation=relu", "Did you mean 'stage["),
    ("training.schedule=linear", "must be constant, cosine or one_cycle. Got linear"),
    ("training.batch_size=64.5", "must be 64 or 128. Got 64.5"),
    ("training.batch_size=true", "must be 64 or 128. Got true"),
    ("training.batch_size=null", "must be 64 or 128. Got null"),
    ("training.batch_size=64, 128", "must be 64 or 128. Got 64, 128"),
    ("stage.block.conv2d.kernel_regularizer.l2.l2=1", "must be 1e-05 to 0.001, log. Got 1"),
]


@pytest.mark.parametrize(
    ("option", "text", "message"),
    [("--set", *each) for each in BAD_SETTINGS] + [("--fix", *each) for each in BAD_FIXES],
)
def test_what_cannot_be_set_or_fixed_is_told_by_its_option(option: str, text: str, message: str) -> None:
    with pytest.raises(SpaceError) as caught:
        SearchSpace.parse(RICH, "rich.yaml", changes([text], []) if option == "--set" else changes([], [text]))

    lines = str(caught.value).splitlines()
    (line,) = [line for line in lines if message in line]
    assert line.startswith(f"{option} ")
    assert all(re.match(r"[^:]+:\d+: ", line) and line.isprintable() for line in lines)


def test_everything_that_is_wrong_with_the_options_is_told_in_one_go() -> None:
    with pytest.raises(SpaceError) as caught:
        changes(["a", "b=[", "c=1", "c=2"], ["d"])

    assert [str(problem) for problem in caught.value.problems] == [
        "--set a:1: write --set NAME=VALUE. Got a",
        "--set b:1: not YAML: expected the node content, but found '<stream end>' (while parsing a flow node)",
        "--set c:1: c is given twice",
        "--fix d:1: write --fix NAME=VALUE. Got d",
    ]


def test_values_are_read_as_a_file_would_read_them() -> None:
    made = changes(["a=1", "b=1e-3", "c=same", "d={choice: [relu, null]}", "e='5'", "f=a=b", "g=null"], ["h=[3, 5]"])

    assert made.set == {
        "a": 1,
        "b": 1e-3,
        "c": "same",
        "d": {"choice": ["relu", None]},
        "e": "5",
        "f": "a=b",
        "g": None,
    }
    assert made.fix == {"h": [3, 5]}


def test_a_fault_in_the_file_is_told_beside_a_fault_in_an_option() -> None:
    wrong = RICH.replace("epochs: 10", "epochs: 0")

    with pytest.raises(SpaceError) as caught:
        SearchSpace.parse(wrong, "rich.yaml", changes(["dense.units=0"]))

    assert [(problem.source, problem.line) for problem in caught.value.problems] == [
        ("rich.yaml", 37),
        ("--set dense.units", 1),
    ]


BAD_TOPOLOGIES = [
    "", "-", "--", "0", "00", "-5", "a", "128--64", "1000000-", "99999999-3", "70000-", "١٢", "²", "1.5", "1e3",
    "128,64", "128x64", " 53", "53 ", "5\n3", "-".join(["8"] * 33), "1" * 33, "12-0", "0-", "5-0-5", "128-\0",
    "\x1b[31m", "../x", "$(ls)", "{0}", "None", "--topology", "128-64-32--", "\uff15\uff13", "1" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("topology", BAD_TOPOLOGIES)
def test_a_topology_that_names_no_network_is_told(topology: str) -> None:
    for asked in (hidden_units, topology_space):
        with pytest.raises(SpaceError) as caught:
            asked(topology)

        assert str(caught.value).startswith("--topology ")
        assert str(caught.value).isprintable()


@pytest.mark.parametrize(
    ("topology", "units"), [("128-64", (128, 64)), ("53", (5, 3)), ("64-", (64,)), ("5", (5,)), ("65536-1", (65536, 1))]
)
def test_a_topology_is_a_space_of_these_hidden_layers(topology: str, units: tuple[int, ...]) -> None:
    configuration = SearchSpace.parse(topology_space(topology), "topology").default()

    assert hidden_units(topology) == units
    assert [layer.arguments["units"] for layer in configuration.layers if layer.kind == "dense"] == list(units)
