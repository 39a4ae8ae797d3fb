"""Every data set known by name: one small file each, and one line here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tuner.data.sets import cifar10, digits, fashion_mnist, mnist

if TYPE_CHECKING:
    from tuner.data.card import Card

CARDS: tuple[Card, ...] = (
    fashion_mnist.CARD,
    mnist.CARD,
    cifar10.CARD,
    digits.CARD,
)
