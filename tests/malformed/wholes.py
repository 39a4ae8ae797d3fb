"""Slips in blocks, variables, training, presets, and in the whole."""

from __future__ import annotations

from malformed.case import cases_of
from malformed.good import GOOD

ROWS = [
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
WITHOUT_A_LINE = frozenset(
    {
        "a thousand layers",
        "an end that can be an image",
    }
)
CASES = cases_of(GOOD, ROWS, WITHOUT_A_LINE)
