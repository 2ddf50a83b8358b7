"""The page: whole, safe, the same every time, and honest."""

from __future__ import annotations

# records and YAML read best one a line
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser

import numpy as np
import pytest
from reports.examples import EXAMPLES, changed, clear_win
from reports.test_hostile import PAYLOADS
from scipy import stats

from holdback.facts import fact
from holdback.reports.exports.csv_table import readouts_csv
from holdback.reports.exports.terminal import summary
from holdback.reports.pages.experiment_page import POLICY, render
from holdback.results.json_codec import from_json, to_json
from holdback.results.quantity import Quantity
from holdback.results.sections.against_plan import Expected
from holdback.results.sections.decomposition import Decomposition
from holdback.results.sections.sensitivity import Sensitivity
from holdback.stats.design.power import MeanDesign

ALLOWED = frozenset(
    [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "header",
        "section",
        "h1",
        "h2",
        "h3",
        "p",
        "span",
        "bdi",
        "dl",
        "dt",
        "dd",
        "strong",
        "table",
        "caption",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "ul",
        "li",
        "div",
        "details",
        "summary",
        "code",
        "pre",
        "svg",
        "line",
        "circle",
        "polygon",
        "polyline",
        "rect",
        "path",
        "g",
        "text",
        "nav",
        "a",
        "footer",
    ]
)
VOID = frozenset({"meta"})

HOSTILE = (*PAYLOADS[::6], "line\nbreak", "{0}{lang}{policy}", "ﷺ" * 30, "a" * 500)


class Page(HTMLParser):
    """Collects tags, attributes and text; notes tags that do not close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text: list[str] = []
        self.open: list[str] = []
        self.unclosed: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag that closes itself."""
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_endtag(self, tag: str) -> None:
        """A tag must close the one opened last."""
        if not self.open or self.open.pop() != tag:
            self.unclosed.append(tag)

    def handle_data(self, data: str) -> None:
        """Note the text."""
        self.text.append(data)


def checked(text: str) -> Page:
    """The parsed page, after the checks that every page must pass."""
    page = Page(text)
    assert set(page.tags) <= ALLOWED
    assert not page.unclosed
    assert not page.open
    for name, value in page.attributes:
        assert not name.startswith("on")
        assert name not in {"src", "action", "xlink:href"}
        if name == "href":
            assert re.fullmatch(r"#[a-z-]+", value)
        if name == "style":
            assert re.fullmatch(r"--zero:[\d.]+%", value)
    return page


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_a_whole_safe_page(name: str) -> None:
    """Known tags only, closed in order, no script, no request, the policy in place."""
    text = render(EXAMPLES[name]())
    page = checked(text)
    assert ("content", POLICY) in page.attributes
    assert "<script" not in text
    assert not re.search(r"url\(|@import|https?://", text)
    assert len(text) < 300_000


@pytest.mark.parametrize("payload", HOSTILE)
def test_hostile_text_stays_text(payload: str) -> None:
    """Text from the data appears as text wherever it can come from."""
    win = clear_win()
    hostile = replace(
        win,
        experiment=payload,
        hypothesis=payload,
        owner=payload,
        arms=tuple(replace(arm, label=payload) for arm in win.arms),
        metrics=tuple(replace(metric, label=payload) for metric in win.metrics),
        checks=tuple(
            replace(check, fact=replace(check.fact, message=payload))
            for check in win.checks
        ),
        inputs=tuple(replace(i, source=payload) for i in win.inputs),
        configuration={payload: payload},
        command=payload,
        readouts=tuple(
            replace(r, segment=replace(r.segment, dimension=payload, level=payload))
            if r.segment
            else replace(r, note=fact("facts.text", text=payload))
            for r in win.readouts
        ),
    )
    plain = checked(render(win))
    page = checked(render(hostile))
    tags, own = (
        [tag for tag in one.tags if tag != "bdi"]  # around what runs right to left
        for one in (page, plain)
    )
    assert sorted(set(tags)) == sorted(set(own))
    assert len(tags) == len(own)
    printed = summary(hostile)
    assert "\x1b" not in printed
    assert "\u202e" not in printed


def test_readouts_csv_is_safe_in_a_spreadsheet() -> None:
    """Text that a spreadsheet would run begins with an apostrophe; numbers do not."""
    win = clear_win()
    readouts = tuple(replace(r, metric="=1+1") for r in win.readouts)
    text = readouts_csv(replace(win, readouts=readouts))
    assert "'=1+1" in text
    assert ",-0.0" in text


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_same_scorecard_gives_the_same_page(name: str) -> None:
    """Rendered twice, and once from its JSON: the same bytes."""
    scorecard = EXAMPLES[name]()
    first = render(scorecard)
    assert render(scorecard) == first
    assert render(from_json(to_json(scorecard))) == first


