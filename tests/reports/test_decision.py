"""The planned rules, their blocks, and which arm speaks for the experiment."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from reports.examples import breached, clear_win, loss, no_answer, no_number, readout

from holdback.economics import decision as economics
from holdback.experiments.definition.experiment import (
    AnalysisSettings,
    Arm,
    Assignment,
    DecisionRule,
    Experiment,
)
from holdback.experiments.metrics.conversion import Conversion
from holdback.experiments.metrics.mean import Mean
from holdback.facts import Fact, fact
from holdback.reports.text.locale_format import Words
from holdback.reports.text.result_sentences import best_arm, headline
from holdback.reports.text.telling import told
from holdback.results.quantity import Quantity, Return
from holdback.results.scorecard import Decision, DecisionArm, Finding, Look, Scorecard


def decide(experiment: Experiment, scorecard: Scorecard) -> Decision:
    """The decision with its reasons in words."""
    return told(economics.decide(experiment, scorecard), Words.of(scorecard))


def experiment(rule: str, **changes: Any) -> Experiment:
    """Two arms under a rule."""
    decision: dict[str, Any] = {"rule": rule} | changes
    return Experiment(
        name="recs-holdback",
        arms=(
            Arm(name="holdback", share=Fraction(1, 10), control=True),
            Arm(name="personalized", share=Fraction(9, 10)),
        ),
        assignment=Assignment(source="a", salt="x"),
        metrics={
            "revenue": Mean(name="revenue", source="orders"),
            "unsubscribed": Conversion(name="unsubscribed", source="o", better="lower"),
        },
        sources={},
        primary="revenue",
        analysis=AnalysisSettings(),
        decision=DecisionRule(**decision),
    )


def chance(scorecard: Scorecard, p: float) -> Scorecard:
    """The scorecard with another chance that it pays."""
    money = tuple(
        replace(m, ropi=replace(m.ropi, p_positive=p) if m.ropi else None)
        for m in scorecard.money
    )
    return replace(scorecard, money=money)


@pytest.mark.parametrize(
    ("p", "outcome"),
    [
        (0.951, "ship"),
        (0.95, "ship"),
        (0.949, "keep_testing"),
        (0.06, "keep_testing"),
        (0.04, "hold_back"),
    ],
)
def test_profit_reads_the_chance_of_paying(p: float, outcome: str) -> None:
    """Ship when P(ROPI > 0) reaches the level, hold back when its opposite does."""
    decision = decide(experiment("profit"), chance(clear_win(), p))
    assert decision.outcome == outcome
    assert decision.reasons


def test_profit_without_a_return_keeps_testing() -> None:
    """No return, no decision; the reason says so."""
    win = clear_win()
    bare = replace(
        win, money=tuple(replace(m, ropi=None, net_profit=None) for m in win.money)
    )
    decision = decide(experiment("profit"), bare)
    assert decision.outcome == "keep_testing"
    assert "no honest range" in str(decision.reasons[0])


@pytest.mark.parametrize(
    ("minimum", "outcome"),
    [
        (Fraction(0), "ship"),
        (Fraction(1, 100), "ship"),
        (Fraction(2, 100), "keep_testing"),
        (Fraction(9, 100), "hold_back"),
    ],
)
def test_lift_reads_the_interval(minimum: Fraction, outcome: str) -> None:
    """The interval 1.3 % to 8.4 % against the minimum lift."""
    decision = decide(experiment("lift", minimum_lift=minimum), clear_win())
    assert decision.outcome == outcome


def test_not_worse_reads_the_margin() -> None:
    """An interval down to −0.9 % passes a margin of 1 %, not one of 0.5 %."""
    wide = experiment("not_worse", margin=Fraction(1, 100))
    narrow = experiment("not_worse", margin=Fraction(1, 200))
    assert decide(wide, no_answer()).outcome == "ship"
    assert decide(narrow, no_answer()).outcome == "keep_testing"


def test_harm_is_held_back() -> None:
    """An interval wholly below zero is held back under the lift rule."""
    decision = decide(experiment("lift"), loss())
    assert decision.outcome == "hold_back"
    assert "was 6.0% lower" in str(decision.reasons[0])


def test_lower_is_better_turns_the_interval() -> None:
    """For a metric to be lowered, a fall ships."""
    turned = replace(
        experiment("lift"),
        metrics={"revenue": Mean(name="revenue", source="o", better="lower")},
    )
    assert decide(turned, loss()).outcome == "ship"
    assert decide(turned, clear_win()).outcome == "hold_back"


def test_a_failed_check_invalidates() -> None:
    """Whatever the lift: a failed check is the only reason given."""
    failed = Finding(
        check="srm",
        status="fail",
        fact=Fact("srm.mismatch", message="Split is broken."),
        p_value=0.0,
    )
    decision = decide(experiment("lift"), replace(clear_win(), checks=(failed,)))
    assert decision.outcome == "invalid"
    assert list(map(str, decision.reasons)) == ["Split is broken."]


def test_nothing_is_decided_before_the_end() -> None:
    """In a preview even a clear win only keeps testing."""
    early = replace(clear_win(), final=False, preview=fact("preview.no_planned_look"))
    decision = decide(experiment("lift"), early)
    assert decision.outcome == "keep_testing"
    assert "preview" in str(decision.reasons[0])
    assert "no look is planned" in str(decision.reasons[0])


def test_an_early_look_asks_for_more() -> None:
    """P(ROPI > 0) must reach what the look demands; a breached guardrail stops."""
    taken = Look(
        number=1,
        information=0.5,
        boundary=2.96,
        decision_alpha=0.003,
        alpha_spent=0.003,
        rule="spending",
    )
    early = replace(clear_win(), final=False, look=taken)
    assert early.decision_level == pytest.approx(0.997)
    chance = next(m for m in early.money if m.arm == "personalized").ropi.p_positive
    expected = "ship" if chance >= 0.997 else "keep_testing"
    assert decide(experiment("profit"), early).outcome == expected
    sure = replace(
        early,
        money=tuple(
            replace(m, ropi=replace(m.ropi, p_positive=0.99)) for m in early.money
        ),
    )
    assert decide(experiment("profit"), sure).outcome == "keep_testing"
    assert decide(experiment("profit"), replace(sure, look=None)).outcome == "ship"
    harmed = replace(breached(), final=False, look=taken)
    assert decide(experiment("lift"), harmed).outcome == "stop"


def test_a_breached_guardrail_forbids_shipping() -> None:
    """A win with a guardrail past its limit is held back, and says which."""
    decision = decide(experiment("lift"), breached())
    assert decision.outcome == "hold_back"
    assert any("Unsubscribe rate is past the limit" in str(r) for r in decision.reasons)


def test_a_gain_past_a_guardrail_is_bound_to_it() -> None:
    """What would have shipped is told with “Although”; nothing else is."""
    paying = decide(experiment("profit"), chance(breached(), 0.97))
    assert paying.outcome == "hold_back"
    assert str(paying.reasons[0]).startswith(
        "Although the chance that it earns more than it"
    )
    for other in (
        decide(experiment("profit"), chance(breached(), 0.5)),
        decide(experiment("profit"), chance(clear_win(), 0.97)),
    ):
        assert not any("Although" in str(reason) for reason in other.reasons)


def test_a_guardrail_at_risk_is_told() -> None:
    """At risk does not forbid, but stands among the reasons."""
    win = clear_win()
    risky = replace(win.readouts[2], verdict="at_risk")
    decision = decide(
        experiment("lift"),
        replace(win, readouts=(*win.readouts[:2], risky, *win.readouts[3:])),
    )
    assert decision.outcome == "ship"
    assert any("may be past" in str(r) for r in decision.reasons)


def test_no_interval_keeps_testing() -> None:
    """Too few buyers: no claim, and the method's own reason."""
    decision = decide(experiment("lift"), no_number())
    assert decision.outcome == "keep_testing"
    assert "only 12 units" in str(decision.reasons[0])


