"""The gallery in a real browser: axe, keyboard, phone, print, pictures, requests."""

from __future__ import annotations

import io
import os
import re
import shutil
import zlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import html5lib
import numpy as np
import pytest
from PIL import Image
from reports.gallery import GALLERY
from worlds.past import finished, stored

from holdback.portfolio.portfolio import portfolio
from holdback.reports.exports.email import html, message
from holdback.reports.pages.experiment_page import render
from holdback.reports.pages.pdf import pdf
from holdback.reports.pages.portfolio_page import render as portfolio_html
from holdback.results.scorecard import Scorecard

pytestmark = pytest.mark.browser

STORED = Path(__file__).resolve().parents[2] / "docs" / "gallery"
CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
WIDER = """() => {
  const edge = document.querySelector("main").getBoundingClientRect().right + 1;
  return [...document.querySelectorAll("table, p, svg, pre")]
    .filter(one => one.getBoundingClientRect().right > edge)
    .map(one => one.tagName + " " + one.className);
}"""
TOLERANCE = 6.0  # mean difference of grey, of 255, after blurring


def case(name: str) -> Any:
    """A case as a parameter: one process has all its tests, and so its analysis."""
    return pytest.param(name, marks=pytest.mark.xdist_group(name))


CASES = [case(name) for name in GALLERY]


class Cards(dict[str, Scorecard]):
    """Cases of the gallery, each analyzed, and rendered, when it is first asked for."""

    def __init__(self, folders: pytest.TempPathFactory) -> None:
        super().__init__()
        self.folders = folders
        self.page = cache(lambda name: render(self[name]))

    def __missing__(self, name: str) -> Scorecard:
        self[name] = GALLERY[name](self.folders.mktemp(name))
        return self[name]


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> Cards:
    """The gallery's scorecards by name."""
    return Cards(tmp_path_factory)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium; skips where there is none."""
    if CHROMIUM is None:
        pytest.skip("there is no chromium on the path, and CHROMIUM names none")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield running
        running.close()


@pytest.fixture(scope="module")
def axe() -> str:
    """The text of axe-core, from its pinned package."""
    import axe_playwright_python

    (script,) = Path(axe_playwright_python.__file__).parent.rglob("axe.min.js")
    return script.read_text(encoding="utf-8")


def opened(browser: Any, text: str, **options: Any) -> tuple[Any, list[str]]:
    """A page with the text, and the addresses that it asks for."""
    context = browser.new_context(bypass_csp=True, locale="en-IE", **options)
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = context.new_page()
    page.set_content(text)
    return page, asked


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(
    name: str, scheme: str, cards: Cards, browser: Any, axe: str
) -> None:
    """WCAG 2.2 AA and best practice, all details open; and nothing is asked for."""
    page, asked = opened(browser, cards.page(name), color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.evaluate(axe)
    found = page.evaluate(
        "rules => axe.run({runOnly: {type: 'tag', values: rules}})", RULES
    )
    told = [
        (v["id"], v["nodes"][0]["html"][:120], v["nodes"][0]["failureSummary"][:200])
        for v in found["violations"]
    ]
    page.context.close()
    assert told == []
    assert len(found["passes"]) > 20
    assert asked == []


@pytest.mark.parametrize("name", CASES)
def test_no_screen_needs_sideways_scrolling(
    name: str, cards: Cards, browser: Any
) -> None:
    """From a phone to a desk nothing is wider than the page, all details open."""
    page, _ = opened(browser, cards.page(name), viewport={"width": 375, "height": 800})
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    wider = {}
    for width in (375, 710, 768, 834, 900, 1024, 1280):
        page.set_viewport_size({"width": width, "height": 800})
        wider[width] = page.evaluate(WIDER)
    page.context.close()
    assert {width: found for width, found in wider.items() if found} == {}


@pytest.fixture(scope="module")
def portfolio_page(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Ten finished tests, a holdback without an end, and one test that still runs."""
    held = {
        "assignment": {"holdout": "year"},
        "holdouts": {"year": {"share": "5%", "salt": "year"}},
    }
    endless = {"assignment": {"salt": "year"}, "analysis": {"looks": "always_valid"}}
    tests = [
        finished(
            f"recommendations-on-the-product-page-{i}",
            0.03 * (i % 4) - 0.03,
            0.02,
            outcome="ship" if i % 4 == 3 else "keep_testing",
            tags=("recommendations",) if i % 2 else ("email",),
            configuration=held,
        )
        for i in range(10)
    ]
    year = finished("year", 0.02, 0.01, final=False, configuration=endless)
    running = finished("running", 0.5, 0.02, final=False)
    folder = stored(tmp_path_factory.mktemp("shop"), *tests, year, running)
    return portfolio_html(portfolio([folder]))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_portfolio(
    scheme: Any, portfolio_page: str, browser: Any, axe: str
) -> None:
    """WCAG 2.2 AA and best practice; it fits a phone and asks for nothing."""
    page, asked = opened(
        browser,
        portfolio_page,
        color_scheme=scheme,
        viewport={"width": 375, "height": 800},
    )
    page.evaluate(axe)
    found = page.evaluate(
        "rules => axe.run({runOnly: {type: 'tag', values: rules}})", RULES
    )
    width = page.evaluate("document.documentElement.scrollWidth")
    page.context.close()
    assert [(v["id"], v["nodes"][0]["html"][:120]) for v in found["violations"]] == []
    assert width <= 375
    assert asked == []


