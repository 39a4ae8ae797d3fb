"""Every colour of a report, light and dark, by role. The page's style and the figures read the same table."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

LIGHT: Mapping[str, str] = {
    "surface": "#ffffff",
    "panel": "#f6f7f9",
    "ink": "#1b1f24",
    "muted": "#59636e",
    "grid": "#e1e5ea",
    "ghost": "#cdd3da",
    "accent": "#0a5c94",
    # Series. Source: Okabe and Ito 2008, "Color Universal Design"; the yellow is left out, being too pale on white.
    "blue": "#0072b2",
    "vermilion": "#d55e00",
    "green": "#009e73",
    "purple": "#b8639a",
    "amber": "#c98a00",
    # The matrix: right is blue, wrong is orange, so that neither colour-blindness nor print mixes them up.
    "right1": "#e3eef7",
    "right2": "#c4dced",
    "right3": "#98c1df",
    "right4": "#68a4ce",
    "right5": "#2d78ae",
    "right6": "#0b5a91",
    "wrong1": "#fdf0e5",
    "wrong2": "#fbdcc3",
    "wrong3": "#f6bd90",
    "wrong4": "#ee9757",
    "wrong5": "#c0580c",
    "wrong6": "#953c02",
    "on_pale": "#1a1e23",
    "on_deep": "#fffffe",
}
"""No two alike: `svg.inline` finds a role by its colour."""

DARK: Mapping[str, str] = {
    "surface": "#14171b",
    "panel": "#1c2026",
    "ink": "#e6e9ed",
    "muted": "#9ba5b0",
    "grid": "#2b3138",
    "ghost": "#434b55",
    "accent": "#7cc0f0",
    "blue": "#56b4e9",
    "vermilion": "#f2793a",
    "green": "#2fc39a",
    "purple": "#dd9cc6",
    "amber": "#e9b949",
    "right1": "#192836",
    "right2": "#1d3a55",
    "right3": "#224f75",
    "right4": "#286493",
    "right5": "#58a9de",
    "right6": "#a3d6f8",
    "wrong1": "#2c2119",
    "wrong2": "#482f1e",
    "wrong3": "#693f20",
    "wrong4": "#8a5020",
    "wrong5": "#e08c41",
    "wrong6": "#ffc890",
    "on_pale": "#e9ecf0",
    "on_deep": "#0f1215",
}

DEEP = frozenset({"right5", "right6", "wrong5", "wrong6"})
"""Cells that are written on with `on_deep`."""

SERIES = ("blue", "vermilion", "green", "purple", "amber")


def css() -> str:
    """The table as CSS variables; printing is always light."""
    return (
        f":root{{color-scheme:light dark;{_variables(LIGHT)}}}\n"
        f"@media screen and (prefers-color-scheme:dark){{:root{{{_variables(DARK)}}}}}"
    )


def _variables(colours: Mapping[str, str]) -> str:
    return "".join(f"--{role}:{colour};" for role, colour in colours.items())