def test_the_best_arm_speaks() -> None:
    """Of two arms that ship, uncompared, the one with the larger lift speaks first."""
    win = clear_win()
    arms = (
        *experiment("lift").arms[:1],
        Arm(name="a", share=Fraction(1, 2)),
        Arm(name="b", share=Fraction(2, 5)),
    )
    small = readout(arm="a", relative=Quantity(value=0.02, lower=0.01, upper=0.03))
    large = readout(arm="b", relative=Quantity(value=0.05, lower=0.01, upper=0.09))
    decision = decide(
        replace(experiment("lift"), arms=arms), replace(win, readouts=(small, large))
    )
    assert [a.arm for a in decision.arms] == ["a", "b"]
    assert "5.0%" in str(decision.reasons[0])


def test_return_is_not_certain() -> None:
    """A chance of 1 is never written as certainty."""
    decision = decide(experiment("profit"), chance(clear_win(), 1.0))
    assert "more than 99 in 100" in str(decision.reasons[0])
    assert isinstance(clear_win().money[0].ropi, Return)


def test_the_title_names_the_arm_to_keep_on() -> None:
    """With several arms the title says which; with one it need not."""
    win = clear_win()
    more = replace(win.arms[1], arm="bold", label="Bold")
    arms = (
        DecisionArm(
            arm="personalized",
            outcome="keep_testing",
            reasons=(fact("facts.text", text="Open."),),
        ),
        DecisionArm(
            arm="bold", outcome="ship", reasons=(fact("facts.text", text="It pays."),)
        ),
    )
    made = replace(
        win.decision, reasons=(fact("facts.text", text="It pays."),), arms=arms
    )
    card = replace(win, arms=(*win.arms, more), decision=made)
    assert headline(card).title == "Keep it: Bold"
    assert best_arm(card) == "bold"
    assert headline(win).title == "Keep it"


@pytest.mark.parametrize(
    ("lower", "upper", "outcome"),
    [(10.0, 90.0, "ship"), (-90.0, -10.0, "hold_back"), (-5.0, 90.0, "keep_testing")],
)
def test_costs_of_nothing_leave_the_profit_to_decide(
    lower: float, upper: float, outcome: str
) -> None:
    """Without a cost there is no return; the range of the profit says it."""
    win = clear_win()
    profit = Quantity(value=(lower + upper) / 2, lower=lower, upper=upper)
    free = replace(
        win,
        money=tuple(replace(m, ropi=None, net_profit=profit) for m in win.money),
    )
    decision = decide(experiment("profit"), free)
    assert decision.outcome == outcome
    assert str(decision.reasons[0]).startswith("There is nothing to pay")