@pytest.mark.xdist_group("clear-win")
def test_the_keyboard_reaches_what_can_be_opened(cards: Cards, browser: Any) -> None:
    """Tab walks over every summary in reading order, and Enter opens it."""
    page, _ = opened(browser, cards.page("clear-win"))
    count = page.locator("summary").count()
    for _ in range(page.locator("nav a").count()):
        page.keyboard.press("Tab")
    reached = []
    for _ in range(count):
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        reached.append(
            page.evaluate(
                "[...document.querySelectorAll('summary')]"
                ".indexOf(document.activeElement)"
            )
        )
    opened_now = page.locator("details[open]").count()
    page.context.close()
    assert reached == list(range(count))
    assert opened_now == count


@pytest.mark.parametrize("name", CASES)
def test_the_html_is_valid(name: str, cards: Cards) -> None:
    """A strict parser has nothing to object to; nor in the mail."""
    for text in (cards.page(name), html(cards[name])):
        html5lib.HTMLParser(strict=True).parse(text)


@pytest.mark.parametrize("name", CASES)
def test_mail_is_small_and_plain(name: str, cards: Cards) -> None:
    """Below 100 KB, without what mail programs drop; the same bytes twice."""
    text, draft = html(cards[name]), message(cards[name])
    assert max(len(text.encode()), len(draft)) < 100_000
    for gone in ("<svg", "var(", "<style", "<script", "http"):
        assert gone not in text
    assert message(cards[name]) == draft


def inflated(written: bytes) -> Iterator[bytes]:
    """The streams of a PDF."""
    for part in re.findall(rb"stream\r?\n(.*?)endstream", written, re.DOTALL):
        try:
            yield zlib.decompress(part)
        except zlib.error:
            yield part


MOST_SHEETS = {"clear-win": 5, "clear-loss": 5, "three-arms": 6, "tiny-holdback": 5}


@pytest.mark.parametrize(
    ("width", "most"),
    [pytest.param(1280, 2.2, id="desk"), pytest.param(375, 5, id="phone")],
)
@pytest.mark.parametrize(
    "name", list(map(case, ["clear-win", "guardrail-breached", "too-early"]))
)
def test_the_answer_takes_two_screens(
    name: str, width: int, most: float, cards: Cards, browser: Any
) -> None:
    """With nothing unfolded: 2.2 screens of 1280 × 800, and 5 of a phone."""
    viewport = {"width": width, "height": 800}
    page, _ = opened(browser, cards.page(name), viewport=viewport)
    height = page.evaluate("document.documentElement.scrollHeight")
    printed = page.pdf(prefer_css_page_size=True)
    page.context.close()
    assert height <= most * 800
    assert len(re.findall(rb"/Type\s*/Page\b", printed)) <= MOST_SHEETS["clear-win"]


@pytest.mark.parametrize("name", list(map(case, MOST_SHEETS)))
def test_pdf_shows_its_marks(name: str, cards: Cards) -> None:
    """Tagged PDF/UA; the answer on one sheet; marks in their colours on the others."""
    import pypdfium2

    written = pdf(cards[name])
    if name == "clear-win":
        assert pdf(cards[name]) == written
    document = pypdfium2.PdfDocument(written)
    assert pypdfium2.raw.FPDFCatalog_IsTagged(document)
    assert b"pdfuaid:part" in b"".join(inflated(written))
    texts = [page.get_textpage().get_text_bounded() for page in document]
    assert len(texts) <= MOST_SHEETS[name]
    assert "data checks passed" in texts[0]
    assert ("What it earned" in texts[0]) is bool(cards[name].money)
    assert "Run it again" in "".join(texts)
    if cards[name].readouts[1].relative is None:
        return
    wanted = {"better": (0, 101, 90), "worse": (176, 38, 29), "unclear": (75, 88, 104)}
    seen = np.concatenate(
        [p.render(scale=1.5).to_numpy()[..., :3].reshape(-1, 3) for p in document]
    )
    colour = np.array(wanted[cards[name].readouts[1].verdict][::-1])
    near = np.abs(seen.astype(int) - colour).max(axis=1) < 12
    assert near.sum() > 150


@pytest.mark.parametrize("name", CASES)
def test_pictures_are_as_stored(name: str, cards: Cards, browser: Any) -> None:
    """The first screen looks as in the documents; UPDATE_GALLERY=1 stores it anew."""
    page, _ = opened(browser, cards.page(name), viewport={"width": 900, "height": 1150})
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB").resize((450, 575))
    page.context.close()
    path = STORED / f"{name}.png"
    if os.environ.get("UPDATE_GALLERY"):
        shot.quantize(32).save(path, optimize=True)
    stored = Image.open(path).convert("RGB")
    blurred = [
        np.asarray(image.convert("L").resize((60, 76), Image.Resampling.BOX), float)
        for image in (shot, stored)
    ]
    assert np.abs(blurred[0] - blurred[1]).mean() < TOLERANCE
