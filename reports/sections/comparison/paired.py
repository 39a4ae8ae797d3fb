"""The retrained winners on the same test images, pair by pair."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports import text
from reports.page import Block, Column, Prose, Section, Table
from reports.paired import LEVEL, adjusted

if TYPE_CHECKING:
    from reports.comparison import Comparison
    from reports.paired import Paired

_NAME = 30
_TOLD = 3
"""Pairs that have a sentence of their own; of more the table tells."""


def section(comparison: Comparison) -> Section:
    return Section(anchor="paired", title="On the same test images", blocks=tuple(_blocks(comparison)))


def _blocks(comparison: Comparison) -> list[Block]:
    pairs = comparison.paired
    if not pairs:
        return [Prose(text="No two of these studies have winners that were tested on the same images.")]
    told = [Prose(text=each) for each in sentences(comparison)]
    return [Prose(text=_how(len(pairs))), *told, _table(pairs, adjusted(pairs))]


def sentences(comparison: Comparison) -> tuple[str, ...]:
    """One for each pair; none where there are many."""
    pairs = comparison.paired
    if len(pairs) > _TOLD:
        return ()
    return tuple(_sentence(pair, p, of=len(pairs)) for pair, p in zip(pairs, adjusted(pairs), strict=True))


def _sentence(pair: Paired, p: float, *, of: int) -> str:
    """What the images say of the two; `p` is made up for `of` pairs."""
    first, second = text.shorten(pair.first, _NAME), text.shorten(pair.second, _NAME)
    low, high = (100 * end for end in pair.interval)
    counts = (
        f"Of {text.plural(pair.n, 'test image')} {first} alone is right on {pair.only_first:,}, {second} alone on "
        f"{pair.only_second:,}: a difference of {100 * pair.difference:+.2f} points (95 % interval {low:+.2f} to "
        f"{high:+.2f})"
    )
    test = f"McNemar's exact test, p {_p(p)}{', made up for several pairs' if of > 1 else ''}"
    if p >= LEVEL:
        return f"{counts}, which these images cannot tell from chance ({test})."
    better, other = (first, second) if pair.difference > 0 else (second, first)
    return f"{counts}, more than chance explains: the model of {better} is better than that of {other} ({test})."


def _how(n: int) -> str:
    several = " As there are several pairs, each chance is made up for their number by Holm's method." if n > 1 else ""
    return (
        "Images that both models get right, or both wrong, say nothing of which is better. McNemar's test looks at the "
        f"others, and tells more than two overlapping intervals do.{several} It speaks of these two trained models, "
        "not of their configurations: another seed would give others."
    )


def _p(p: float) -> str:
    return "< 0.0001" if p < 0.0001 else f"= {p:.4f}" if p < LEVEL else f"= {p:.2f}"  # noqa: PLR2004


def _table(pairs: tuple[Paired, ...], chances: tuple[float, ...]) -> Table:
    return Table(
        title="Pairs",
        columns=(
            Column(title="First"),
            Column(title="Second"),
            Column(title="Only first right", look="number"),
            Column(title="Only second right", look="number"),
            Column(title="Difference, points", look="number"),
            Column(title="95 % interval", look="number"),
            Column(title="p", look="number"),
        ),
        rows=tuple(_row(pair, p) for pair, p in zip(pairs, chances, strict=True)),
    )


def _row(pair: Paired, p: float) -> tuple[str, ...]:
    low, high = (100 * end for end in pair.interval)
    return (
        text.shorten(pair.first, _NAME),
        text.shorten(pair.second, _NAME),
        text.count(pair.only_first),
        text.count(pair.only_second),
        f"{100 * pair.difference:+.2f}",
        f"{low:+.2f} to {high:+.2f}",
        _p(p).removeprefix("= "),
    )
