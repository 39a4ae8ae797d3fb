from __future__ import annotations

import re
from collections import Counter
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest

from reports import render_html
from tests.reports import samples

if TYPE_CHECKING:
    from reports import Report

VOID = {"meta", "wbr", "br", "img", "hr", "link", "input"}


class Elements(HTMLParser):
    """Start tags with their attributes, the text, and tags that were closed out of turn."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.open: list[str] = []
        self.torn: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.torn.append(tag)

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).replace("\xa0", " ").split())


@pytest.fixture(scope="module")
def page(fashion: Report) -> str:
    return render_html(fashion)


def test_every_stage_renders_as_well_formed_html(any_stage: Report) -> None:
    parsed = Elements(render_html(any_stage))
    assert parsed.torn == []
    assert parsed.open == []


def test_hostile_names_neither_run_nor_turn_the_page_around(hostile: Report) -> None:
    page = render_html(hostile)
    parsed = Elements(page)
    assert [tag for tag, _ in parsed.elements if tag in {"script", "iframe", "object", "embed", "link"}] == []
    assert [name for _, attributes in parsed.elements for name in attributes if name.startswith("on")] == []
    assert not set(page) & set("\x00\x07\u202a\u202b\u202d\u202e\u2066\u2067")
    assert "<script>alert(1)</script>" in parsed.text
    assert "{{ 7 * 7 }}" in parsed.text


def test_nothing_is_loaded_from_anywhere(page: str) -> None:
    parsed = Elements(page)
    links = [v for _, a in parsed.elements for name, v in a.items() if name in {"src", "href", "xlink:href", "data"}]
    assert links
    assert all(link.startswith("#") for link in links)
    assert re.findall(r"url\((?!#)|@import", page) == []


def test_all_links_lead_somewhere_and_no_id_is_used_twice(page: str) -> None:
    parsed = Elements(page)
    ids = Counter(attributes["id"] for _, attributes in parsed.elements if "id" in attributes)
    assert [name for name, n in ids.items() if n > 1] == []
    wanted = {v[1:] for _, a in parsed.elements for name, v in a.items() if name in {"href", "xlink:href"}}
    assert wanted | set(re.findall(r"url\(#([^)]+)\)", page)) <= set(ids)


def test_fifty_trials_stay_under_a_megabyte_and_a_half(page: str) -> None:
    assert len(page.encode()) < 1_500_000


def test_every_figure_is_described_for_those_who_cannot_see_it(page: str) -> None:
    drawn = [attributes for tag, attributes in Elements(page).elements if tag == "svg"]
    assert len(drawn) == 15
    assert all(attributes["role"] == "img" and len(attributes["aria-label"]) > 20 for attributes in drawn)


def test_figures_take_every_colour_from_the_page(page: str) -> None:
    drawings = re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL)
    assert [colour for drawing in drawings for colour in re.findall(r": (#[0-9a-f]{6})", drawing)] == []


def test_dark_is_for_screens_that_ask_for_it(page: str) -> None:
    assert "@media screen and (prefers-color-scheme:dark)" in page


def test_a_class_named_like_a_colour_keeps_its_name() -> None:
    report = samples.digits()
    names = ("#0072b2", 'id="x', "3.14159", "font-family: x", *map(str, range(6)))
    page = render_html(samples.named(report, names))
    drawn = " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", page))
    assert all(name in drawn for name in names)


def test_numbers_keep_their_units_on_the_same_line(page: str) -> None:
    assert re.search(r"\d %", re.sub(r"<svg.*?</svg>|aria-label=\"[^\"]*\"", "", page, flags=re.DOTALL)) is None
