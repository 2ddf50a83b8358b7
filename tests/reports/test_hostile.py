"""Two hundred hostile texts in every place of the data: each comes back as text."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from html.parser import HTMLParser
from itertools import product
from typing import Any

import pytest
from markupsafe import Markup
from reports.examples import changed, clear_win

from holdback.errors import printable
from holdback.facts import Fact
from holdback.reports import html
from holdback.reports.exports.csv_table import readouts_csv
from holdback.reports.exports.markdown_summary import markdown, message
from holdback.reports.pages.experiment_page import render
from holdback.results.json_codec import from_json, to_json
from holdback.results.scorecard import Scorecard
from holdback.results.sections.prior_posterior import Belief

CORES = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<iframe srcdoc=x>",
    "</style><style>*{display:none}",
    "</title><h1>x",
    "</bdi></td></tr></table>",
    "<!--",
    "]]>",
    "javascript:alert(1)",
    "=HYPERLINK(1)",
    "+1+1",
    "-1-1",
    "@SUM(A1)",
    "{{7*7}}",
    "%s%n",
    "{0}{label}",
    "&lt;b&gt;",
    "&#x3c;b&#x3e;",
    "[x](https://evil.example)",
    "\u202egnp.exe",
    "\u2066abc\u2069",
    "nul\x00byte",
    "\x1b[31mred",
    "🙂e\u0301ﷺ",
)
WRAPS = ("{}", '"{}', "'{}'", "`{}", ">{}", "\t{}", "x {} y", '"> {}<')
PAYLOADS = [wrap.replace("{}", core) for core, wrap in product(CORES, WRAPS)]


class Told(HTMLParser):
    """Texts of `bdi` elements, and every element that is there."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[str] = []
        self.texts: list[str] = []
        self.inside = 0
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element; a `bdi` begins a text."""
        assert not [name for name, _ in attrs if name.startswith("on")]
        self.elements.append(tag)
        if tag == "bdi":
            self.inside += 1
            self.texts.append("")

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element without content."""
        assert not [name for name, _ in attrs if name.startswith("on")]
        self.elements.append(tag)

    def handle_endtag(self, tag: str) -> None:
        """A `bdi` ends its text."""
        self.inside -= tag == "bdi"

    def handle_data(self, data: str) -> None:
        """Text inside of a `bdi`."""
        if self.inside:
            self.texts[-1] += data


def poisoned(payload: str) -> Scorecard:
    """The example with the payload as metric, arm, segment, label and owner."""
    win = clear_win()
    card = replace(
        win,
        owner=payload,
        arms=tuple(
            replace(arm, arm=f"{payload}{arm.arm}", label=payload) for arm in win.arms
        ),
        metrics=tuple(
            replace(m, metric=f"{payload}{m.metric}", label=payload)
            for m in win.metrics
        ),
        readouts=tuple(
            replace(
                r,
                metric=f"{payload}{r.metric}",
                arm=f"{payload}{r.arm}",
                control=f"{payload}{r.control}",
                segment=replace(r.segment, level=payload) if r.segment else None,
            )
            for r in win.readouts
        ),
    )
    seen = (
        replace(b, metric=f"{payload}{b.metric}", arm=f"{payload}{b.arm}")
        for b in win.section(Belief)
    )
    return changed(card, trend=(), sensitivity=(), beliefs=tuple(seen))


@pytest.fixture(scope="module")
def harmless() -> Told:
    """The same page with a plain word."""
    return Told(render(poisoned("word")))


def test_there_are_two_hundred() -> None:
    """All different."""
    assert len(set(PAYLOADS)) == 200


ARABIC = "\N{ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM}"


