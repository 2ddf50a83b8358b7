"""Which arm a decision names: only one that is proven better than the others."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from reports.examples import clear_win, readout
from reports.test_decision import experiment

from holdback.economics.decision import decide
from holdback.experiments.definition.experiment import Arm, Economics
from holdback.reports.text.result_sentences import best_arm, headline, money_told
from holdback.results.money import Costs
from holdback.results.quantity import Quantity, Return
from holdback.results.scorecard import ArmRecord, Decision, Scorecard
from holdback.results.sections.arms_compared import ArmsCompared, BestArm

LIFTS = {"mild": 0.04, "bold": 0.06, "loud": 0.05}


def pair(a: str, b: str, lower: float, **changes: Any) -> ArmsCompared:
    """Arm a ahead of arm b by 2 %, and by 0.10 a unit."""
    found = ArmsCompared(
        a=a,
        b=b,
        metric="revenue",
        level=0.95,
        proven=lower > 0,
        relative=Quantity(value=0.02, lower=lower, upper=0.05),
        absolute=Quantity(value=0.10, lower=5 * lower, upper=0.25),
        p_value=0.03,
    )
    return replace(found, **changes)


def card(
    *pairs: ArmsCompared, arms: tuple[str, ...] = ("mild", "bold"), **lowers: float
) -> Scorecard:
    """A win of several arms; `lowers` are the ends of their lifts."""
    win = clear_win()
    money = tuple(
        replace(
            win.money[0],
            arm=arm,
            treated_units=1000,
            cost=Costs(total=100.0, items=()),
            ropi=Return(value=1.0, lower=0.5, upper=1.5, p_positive=0.99),
        )
        for arm in arms
    )
    readouts = tuple(
        readout(
            arm=arm,
            relative=Quantity(
                value=LIFTS[arm], lower=lowers.get(arm, 0.01), upper=0.12
            ),
        )
        for arm in arms
    )
    records = tuple(
        ArmRecord(arm=arm, control=False, label=arm, planned_share=0.3, units=1000)
        for arm in arms
    )
    best = tuple(
        BestArm(arm=arm, metric="revenue", p_best=0.5, expected_loss=0.01, prior="weak")
        for arm in arms
    )
    return replace(
        win,
        arms=(win.arms[0], *records),
        readouts=readouts,
        money=money,
        sections={"arms_compared": pairs, "best": best},
    )


def decided(
    scorecard: Scorecard, rule: str = "lift", **changes: Any
) -> tuple[Decision, str]:
    """The decision and its title."""
    arms = [record.arm for record in scorecard.arms if not record.control]
    planned = replace(
        experiment(rule),
        arms=(
            Arm(name="holdback", share=Fraction(1, 10), control=True),
            *(Arm(name=arm, share=Fraction(3, 10)) for arm in arms),
        ),
        **changes,
    )
    decision = decide(planned, scorecard)
    return decision, headline(replace(scorecard, decision=decision)).title


def test_an_arm_that_is_proven_better_is_named() -> None:
    """Both ship and the range between them excludes no difference."""
    decision, title = decided(card(pair("bold", "mild", 0.005)))
    assert decision.arm == "bold"
    assert title == "Keep it: bold"
    assert decision.reasons[0].code == "decision.arms"


def test_an_arm_that_is_only_ahead_is_not_named() -> None:
    """Both ship, nothing between them is proven: either may be kept."""
    made = card(pair("bold", "mild", -0.005))
    decision, title = decided(made)
    assert decision.arm is None
    assert title == "Keep either: bold is ahead"
    shown = replace(made, decision=decision)
    assert best_arm(shown) == "bold"
    assert [money.arm for money in money_told(shown)] == ["bold"]


def test_the_only_arm_that_ships_is_named() -> None:
    """The other is not proven at all, so there is nothing to choose from."""
    decision, title = decided(card(pair("bold", "mild", -0.01), mild=-0.02))
    assert decision.arm == "bold"
    assert title == "Keep it: bold"


def test_of_three_arms_the_first_must_beat_both() -> None:
    """Ahead of one by proof and of the other not: none is named."""
    three = ("mild", "bold", "loud")
    pairs = (
        pair("bold", "mild", 0.005),
        pair("bold", "loud", -0.01),
        pair("loud", "mild", -0.01),
    )
    decision, title = decided(card(*pairs, arms=three))
    assert decision.arm is None
    assert title == "Keep any of them: bold is ahead"
    sure = (pairs[0], replace(pairs[1], proven=True), pairs[2])
    decision, _ = decided(card(*sure, arms=three))
    assert decision.arm == "bold"


def test_no_arm_is_named_where_none_is_kept() -> None:
    """Nothing is settled, so nothing is named; each arm's money is shown."""
    made = card(pair("bold", "mild", -0.01), mild=-0.02, bold=-0.02)
    decision, _ = decided(made)
    assert decision.outcome == "keep_testing"
    assert decision.arm is None


@pytest.mark.parametrize(
    ("extra", "arm", "ahead"),
    [
        (0.0, "bold", "bold"),
        (10.0, "bold", "bold"),
        (30.0, None, "bold"),
        (90.0, None, "mild"),
        (400.0, "mild", "mild"),
    ],
)
def test_profit_weighs_what_the_arms_cost(
    extra: float, arm: str | None, ahead: str
) -> None:
    """Half of 0.10 a unit against what the bold arm costs more.

    0.05 (0.0125 to 0.125) is proven above 0 and 0.01, ahead of 0.03, behind 0.09 and
    surely behind 0.40.
    """
    made = card(pair("bold", "mild", 0.005))
    dear = tuple(
        replace(one, cost=Costs(total=100.0 + extra, items=()))
        if one.arm == "bold"
        else one
        for one in made.money
    )
    decision, _ = decided(
        replace(made, money=dear),
        "profit",
        economics=Economics(value="revenue", margin=Fraction(1, 2)),
    )
    assert decision.arm == arm
    assert decision.reasons[0].numbers["ahead"] == ahead
