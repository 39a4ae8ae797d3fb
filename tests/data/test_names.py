from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tuner.data import describe, names
from tuner.data.formats import FORMATS
from tuner.data.sets import CARDS
from tuner.errors import UsageError

if TYPE_CHECKING:
    from tuner.data import Card


def test_four_data_sets_are_known() -> None:
    assert names() == ("fashion-mnist", "mnist", "cifar10", "digits")


def test_a_misspelt_name_gets_a_suggestion() -> None:
    with pytest.raises(UsageError) as caught:
        describe("fashon-mnist")
    assert str(caught.value) == (
        "unknown data set 'fashon-mnist'. Did you mean fashion-mnist? Known: fashion-mnist, mnist, cifar10, digits"
    )


@pytest.mark.parametrize("name", ["", "xyzzy", "../../etc/passwd\x00", "[red]x[/red]"])
def test_a_name_like_no_other_gets_the_list_alone(name: str) -> None:
    with pytest.raises(UsageError, match=r"^(?!.*Did you mean).*Known: fashion-mnist"):
        describe(name)


def test_a_name_of_any_length_gives_one_short_line() -> None:
    with pytest.raises(UsageError) as caught:
        describe("m\n" * 100_000)
    assert len(str(caught.value)) < 300
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["Fashion-MNIST", "MNIST", "CIFAR10", "cifar-10", "fashion_mnist"])
def test_other_spellings_in_use_get_a_suggestion(name: str) -> None:
    with pytest.raises(UsageError, match="Did you mean"):
        describe(name)


@pytest.mark.parametrize("card", CARDS, ids=lambda card: card.name)
def test_every_card_is_complete(card: Card) -> None:
    assert card.title
    assert card.description
    assert card.licence
    assert card.citation
    assert card.homepage.startswith("http")
    assert len(set(card.class_names)) == card.n_classes == 10
    assert all(name in FORMATS for name in card.formats)
    assert bool(card.downloads) == bool(card.mirrors)
    assert card.downloads or card.made
    assert all(mirror.endswith("/") for mirror in card.mirrors)


def test_listing_names_needs_neither_numpy_nor_a_network_library() -> None:
    code = "import sys, tuner.data as d; d.names(); print({'numpy', 'pooch', 'requests', 'sklearn'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_everything_promised_is_exported() -> None:
    import tuner.data as room

    assert all(getattr(room, name) for name in room.__all__)
    with pytest.raises(AttributeError):
        _ = room.nothing
