"""A page as one HTML file that needs nothing else: no script, no font, no network."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup, escape

from reports import text
from reports.drawing import files, palette

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2 import Environment

    from reports.page import Page, Plot

_NUMBER_AND_UNIT = re.compile(r"(?<=\d) (?=(?:%|s|min|h|d|B|kB|MB|GB)(?!\w))")


def to_html(page: Page, drawings: Mapping[str, files.Drawn]) -> str:
    """`drawings` by name of the plot."""
    environment = _environment()
    style = environment.loader.get_source(environment, "report.css")[0] if environment.loader else ""
    return environment.get_template("report.html").render(
        page=page,
        palette=Markup(palette.css()),  # noqa: S704 - our own constants
        style=Markup(style),  # noqa: S704 - our own file
        drawings={plot.name: _inline(drawings[plot.name], plot, plot.name) for plot in page.plots()},
        narrow={plot.name: _narrow(plot) for plot in page.plots()},
    )


def _narrow(plot: Plot) -> files.Inline | None:
    name = f"{plot.name}-narrow"
    return _inline(files.draw(plot.draw_narrow(), name), plot, name) if plot.draw_narrow else None


def _inline(drawn: files.Drawn, plot: Plot, name: str) -> files.Inline:
    return files.inline(drawn, name, text.clean(plot.alt))


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    loader = PackageLoader("reports")
    made = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, finalize=_finish, trim_blocks=True)
    made.filters["breakable"] = _breakable
    return made


def _breakable(name: str) -> Markup:
    """A dotted name that may be broken after its dots, or one of several words after their underscores."""
    return escape(text.clean(name)).replace(".", Markup(".<wbr>")).replace("_", Markup("_<wbr>"))


def _finish(value: Any) -> Any:
    """What every expression of every template goes through before it is escaped."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return _NUMBER_AND_UNIT.sub("\N{NO-BREAK SPACE}", text.clean(value))
    return value
