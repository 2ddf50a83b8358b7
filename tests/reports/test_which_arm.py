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


def section(scorecard: Scorecard, heading: str = "arms") -> str:
    """What a reader reads of it."""
    page = render(scorecard)
    start = page.index(f'aria-labelledby="{heading}"')
    part = page[page.index(">", start) : page.index("</section>", start)]
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", part)).split())


def test_the_likeliest_arm_stands_first_with_what_it_may_lose() -> None:
    """0.008 and 0.12 a unit are 8 and 120 per 1,000 of them."""
    text = section(card(*BEST), "best")
    rows = ["Recommendations 0.930 €8.00 per 1,000 customers"]
    rows += ["Bold 0.070 €120 per 1,000 customers", "No personalization <"]
    places = [text.index(row) for row in rows]
    assert places == sorted(places)
    assert "rough" not in text
    told = "About 93 in 100 is the chance that “Recommendations” is the best of them"
    assert told in section(card(*BEST))


def test_a_pair_is_no_stronger_than_its_range() -> None:
    """Ahead, with its range, and not called better; its p-value is elsewhere."""
    text = section(card(*BEST))
    assert "“Recommendations” against “Bold”" in text
    assert "−1.0% to +7.0% No clear change" in text
    assert "0.120" not in text
    assert "0.120" in section(card(*BEST), "best")


def test_chances_of_few_units_are_called_rough() -> None:
    """Said once below the table."""
    text = section(card(*(replace(one, rough=True) for one in BEST)), "best")
    assert text.count("these chances are rough") == 1


def test_without_records_there_is_no_section() -> None:
    """One treatment arm: nothing to choose from."""
    assert 'aria-labelledby="arms"' not in render(clear_win())
