"""Malformed space files of many kinds, and the two good files that they are made from."""

from malformed import generated, language, layers, texts, wholes
from malformed.case import Case
from malformed.good import GOOD, RICH

CASES = [*texts.CASES, *layers.CASES, *wholes.CASES, *language.CASES, *generated.CASES]

__all__ = ["CASES", "GOOD", "RICH", "Case"]
