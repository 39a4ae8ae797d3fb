"""docs/space-file.md is held to the program: its examples load, its errors are the ones that are printed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from search_spaces import SearchSpace, SpaceError
from search_spaces.keras_table import keras_table

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = (Path(__file__).parents[2] / "docs" / "space-file.md").read_text("utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES, ids=range(len(EXAMPLES)))
def test_an_example_of_the_page_is_a_good_space(example: str, space_of: Callable[..., SearchSpace]) -> None:
    space = SearchSpace.parse(example, "page.yaml") if example.startswith("name:") else space_of(example)

    assert space.default().training.epochs


def test_the_errors_of_the_page_are_those_that_are_printed() -> None:
    text = EXAMPLES[0]
    for old, new in [
        ("[16, 32, 64]", "[16, 32, 16]"),
        ("[32, 256]", "[512, 256]"),
        ("dropout:", "dropuot:"),
        ("adam: {learning_rate", "adam: {learning_rat"),
    ]:
        text = text.replace(old, new)

    with pytest.raises(SpaceError) as caught:
        SearchSpace.parse(text, "tiny.yaml")

    assert f"```text\n{caught.value}\n```" in PAGE


def test_every_layer_and_every_optimizer_is_on_the_page() -> None:
    assert [kind for kind in [*keras_table().layers, *keras_table().optimizers] if f"`{kind}`" not in PAGE] == []


def test_the_domains_of_the_page_are_read() -> None:
    table = re.findall(r"^\| `(\{.*?\})` \|", PAGE, re.MULTILINE)

    assert len(table) == 8
    for domain in table:
        training = "training: {optimizer: adam, batch_size: $x, epochs: 1}"
        text = f"name: x\nvariables: {{x: {domain}}}\nlayers: [flatten]\n{training}"
        try:
            SearchSpace.parse(text, "page.yaml")
        except SpaceError as error:
            assert all("training.batch_size: must be" in str(problem) for problem in error.problems)  # noqa: PT017
