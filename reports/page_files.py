"""A page's files: HTML, Markdown, and its figures as SVG and PNG."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.drawing import files
from reports.html_page import to_html
from reports.markdown_page import to_markdown

if TYPE_CHECKING:
    from reports.page import Page


def page_files(page: Page) -> dict[str, bytes]:
    """By path relative to the page's folder."""
    drawn = {plot.name: plot.draw() for plot in page.plots()}
    vectors = files.drawn_all(drawn)
    texts = {
        f"{page.kind}.html": to_html(page, vectors),
        f"{page.kind}.md": to_markdown(page),
        **{f"figures/{name}.svg": drawing.svg for name, drawing in vectors.items()},
    }
    pictures = {f"figures/{name}.png": files.png(figure, name) for name, figure in drawn.items()}
    return {**{name: content.encode() for name, content in texts.items()}, **pictures}
