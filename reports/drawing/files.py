"""Figures as SVG and PNG: reproducible bytes, and an SVG that takes its colours from the page it stands in."""

from __future__ import annotations

import io
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from reports.drawing.palette import LIGHT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from matplotlib.figure import Figure

_FONTS = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', 'Liberation Sans', Arial, sans-serif"
_VARIABLES = {colour: f"var(--{role})" for role, colour in LIGHT.items()}
_TAG = re.compile(r"<[^>]+>")
_DPI = 180
_HALF_PAGE = 500


@dataclass(frozen=True, kw_only=True)
class Drawn:
    """One figure, drawn."""

    svg: str
    """A file of its own, in the light colours."""
    width: float
    """CSS pixels at which its text has its natural size."""


@dataclass(frozen=True, kw_only=True)
class Inline:
    """One figure as part of a page."""

    markup: Markup
    wide: bool
    """Whether half a page's width is too little for it."""


def draw(figure: Figure, name: str) -> Drawn:
    raw = _saved(figure, name, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    svg = re.sub(r"\s*<metadata>.*?</metadata>", "", raw.decode(), flags=re.DOTALL)
    return Drawn(svg=_TAG.sub(_tidy, svg), width=figure.get_figwidth() * 72)


def _tidy(tag: re.Match[str]) -> str:
    fonts = re.sub(r"font-family: [^;\"]*", f"font-family: {_FONTS}", tag[0])
    return re.sub(r"-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", fonts)


def png(figure: Figure, name: str) -> bytes:
    return _saved(figure, name, format="png", dpi=_DPI, metadata={"Software": None})


def _saved(figure: Figure, name: str, **options: Any) -> bytes:
    import matplotlib as mpl

    buffer = io.BytesIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}), warnings.catch_warnings():
        # A class name in a script that the font lacks is drawn as a box in PNG; SVG takes the reader's own fonts.
        warnings.filterwarnings("ignore", message="Glyph .* missing from font")
        figure.savefig(buffer, **options)
    return buffer.getvalue()


def inline(drawn: Drawn, name: str, alt: str) -> Inline:
    """The SVG with ids of its own, colours by role, described by `alt`."""
    svg = drawn.svg[drawn.svg.index("<svg") :]
    box = re.search(r'viewBox="([\d. ]+)"', svg)
    body = re.sub(r"\s*<style.*?</style>", "", svg[svg.index(">") + 1 :], flags=re.DOTALL)
    body = _TAG.sub(lambda tag: _adapt(tag[0], name), body)
    # As wide as its column, but neither blown up nor shrunk until its text cannot be read.
    size = f"max-width:{1.25 * drawn.width:.0f}px;min-width:{0.8 * drawn.width:.0f}px"
    opening = f'<svg role="img" aria-label="{escape(alt)}" viewBox="{box[1] if box else ""}" style="{size}">'
    # matplotlib escapes what it writes, `escape` the rest.
    return Inline(markup=Markup(opening + re.sub(r"\n\s*", " ", body)), wide=drawn.width > _HALF_PAGE)  # noqa: S704


def _adapt(tag: str, name: str) -> str:
    """Tags only: a class may be called '#0072b2'."""
    tag = re.sub(r'^<g id="[^"]*"', "<g", tag)
    tag = re.sub(r" id=\"", f' id="{name}-', tag)
    tag = re.sub(r"(xlink:href=\"#|url\(#)", rf"\g<1>{name}-", tag)
    tag = re.sub(r"#[0-9a-f]{6}\b", lambda colour: _VARIABLES.get(colour[0], colour[0]), tag)
    return re.sub(r"; font-family: [^;\"]*", "", tag)


def drawn_all(figures: Mapping[str, Figure]) -> dict[str, Drawn]:
    return {name: draw(figure, name) for name, figure in figures.items()}
