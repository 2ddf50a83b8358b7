"""The section on which arm to keep: chances, losses, pairs."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

from reports.examples import changed, clear_win

from holdback.reports.pages.experiment_page import render
from holdback.results.quantity import Quantity
from holdback.results.scorecard import ArmRecord, Scorecard
from holdback.results.sections.arms_compared import ArmsCompared, BestArm

PAIR = ArmsCompared(
    a="personalized",
    b="bold",
    metric="revenue",
    level=0.95,
    proven=False,
    relative=Quantity(value=0.03, lower=-0.01, upper=0.07),
    p_value=0.12,
)
BEST = (
    BestArm(
        arm="holdback",
        metric="revenue",
        p_best=0.0004,
        expected_loss=0.05,
        prior="weak",
        loss_per_unit=0.21,
    ),
    BestArm(
        arm="personalized",
        metric="revenue",
        p_best=0.93,
        expected_loss=0.002,
        prior="weak",
        loss_per_unit=0.008,
    ),
    BestArm(
        arm="bold",
        metric="revenue",
        p_best=0.0696,
        expected_loss=0.03,
        prior="weak",
        loss_per_unit=0.12,
    ),
)


def card(*best: BestArm) -> Scorecard:
    """A win of two arms, of which one is ahead."""
    win = clear_win()
    bold = ArmRecord(
        arm="bold", control=False, label="Bold", planned_share=0.4, units=900
    )
    return replace(
        changed(win, best=best, arms_compared=(PAIR,)), arms=(*win.arms, bold)
    )


def section(scorecard: Scorecard) -> str:
    """What a reader reads of it."""
    page = render(scorecard)
    start = page.index('<section aria-labelledby="arms">')
    part = page[start : page.index("</section>", start)]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", part)).split())


def test_the_likeliest_arm_stands_first_with_what_it_may_lose() -> None:
    """0.008 and 0.12 a unit are 8 and 120 per 1,000 units."""
    text = section(card(*BEST))
    rows = ["Recommendations 0.930 €8.00 per 1,000 units"]
    rows += ["Bold 0.070 €120 per 1,000 units", "No personalization < 0.001"]
    places = [text.index(row.replace("< ", "<\N{NO-BREAK SPACE}")) for row in rows[:2]]
    assert places == sorted(places)
    assert "No personalization" in text
    assert "rough" not in text


def test_a_pair_is_no_stronger_than_its_range() -> None:
    """Ahead, with its range and its p-value, and not called better."""
    text = section(card(*BEST))
    assert "“Recommendations” against “Bold”" in text
    assert "+3.0% −1.0% to +7.0% 0.120 ahead, not proven better" in text


def test_chances_of_few_units_are_called_rough() -> None:
    """Said once below the table."""
    text = section(card(*(replace(one, rough=True) for one in BEST)))
    assert text.count("these chances are rough") == 1


def test_without_records_there_is_no_section() -> None:
    """One treatment arm: nothing to choose from."""
    assert 'aria-labelledby="arms"' not in render(clear_win())
