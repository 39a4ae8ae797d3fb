"""The recorded table is held to the installed Keras."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import pytest

from search_spaces.keras_table import keras_table, layer_class, optimizer_class

RECORDER = Path(__file__).with_name("record_keras_table.py")


@pytest.fixture(scope="module")
def recorder() -> Any:
    specification = importlib.util.spec_from_file_location("record_keras_table", RECORDER)
    assert specification
    assert specification.loader
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_table_is_what_the_installed_keras_says(recorder: Any) -> None:
    assert json.loads(recorder.TARGET.read_text("utf-8")) == json.loads(recorder.as_text(recorder.record()))


def test_every_default_of_keras_keeps_the_rule_that_we_state_for_it() -> None:
    tables = {**keras_table().layers, **keras_table().optimizers}

    complaints = {
        f"{kind}.{name}": argument.rule.complaint(argument.default)
        for kind, signature in tables.items()
        for name, argument in signature.arguments.items()
        if not argument.required and argument.default != "Zeros"  # Keras's own spelling in PReLU
    }

    assert {name: complaint for name, complaint in complaints.items() if complaint} == {}


def test_every_class_is_there(recorder: Any) -> None:
    import keras

    assert all(hasattr(keras.layers, layer_class(kind)) for kind in keras_table().layers)
    assert all(hasattr(keras.optimizers, optimizer_class(kind)) for kind in keras_table().optimizers)


def test_an_optimizers_name_is_its_class_in_lower_case() -> None:
    assert all(kind == optimizer_class(kind).lower() for kind in keras_table().optimizers)


def test_what_may_not_be_set_and_what_may_do_not_overlap() -> None:
    tables = {**keras_table().layers, **keras_table().optimizers}

    assert not {name for signature in tables.values() for name in signature.arguments} & set(keras_table().withheld)
