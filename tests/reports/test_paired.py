"""Two models on the same test images."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reports.page import Prose, Table
from reports.paired import Paired, adjusted
from reports.sections.comparison import paired
from tests.reports import comparisons


def pair(only_first: int, only_second: int, n: int = 1000, names: tuple[str, str] = ("a", "b")) -> Paired:
    return Paired(first=names[0], second=names[1], n=n, only_first=only_first, only_second=only_second)


def test_mcnemars_exact_test_is_that_of_the_book() -> None:
    # 8 heads or fewer, or 2 and their mirror image, of 10 throws: 2 * (1 + 10 + 45) / 1024.
    assert pair(8, 2).p == pytest.approx(112 / 1024)
    assert pair(2, 8).p == pytest.approx(112 / 1024)
    assert pair(0, 0).p == 1.0


def test_the_interval_holds_the_difference_as_often_as_it_says() -> None:
    """Over made-up pairs of models whose true difference is known."""
    import numpy as np

    rng = np.random.default_rng(0)
    n, b, c = 500, 0.06, 0.04
    drawn = rng.multinomial(n, [b, c, 1 - b - c], size=2000)
    held = 0
    for only_first, only_second, _ in drawn:
        low, high = pair(int(only_first), int(only_second), n).interval
        held += low <= b - c <= high
    assert 0.935 <= held / len(drawn) <= 0.965


def test_the_interval_stays_within_what_is_possible() -> None:
    assert pair(3, 0, n=3).interval[1] <= 1.0
    assert pair(0, 3, n=3).interval[0] >= -1.0
    assert pair(3, 1).interval == tuple(-end for end in reversed(pair(1, 3).interval))


def test_several_chances_are_made_up_for_by_holm() -> None:
    pairs = [pair(8, 2), pair(30, 5), pair(20, 10)]
    plain = [each.p for each in pairs]
    found = adjusted(pairs)
    assert found[1] == pytest.approx(3 * plain[1])
    assert found[2] == pytest.approx(max(2 * plain[2], found[1]))
    assert found[0] == pytest.approx(max(plain[0], found[2]))
    assert adjusted([]) == ()
    assert max(adjusted([pair(5, 5), pair(4, 4)])) == 1.0


def said(*pairs: Paired) -> list[str]:
    section = paired.section(replace(comparisons.two(), paired=pairs))
    return [block.text for block in section.blocks if isinstance(block, Prose)]


def test_a_difference_that_chance_explains_is_not_claimed() -> None:
    _, sentence = said(pair(10, 6))
    assert sentence == (
        "Of 1,000 test images a alone is right on 10, b alone on 6: a difference of +0.40 points (95 % interval "
        "-0.41 to +1.21), which these images cannot tell from chance (McNemar's exact test, p = 0.45)."
    )


@pytest.mark.parametrize(("counts", "better"), [((60, 20), "a"), ((20, 60), "b")])
def test_a_difference_beyond_chance_is_told_with_its_side(counts: tuple[int, int], better: str) -> None:
    _, sentence = said(pair(*counts))
    assert f"the model of {better} is better than that of" in sentence
    assert "p < 0.0001" in sentence


def test_one_that_is_so_only_before_it_is_made_up_for_is_not_claimed() -> None:
    alone = pair(17, 6)
    assert 0.02 < alone.p < 0.05
    assert "is better than" in said(alone)[1]
    three = said(alone, pair(5, 5, names=("a", "c")), pair(5, 6, names=("b", "c")))
    assert not [sentence for sentence in three if "is better than" in sentence]
    assert all("made up for several pairs" in sentence for sentence in three[1:])


def test_many_pairs_are_in_the_table_alone() -> None:
    pairs = [pair(5, i, names=("a", f"study-{i}")) for i in range(6)]
    section = paired.section(replace(comparisons.two(), paired=tuple(pairs)))
    (table,) = [block for block in section.blocks if isinstance(block, Table)]
    assert len(table.rows) == 6
    assert len([block for block in section.blocks if isinstance(block, Prose)]) == 1


def test_where_nothing_was_tested_on_the_same_images_it_says_so() -> None:
    (sentence,) = said()
    assert "No two of these studies" in sentence
