"""The model card: metadata that the Hub reads, and what a user of the model must know."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from ruamel.yaml import YAML

from reports.model_card import model_card
from tests.reports import samples

if TYPE_CHECKING:
    from reports import Report


def card(report: Report) -> tuple[dict[str, Any], str]:
    """Metadata and text."""
    whole = model_card(report)
    assert whole is not None
    _, metadata, text = whole.split("---\n", 2)
    return YAML(typ="safe").load(metadata), text


def test_the_metadata_are_those_that_the_hub_reads(fashion: Report) -> None:
    metadata, _ = card(fashion)
    assert metadata["library_name"] == "keras"
    assert metadata["pipeline_tag"] == "image-classification"
    assert metadata["datasets"] == ["zalando-datasets/fashion_mnist"]
    (result,) = metadata["model-index"][0]["results"]
    assert result["task"]["type"] == "image-classification"
    assert result["dataset"]["split"] == "test"
    accuracy = next(metric for metric in result["metrics"] if metric["type"] == "accuracy")
    assert fashion.evaluation is not None
    assert accuracy["value"] == pytest.approx(fashion.evaluation.accuracy.value, abs=1e-6)


def test_the_text_says_what_it_takes_how_good_it_is_and_what_it_cannot_do(fashion: Report) -> None:
    _, text = card(fashion)
    assert "images of 28 x 28 pixels with 1 channel, values 0 to 255" in text
    assert 'keras.models.load_model("model.keras")' in text
    assert "95 % interval" in text
    assert "T-shirt/top, Trouser" in text
    assert "It finds Shirt least often" in text
    assert "it is surer than it is right" in text
    assert "tune fashion-mnist --space cnn_v4" in text


def test_a_data_set_that_the_hub_does_not_know_is_not_said_to_be_there() -> None:
    assert "datasets" not in card(samples.digits())[0]


def test_before_the_test_there_is_none(fashion: Report) -> None:
    assert model_card(replace(fashion, evaluation=None)) is None
    assert model_card(samples.running()) is None


def test_a_loss_that_is_no_number_is_left_out(fashion: Report) -> None:
    assert fashion.evaluation is not None
    metadata, _ = card(replace(fashion, evaluation=replace(fashion.evaluation, loss=math.inf)))
    (result,) = metadata["model-index"][0]["results"]
    assert [metric["type"] for metric in result["metrics"]] == ["accuracy"]


def test_hostile_names_stay_within_their_fields(hostile: Report) -> None:
    metadata, text = card(hostile)
    assert set(metadata) <= {"library_name", "pipeline_tag", "tags", "datasets", "metrics", "model-index"}
    assert "<script>" not in re.sub(r"```.*?```", "", text, flags=re.DOTALL)  # code is shown as it is
    assert "\u202e" not in text


def test_of_hundreds_of_classes_the_first_are_named() -> None:
    assert "and more" in card(samples.many_classes(100))[1]
