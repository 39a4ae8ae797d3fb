"""The JSON Schema of the space file: right where the parser is content, wrong where an editor should say so."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator

from search_spaces import SearchSpace, library
from search_spaces.components import EARLY_STOPPING
from search_spaces.keras_table import keras_table
from search_spaces.parsing.document import read_document
from search_spaces.parsing.entries import BESIDE
from search_spaces.parsing.findings import Findings
from search_spaces.parsing.frame import LimitsFrame, SpaceFrame, TrainingFrame
from search_spaces.parsing.vocabulary import AUGMENTATION, PARTS, layers, optimizers
from search_spaces.schema import space_schema, written
from tuner.cli.app import tune

ROOT = Path(__file__).parents[2]
RICH = Path(__file__).with_name("rich.yaml").read_text("utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "space-file.md").read_text("utf-8"), re.DOTALL)
SCHEMA = space_schema()
VALIDATOR = Draft7Validator(SCHEMA)
LAYERS, TRAINING = "layers: [flatten]\n", "training: {optimizer: adam, batch_size: 32, epochs: 1}\n"
SLOW = settings(deadline=None, suppress_health_check=list(HealthCheck))


def data(text: str) -> Any:
    return read_document(text, Findings("x.yaml"))


def complaints(content: Any) -> list[str]:
    return [f"{list(error.path)}: {error.message[:200]}" for error in VALIDATOR.iter_errors(content)]


# --- the schema itself ------------------------------------------------------------------------------------------------


def test_the_schema_is_one_in_both_drafts_and_every_reference_leads_somewhere() -> None:
    Draft7Validator.check_schema(SCHEMA)
    Draft202012Validator.check_schema(SCHEMA)

    names = re.findall(r'"#/definitions/([^"]+)"', json.dumps(SCHEMA))
    assert set(names) == set(SCHEMA["definitions"])


def test_the_schema_in_docs_is_the_one_that_is_printed_quickly() -> None:
    start = time.process_time()
    printed = CliRunner().invoke(tune, ["spaces", "schema"]).output
    seconds = time.process_time() - start

    assert (ROOT / "docs" / "space.schema.json").read_text("utf-8") == printed, (
        "run: tune spaces schema > docs/space.schema.json"
    )
    assert json.loads(printed) == SCHEMA
    assert len(printed) < 300_000
    assert seconds < 0.5


def test_the_schema_is_printed_without_tensorflow() -> None:
    code = (
        "import sys\nfrom tuner.cli.boundary import run_program\n"
        "assert run_program(['spaces', 'schema']) == 0\n"
        "assert not {'tensorflow', 'keras', 'optuna', 'numpy'} & set(sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == SCHEMA


def test_a_value_is_written_over_several_lines_only_where_one_is_too_short() -> None:
    assert written({"a": [1, None], "b": {}}) == '{"a": [1, null], "b": {}}'
    assert written({"a": ["x" * 100, "y" * 100]}).splitlines() == [
        "{", '  "a": [', f'    "{"x" * 100}",', f'    "{"y" * 100}"', "  ]", "}",
    ]  # fmt: skip


@pytest.mark.parametrize("words", [layers(), optimizers(), AUGMENTATION, *PARTS.values()], ids=lambda words: words.noun)
def test_every_argument_of_everything_has_a_property_with_a_text(words: Any) -> None:
    kinds = SCHEMA["definitions"][f"{words.noun}_with_arguments"]["properties"]

    assert set(kinds) == {*words.kinds, "name"}
    for kind, signature in words.kinds.items():
        properties = SCHEMA["definitions"][f"{words.noun}_{kind}"]["properties"]
        assert set(properties) == set(signature.arguments), kind
        assert kinds[kind]["description"]
        for name, argument in properties.items():
            assert re.search(r"\w.*\. .*(Default|Keras's default|Needed)", argument["description"]), (kind, name)


def test_every_object_of_keras_has_its_arguments() -> None:
    text = json.dumps(SCHEMA)
    for kinds in keras_table().objects.values():
        for kind, signature in kinds.items():
            entries = [
                content
                for name, content in SCHEMA["definitions"].items()
                if re.fullmatch(rf"(activation|initializer|regularizer|constraint)_{kind}(_\d)?", name)
            ]
            assert any(set(entry["properties"]) == set(signature.arguments) for entry in entries), kind
    assert "leaky_relu" in text


def test_the_frames_keys_are_the_parsers() -> None:
    properties = SCHEMA["properties"]

    assert set(properties) == {*SpaceFrame.model_fields, "extends"}
    assert set(properties["training"]["properties"]) == set(TrainingFrame.model_fields)
    assert set(properties["limits"]["properties"]) == set(LimitsFrame.model_fields)
    assert set(SCHEMA["definitions"]["early_stopping"]["properties"]) == set(EARLY_STOPPING.arguments)
    for word, beside in BESIDE.items():
        block = SCHEMA["definitions"]["layer_group" if word == "layers" else f"layer_{word}"]
        assert set(block["properties"]) == {word, *beside}


# --- what the parser accepts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", library())
def test_a_space_of_the_library_is_right(name: str) -> None:
    assert complaints(data(SearchSpace.load(name).text)) == []


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_of_the_page_is_right(example: str) -> None:
    content = data(example)
    whole = {"name": "x", "layers": content, **data(TRAINING)} if isinstance(content, list) else content

    if isinstance(whole.get("layers"), list):  # others are parts of a file
        assert complaints(whole) == []


def test_a_space_with_one_of_everything_is_right() -> None:
    assert SearchSpace.parse(RICH, "rich.yaml").name == "rich"
    assert complaints(data(RICH)) == []


@pytest.mark.parametrize(
    "text",
    [
        "name: x\nextends: cnn_v4\n",
        "extends: cnn_v4\nname: x\ntraining: {epochs: 5}\npresets: {published: null}\nset: {dense.units: 64}\n",
        f"name: x\nlayers: [flatten, dense]\n{TRAINING}set: {{dense.units: 20}}\n",
    ],
)
def test_what_stands_in_another_file_or_under_set_need_not_stand_here(text: str) -> None:
    assert SearchSpace.parse(text, "x.yaml")
    assert complaints(data(text)) == []


def test_numbers_with_underscores_are_right_though_editors_take_them_for_text() -> None:
    content = data(
        f"name: x\nlayers: [flatten, {{dense: {{units: '1_024'}}}}]\n{TRAINING}limits: {{parameters: '1_0'}}\n"
    )

    assert complaints(content) == []


def _random_spaces() -> Any:
    # Its folder bears the name of the package that is tested, so it cannot be imported by name.
    spec = importlib.util.spec_from_file_location("random_spaces", Path(__file__).with_name("test_random_spaces.py"))
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


random_spaces = _random_spaces()


@settings(SLOW, max_examples=60)
@given(random_spaces.spaces())
def test_any_random_space_is_right(space: SearchSpace) -> None:
    assert complaints(json.loads(space.text)) == []


IMAGE_BLOCKS = [
    {"residual": ["softmax", {"conv2d": {"filters": 4, "kernel_size": 3, "padding": "same"}}], "name": "around"},
    {"residual": ["batch_normalization"], "shortcut": None},
    {"branches": ["softmax", {"layers": [], "name": "same"}], "merge": {"choice": ["concatenate", "add"]}},
    {"repeat": 3, "layers": [{"conv2d": {"filters": "2 ** ($i + 3)", "kernel_size": 1}}]},
    {"conv2d": {"filters": 2, "kernel_size": 1, "activation": {"leaky_relu": {"negative_slope": {"float": [0, 1]}}}}},
]
PARTS_OF_TRAINING: dict[str, list[Any]] = {
    "schedule": [
        "cosine",
        None,
        {"choice": ["linear", {"plateau": {"patience": {"int": [1, 5]}}}], "default": "plateau"},
    ],
    "loss": ["kl_divergence", {"categorical_focal_crossentropy": {"gamma": 1}}],
    "averaging": [{"ema": None}, {"choice": ["none", "swa"]}],
    "label_smoothing": [0, {"float": [0.0, 0.2], "step": 0.1}],
    "class_weights": ["balanced", {"choice": ["none", "balanced"]}],
    "early_stopping": [{}, None, {"patience": None}, {"min_delta": {"float": [0, 1]}, "monitor": "val_accuracy"}],
    "augmentation": [[], None, ["flip", {"optional": True, "layers": [{"zoom": {"by": {"float": [0.0, 0.2]}}}]}]],
}


@settings(SLOW, max_examples=60)
@given(
    random_spaces.spaces(),
    st.lists(st.sampled_from(IMAGE_BLOCKS), max_size=3, unique_by=str),
    st.fixed_dictionaries({}, optional={name: st.sampled_from(each) for name, each in PARTS_OF_TRAINING.items()}),
)
def test_any_random_space_is_right_with_the_newer_blocks_and_settings(
    space: SearchSpace, blocks: list[Any], training: dict[str, Any]
) -> None:
    content = json.loads(space.text)
    content["layers"] = [*blocks, *content["layers"]]
    content["training"] |= training

    assert SearchSpace.parse(json.dumps(content), "random.yaml")
    assert complaints(content) == []