@pytest.mark.parametrize("payload", PAYLOADS)
def test_text_comes_back_as_it_was(payload: str, harmless: Told) -> None:
    """The parsed page holds the text itself, and no element more."""
    told, word = Told(render(poisoned(payload))), "word"
    if ARABIC in payload:  # isolated from what runs to the right
        word, harmless = ARABIC, Told(render(poisoned(ARABIC)))
    assert told.elements == harmless.elements
    wanted = [text.replace(word, printable(payload)) for text in harmless.texts]
    assert told.texts == wanted


@pytest.mark.parametrize("payload", PAYLOADS)
def test_tables_and_chat_run_nothing(payload: str) -> None:
    """No cell begins as a formula, CSV comes back whole, Markdown holds no link."""
    card = poisoned(payload)
    for row in csv.DictReader(io.StringIO(readouts_csv(card), newline="")):
        for key in ("metric", "arm", "control", "level"):
            assert row[key].lstrip()[:1] not in set("=+-@")
        assert row["metric"].startswith((payload, f"'{payload}"))
    told = markdown(card) + message(card)
    assert "<" not in told.replace("\\<", "")
    assert "](" not in told.replace("\\](", "").replace("\\]\\(", "")
    assert from_json(to_json(card)) == card


IMAGE = '"><img src=x onerror=alert(1)>'


def test_every_piece_of_a_page_escapes_its_texts() -> None:
    """The bricks themselves, a hostile text in each place: no element, no handler."""

    def built(text: str) -> Told:
        head, rows = (text, text, text, text), [(text, text, text, text)]
        pieces = [
            html.named(text),
            html.section(text, Markup(""), anchor=text),
            html.folded(text, Markup(""), css=text),
            html.chart(Markup(""), [text], (text, text)),
            html.table(text, head, rows, numeric=(1,), css=text),
            html.table(text, head, rows, classes=[text] * 4),
        ]
        return Told(str(html.join(pieces)))

    for payload in (IMAGE, "<script>alert(1)</script>", "' onclick='alert(1)"):
        assert built(payload).elements == built("word").elements


def text_fields(value: object) -> set[str]:
    """Names of the fields that hold text, in all records of a scorecard."""
    names: set[str] = set()
    if is_dataclass(value) and not isinstance(value, type):
        for one in fields(value):
            inner = getattr(value, one.name)
            if isinstance(inner, str) and "Literal" not in str(one.type):
                names.add(one.name)
            names |= text_fields(inner)
    elif isinstance(value, tuple | list):
        names = set().union(*map(text_fields, value))
    elif isinstance(value, Mapping):
        names = set().union(*map(text_fields, value.values()))
    return names


def spoilt(value: Any, name: str, text: str) -> Any:
    """The same records with a text in front of that of all fields of a name."""
    if isinstance(value, Fact):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        inner = {
            one.name: spoilt(getattr(value, one.name), name, text)
            for one in fields(value)
            if one.init
        }
        if isinstance(inner.get(name), str):
            inner[name] = text + inner[name]
        return replace(value, **inner)
    if isinstance(value, tuple):
        return tuple(spoilt(item, name, text) for item in value)
    if isinstance(value, Mapping):
        return {key: spoilt(item, name, text) for key, item in value.items()}
    return value


PLACES = sorted(text_fields(clear_win()))
COMPUTED_WITH = {"as_of", "date", "outcome", "status", "verdict"}
COMPUTED_WITH |= {"window_end", "window_start"}
"""Texts that a page computes with: another one is an error there, not a hole."""


def test_every_text_field_is_escaped() -> None:
    """Each text of the records in turn: no element comes from it, none handles events.

    Found by walking the records, so a new field is tried without being named here.
    """
    card = clear_win()
    tried = set()
    for name in PLACES:
        try:
            harmless = Told(render(spoilt(card, name, "word")))
        except (ValueError, LookupError):
            assert name in COMPUTED_WITH, name
            continue
        told = Told(render(spoilt(card, name, IMAGE)))
        assert told.elements == harmless.elements, name
        tried.add(name)
    assert tried >= {"unit", "label", "owner", "metric", "arm", "control", "method"}
