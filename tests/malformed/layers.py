"""Slips in domains and in layers."""

from __future__ import annotations

from malformed.case import cases_of
from malformed.good import GOOD

ROWS = [
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
    ("units in hexadecimal beyond 18 digits", "units: 64", "units: 0xffffffffffffffff", "at most 18 characters"),
    ("groups of -1 to 4, with 0 between", "  - repeat: $depth",
     "  - group_normalization: {groups: {int: [-1, 4]}}\n  - repeat: $depth",
     "must be a positive whole number. Got 0"),
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
]  # fmt: skip
WITHOUT_A_LINE = frozenset(
    {
        "a missing argument",
    }
)
CASES = cases_of(GOOD, ROWS, WITHOUT_A_LINE)
