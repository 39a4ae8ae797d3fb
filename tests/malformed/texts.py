"""Slips in YAML, and in the frame of a file."""

from __future__ import annotations

from malformed.case import cases_of
from malformed.good import GOOD

ROWS = [
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
]  # fmt: skip
WITHOUT_A_LINE = frozenset(
    {
        "an open bracket",
        "an open quote",
        "a stray indent",
        "a missing name",
        "a missing training",
    }
)
CASES = cases_of(GOOD, ROWS, WITHOUT_A_LINE)
