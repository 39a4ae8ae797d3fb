"""What the parser refuses and an editor can see to be wrong from the JSON Schema."""

from __future__ import annotations

import pytest
from jsonschema import Draft7Validator

from search_spaces import SearchSpace, SpaceError
from search_spaces.parsing.document import read_document
from search_spaces.parsing.findings import Findings
from search_spaces.schema import space_schema

VALIDATOR = Draft7Validator(space_schema())
LAYERS, TRAINING = "layers: [flatten]\n", "training: {optimizer: adam, batch_size: 32, epochs: 1}\n"
LAYER = "layers: [flatten, %s]\n"
REFUSED = {
    "no name": f"{LAYERS}{TRAINING}",
    "no layers": f"name: x\n{TRAINING}",
    "no training": f"name: x\n{LAYERS}",
    "an empty list of layers": f"name: x\nlayers: []\n{TRAINING}",
    "a name with a space": f"name: x y\n{LAYERS}{TRAINING}",
    "an unknown key": f"name: x\n{LAYERS}{TRAINING}limts: {{}}\n",
    "an unknown limit": f"name: x\n{LAYERS}{TRAINING}limits: {{weights: 5}}\n",
    "a limit of 0": f"name: x\n{LAYERS}{TRAINING}limits: {{parameters: 0}}\n",
    "a rule without a rule": f"name: x\n{LAYERS}{TRAINING}forbid: [{{because: no}}]\n",
    "a fixed mapping": f"name: x\n{LAYERS}{TRAINING}fix: {{training.epochs: {{a: 1}}}}\n",
    "a preset that is null": f"name: x\n{LAYERS}{TRAINING}presets: {{a: null}}\n",
    "a preset with another key": f"name: x\n{LAYERS}{TRAINING}presets: {{a: {{value: {{}}}}}}\n",
    "a published word": f"name: x\n{LAYERS}{TRAINING}presets: {{a: {{published: {{b: high}}}}}}\n",
    "a variable called i": f"name: x\nvariables: {{i: 1}}\n{LAYERS}{TRAINING}",
    "a variable of a variable": f"name: x\nvariables: {{a: $b}}\n{LAYERS}{TRAINING}",
    "a variable with a bad domain": f"name: x\nvariables: {{a: {{int: [1, 2], stp: 1}}}}\n{LAYERS}{TRAINING}",
    "extends of a list": "name: x\nextends: [cnn_v4]\n",
    **{
        f"layer: {layer}": f"name: x\n{LAYER % layer}{TRAINING}"
        for layer in [
            "dropuot", "dense", "{dense: {}}", "{dense: null}", "{dense: 64}", "{dense: {units: 0}}",
            "{dense: {units: wide}}", "{dense: {units: 2.5}}", "{dense: {units: true}}", "{dense: {units: null}}",
            "{dense: {units: 3, activaton: relu}}", "{dense: {units: 3, activation: rleu}}",
            "{dense: {units: 3}, x: 1}", "{dense: {units: 3}, flatten: {}}", "{dense: {units: 3}, layers: [flatten]}",
            "{dense: {units: 3}, name: 3}", "{dense: {units: 3}, name: repeat}", "{dense: {units: 3}, default: a}",
            "{name: x}", "{}", "[flatten]", "5", "{dense: {units: {int: [1, 2, 3]}}}",
            "{dense: {units: {int: [0, 2]}}}", "{dense: {units: {float: [1, 2]}}}", "{dense: {units: {choice: []}}}",
            "{dense: {units: {choice: [1, x]}}}", "{dense: {units: {choice: [1, 1]}}}", "{dense: {units: {bool}}}",
            "{dense: {units: {int: [1, 2], float: [1, 2]}}}", "{dense: {units: [3]}}",
            "{dense: {units: {int: [1, 2], log: 1}}}", "{dense: {units: {int: [1, 2], step: 0}}}",
            "{dense: {units: {int: [1, 2], default: many}}}", "{dense: {units: {chioce: [1]}}}",
            "{dense: {units: 3, use_bias: {bool: true}}}", "{dense: {units: 3, use_bias: 1}}",
            "{dense: {units: 3, activation: {leaky_relu: {slope: 1}}}}",
            "{dense: {units: 3, activation: {tanh: {}}}}",
            "{dense: {units: 3, activation: {leaky_relu: {}, elu: {}}}}", "{dropout: {rate: 1}}",
            "{dropout: {rate: {float: [0, 1]}}}", "{repeat: 2}", "{repeat: 101, layers: [flatten]}",
            "{repeat: 2, layers: []}", "{repeat: 2, layers: flatten}", "{repeat: 2, layers: [flatten], default: 1}",
            "{optional: 1, layers: [flatten]}", "{layers: [flatten]}", "{layers: [], name: a}", "{choice: []}",
            "{choice: [flatten, dense]}", "{choice: [flatten], default: 0}", "{choice: [flatten], shortcut: []}",
            "{residual: []}", "{residual: [flatten], merge: add}", "{residual: [softmax], shortcut: dense}",
            "{branches: [flatten]}", "{branches: [flatten, softmax], merge: sum}",
            "{repeat: 2, optional: true, layers: [flatten]}", "{flip: {direction: both}}",
        ]
    },
    **{
        f"training: {training}": f"name: x\n{LAYERS}training: {{batch_size: 8, epochs: 1, {training}}}\n"
        for training in [
            "optimizer: null", "optimizer: adm", "optimizer: {adam: {learning_rat: 1}}", "optimizer: [adam]",
            "optimizer: {adam: {learning_rate: 0}}", "optimizer: {adam: {}, sgd: {}}", "optimizer: {choice: []}",
            "optimizer: {choice: [adam], name: a}", "schdule: cosine", "optimizer: adam, schedule: cosin",
            "optimizer: adam, schedule: {cosine: {warmup: 1}}", "optimizer: adam, loss: {choice: [hinge]}",
            "optimizer: adam, averaging: {ema: {start: 0.5}}", "optimizer: adam, label_smoothing: null",
            "optimizer: adam, class_weights: heavy", "optimizer: adam, early_stopping: true",
            "optimizer: adam, early_stopping: {patience: 0}", "optimizer: adam, augmentation: flip",
            "optimizer: adam, augmentation: [flipp]", "optimizer: adam, augmentation: [{repeat: 2, layers: [flip]}]",
            "optimizer: adam, augmentation: [{shift: {fill_mode: mirror}}]", "schedule: cosine",
        ]
    },
}  # fmt: skip


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED.keys())
def test_what_an_editor_can_see_is_wrong(text: str) -> None:
    with pytest.raises(SpaceError):
        SearchSpace.parse(text, "x.yaml")
    assert [error.message for error in VALIDATOR.iter_errors(read_document(text, Findings("x.yaml")))]