def text_of(name: str) -> str:
    """What a reader reads."""
    return " ".join(" ".join(Page(render(EXAMPLES[name]())).text).split())


def test_the_answer_comes_first() -> None:
    """Decision, money, metrics, checks; then, folded, what a reader asks next."""
    part = Decomposition(
        arm="personalized",
        revenue_per_unit=0.21,
        from_conversion=0.3,
        from_orders_per_buyer=-0.1,
        from_order_value=0.01,
    )
    planned = Expected(
        metric="revenue",
        power=0.8,
        planned_units=60_000,
        planned_mean=4.3,
        units=60_123,
    )
    card = changed(clear_win(), decomposition=(part,), expected=planned)
    heads = re.findall(r"<h2[^>]*>(.*?)</h2>", render(card))
    order = ["Keep it", "What it earned", "What changed", "data checks", "Details"]
    order += ["Explore", "Over time", "Where the change came from", "Segments"]
    order += ["For statisticians", "Why this decision", "How sure we are", "Method"]
    order += ["What the data changed", "Does the answer depend", "Plan and outcome"]
    order += ["Words used here", "Provenance", "Who was counted", "Run it again"]
    places = [next(i for i, h in enumerate(heads) if part in h) for part in order]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("no_answer", "Keep testing"),
        ("loss", "Turn it off"),
        ("broken_split", "Can’t be used"),
        ("too_early", "Too early to decide"),
        ("breached", "Past limit"),
        ("no_number", "only 12 units"),
        ("open_side", "above +10.0%"),
    ],
)
def test_each_case_says_what_it_is(name: str, told: str) -> None:
    """The words of each case stand on its page."""
    assert told in text_of(name)


def test_an_unclear_result_says_what_it_could_have_shown() -> None:
    """From the range's width alone: the lift of a symmetric design with that error."""
    card = EXAMPLES["no_answer"]()
    (primary,) = (r for r in card.readouts if r.role == "primary")
    error = np.log((1 + primary.relative.upper) / (1 + primary.relative.lower))
    error /= 2 * stats.norm.isf(0.025)
    design = MeanDesign(cv=1.0, control_share=0.5, treatment_share=0.5)
    lift = design.detectable_lift(units=4 / error**2, power=0.8)
    page = render(card)
    assert f"finds a true lift of {100 * lift:.1f}% 8 times in 10" in page
    needed = design.units_needed(lift=0.01, power=0.8) * error**2 / 4
    page = render(replace(card, minimum_lift=0.01))
    assert f"takes {needed:.1f} times as many units" in page
    assert "8 times in 10" not in render(clear_win())


def test_losses_have_a_minus() -> None:
    """Negative money is written with a minus sign and never as a gain."""
    text = text_of("loss")
    assert "−€15,600" in text
    assert "was 6.0% lower" in text


def test_a_cap_is_told_beside_the_money() -> None:
    """Where the lift is capped, the page says that money is not."""
    win = clear_win()
    raw = replace(win.section(Sensitivity)[0], variant="raw")
    text = " ".join(Page(render(changed(win, sensitivity=(raw,)))).text)
    assert "Money counts every amount in full" in text
    assert "without the cut it is +5.0%" in text
    assert "Money counts" not in text_of("clear_win")


def test_a_failed_check_leaves_the_results_out() -> None:
    """Of the blocks there remain those that show no result, the checks first."""
    page = render(EXAMPLES["broken_split"]())
    anchors = re.findall(r'<section [^>]*labelledby="(\w+)"', page)
    assert anchors[:3] == ["answer", "withheld", "trust"]
    assert anchors[3:] == ["details", "glossary", "accounting", "again"]
    assert 'labelledby="withheld"' not in render(clear_win())


def test_no_group_is_called_better_than_another() -> None:
    """Segments have ranges and pulled lifts, and no reading of their own."""
    page = render(clear_win())
    start = page.index('<section aria-labelledby="segments">')
    part = page[start : page.index("</section>", start)]
    assert "Others taken into account" in part
    for word in ("Better", "No clear", 'class="good"', 'class="forest good'):
        assert word not in part
        assert word in page


@pytest.mark.parametrize(
    ("low", "value", "high", "told"),
    [
        (0.02, 0.05, 0.08, "was added by the treatment"),
        (-0.02, 0.01, 0.04, "cannot be told yet"),
        (-0.09, -0.05, -0.01, "took revenue away"),
    ],
)
def test_the_share_that_was_added_is_no_stronger_than_its_range(
    low: float, value: float, high: float, told: str
) -> None:
    """Added, unclear or lost, by what the range holds."""
    share = Quantity(value=value, lower=low, upper=high)
    win = clear_win()
    found = tuple(replace(m, incremental_share=share) for m in win.money)
    text = unescape(render(replace(win, money=found)))
    assert told in text
    others = {"was added by the treatment", "cannot be told yet", "took revenue away"}
    assert not any(other in text for other in others - {told})
