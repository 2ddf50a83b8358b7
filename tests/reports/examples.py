"""Scorecards for the tests of the report: invented values that fit together."""

from __future__ import annotations

# records and YAML read best one a line
from dataclasses import fields, replace
from typing import Any

from holdback.facts import Fact, fact
from holdback.results.money import CostItem, Costs, Money
from holdback.results.quantity import Quantity, Return
from holdback.results.scorecard import (
    Accounting,
    ArmRecord,
    Bayes,
    Decision,
    DecisionArm,
    Estimates,
    Excluded,
    Finding,
    Input,
    MetricRecord,
    PointEstimate,
    Readout,
    Scorecard,
    Segment,
)
from holdback.results.sections.prior_posterior import Belief
from holdback.results.sections.sensitivity import Sensitivity
from holdback.results.sections.trend import Trend

__all__ = ["EXAMPLES", "changed", "clear_win", "readout"]


def bayes(prior: str = "weak", **changes: float) -> Bayes:
    """A posterior that goes with a lift of about 5 %."""
    values: dict[str, Any] = {
        "mean": 0.048,
        "sd": 0.018,
        "lower": 0.013,
        "upper": 0.084,
        "p_positive": 0.996,
        "p_above_minimum": 0.98,
        "expected_loss_if_shipped": 0.00004,
        "expected_loss_if_held": 0.048,
    }
    return Bayes(prior=prior, method="normal_log_ratio", **(values | changes))


def belief() -> Belief:
    """Triangles in place of curves: wide before, narrow after."""
    lifts = tuple(round(-0.1 + 0.005 * i, 3) for i in range(61))

    def triangle(middle: float, half: float) -> tuple[float, ...]:
        return tuple(
            round(max(0.0, 1 - abs(lift - middle) / half) / half, 5) for lift in lifts
        )

    return Belief(
        metric="revenue",
        arm="personalized",
        prior="weak",
        lifts=lifts,
        before=triangle(0.0, 0.8),
        data=triangle(0.05, 0.05),
        after=triangle(0.048, 0.045),
        data_median=0.05,
        after_median=0.048,
        before_median=0.0,
        before_positive=0.5,
        before_lower=-0.44,
        before_upper=0.8,
    )


def readout(metric: str = "revenue", role: str = "primary", **changes: Any) -> Readout:
    """A readout with a lift of 4.8 % (1.3 % to 8.4 %)."""
    values: dict[str, Any] = {
        "kind": "mean",
        "arm": "personalized",
        "control": "holdback",
        "level": 0.95,
        "method": "log_delta",
        "note": fact("facts.text", text="Delta method on the log scale."),
        "verdict": "better",
        "estimates": Estimates(
            control=PointEstimate(value=4.31, units=6021, nonzero=300),
            treatment=PointEstimate(value=4.52, units=54102, nonzero=2800),
        ),
        "absolute": Quantity(value=0.21, se=0.08, lower=0.056, upper=0.35),
        "relative": Quantity(value=0.048, se=0.018, lower=0.013, upper=0.084),
        "p_value": 0.007,
        "skew_coefficient": -0.021,
        "bayes": bayes(),
        "bayes_alternatives": (bayes("skeptical"), bayes("none")),
    }
    return Readout(metric=metric, role=role, **(values | changes))  # type: ignore[arg-type]


def unclear(readout: Readout) -> Readout:
    """The same readout with an interval on both sides of no change."""
    return replace(
        readout,
        verdict="unclear",
        relative=Quantity(value=0.017, se=0.013, lower=-0.009, upper=0.043),
        absolute=Quantity(value=0.07, se=0.06, lower=-0.04, upper=0.18),
        p_value=0.19,
        bayes=bayes(p_positive=0.905, lower=-0.009, upper=0.043),
    )


def money(arm: str = "*", **changes: Any) -> Money:
    """Extra revenue of 11,200, costs of 2,950, margin of 42 %."""
    values: dict[str, Any] = {
        "value_metric": "revenue",
        "treated_units": 54102,
        "period_days": 56,
        "incremental_revenue": Quantity(value=11200.0, lower=3100.0, upper=18900.0),
        "incremental_profit": Quantity(value=4704.0, lower=1302.0, upper=7938.0),
        "savings": 0.0,
        "per_treated_unit": Quantity(value=0.087, lower=0.024, upper=0.147),
        "cost": Costs(
            total=2950.0,
            items=(
                CostItem(name="Recommendation service", amount=2842.0),
                CostItem(name="Serving", amount=108.0),
            ),
        ),
        "ropi": Return(value=0.5946, lower=-0.5586, upper=1.691, p_positive=0.88),
        "return_per_unit_cost": Quantity(value=1.5946, lower=0.4414, upper=2.691),
        "break_even_lift": 0.0296,
    }
    return Money(arm=arm, **(values | changes))


CHECKS = (
    Finding(
        check="srm",
        status="pass",
        p_value=0.41,
        fact=Fact(
            "srm.as_planned",
            {
                "units": {"holdback": 6_021, "personalized": 54_102},
                "planned": {"holdback": 0.1, "personalized": 0.9},
                "sequential": False,
            },
            "The arms have the planned shares: holdback 6,021, personalized 54,102.",
        ),
    ),
    Finding(
        check="crossovers",
        status="warn",
        fact=Fact(
            "crossovers.seen",
            {
                "units": 38,
                "share": 0.00063,
                "by_arm": {"holdback": 5, "personalized": 33},
                "treated": "exclude",
            },
            "38 units (0.063 %) were seen in both arms. They are left out.",
        ),
    ),
)


def clear_win() -> Scorecard:
    """Everything went well."""
    pays = Fact(
        "decision.pays",
        {"chance": 0.88, "level": 0.85},
        "The chance that it earns more than it costs is about 88 in 100.",
    )
    return Scorecard(
        experiment="recs-holdback",
        status="exploratory",
        plan_hash="0123456789abcdef" * 4,
        seed=19088743,
        final=True,
        level=0.95,
        locale="en-IE",
        timezone="Europe/Dublin",
        hypothesis="Recommendations raise revenue per visitor.",
        owner="growth@acme.example",
        currency="EUR",
        as_of="2026-11-25T23:59:59+00:00",
        window_start="2026-10-01",
        window_end="2026-11-11",
        minimum_lift=0.01,
        inputs=(Input(source="orders", rows=9120, sha256="ab" * 32),),
        versions={"holdback": "0.1.0", "duckdb": "1.4.0"},
        arms=(
            ArmRecord(
                arm="holdback",
                control=True,
                label="No personalization",
                planned_share=0.1,
                units=6021,
            ),
            ArmRecord(
                arm="personalized",
                control=False,
                label="Recommendations",
                planned_share=0.9,
                units=54102,
            ),
        ),
        metrics=(
            MetricRecord(
                metric="revenue",
                label="Revenue per visitor",
                kind="mean",
                role="primary",
                better="higher",
                unit="money",
            ),
            MetricRecord(
                metric="conversion",
                label="Conversion rate",
                kind="conversion",
                role="secondary",
                better="higher",
                scale="share",
            ),
            MetricRecord(
                metric="unsubscribed",
                label="Unsubscribe rate",
                kind="conversion",
                role="guardrail",
                better="lower",
                scale="share",
            ),
        ),
        accounting=Accounting(
            rows_read=69281,
            units_used=60123,
            excluded=(Excluded(reason="crossover", count=38, arm="holdback"),),
        ),
        checks=CHECKS,
        readouts=(
            readout(),
            unclear(
                readout(
                    "conversion",
                    "secondary",
                    kind="conversion",
                    estimates=Estimates(
                        control=PointEstimate(value=0.031, units=6021, nonzero=187),
                        treatment=PointEstimate(
                            value=0.0315, units=54102, nonzero=1704
                        ),
                    ),
                )
            ),
            readout(
                "unsubscribed",
                "guardrail",
                kind="conversion",
                verdict="safe",
                margin=0.05,
                margin_scale="relative",
                estimates=Estimates(
                    control=PointEstimate(value=0.0202, units=6021, nonzero=122),
                    treatment=PointEstimate(value=0.02, units=54102, nonzero=1082),
                ),
                relative=Quantity(value=-0.01, se=0.02, lower=-0.05, upper=0.03),
            ),
            readout(
                role="segment",
                segment=Segment(dimension="device", level="phone"),
                bayes=None,
                bayes_alternatives=(),
            ),
            readout(
                role="segment",
                segment=Segment(dimension="device", level="desktop"),
                bayes=None,
                bayes_alternatives=(),
            ),
        ),
        sections={
            "sensitivity": (
                Sensitivity(
                    metric="revenue",
                    arm="personalized",
                    variant="cuped",
                    relative=Quantity(value=0.05, lower=0.02, upper=0.08),
                    verdict="better",
                ),
            ),
            "trend": tuple(
                Trend(
                    metric="revenue",
                    arm="personalized",
                    date=f"2026-10-{day:02}",
                    relative=Quantity(
                        value=0.05, lower=0.05 - 0.3 / day, upper=0.05 + 0.3 / day
                    ),
                )
                for day in range(1, 30)
            ),
            "beliefs": (belief(),),
        },
        configuration={"experiment": "recs-holdback", "primary": "revenue"},
        money=(money("personalized"), money()),
        decision=Decision(
            rule="profit",
            outcome="ship",
            reasons=(pays,),
            arms=(
                DecisionArm(
                    arm="personalized",
                    outcome="ship",
                    reasons=(pays,),
                ),
            ),
        ),
        command="holdback analyze experiments/recs-holdback.yaml --as-of 2026-11-25",
    )


def changed(scorecard: Scorecard, **parts: Any) -> Scorecard:
    """The scorecard with other values of its fields, and of its sections by name."""
    core = {f.name for f in fields(Scorecard)}
    records = {
        name: value if isinstance(value, tuple) else (value,)
        for name, value in parts.items()
        if name not in core
    }
    return replace(
        scorecard,
        **{name: value for name, value in parts.items() if name in core},
        sections={
            name: told
            for name, told in {**scorecard.sections, **records}.items()
            if told
        },
    )


def decided(scorecard: Scorecard, outcome: str, reason: str) -> Scorecard:
    """The scorecard with another outcome."""
    return replace(
        scorecard,
        decision=Decision(
            rule="profit",
            outcome=outcome,  # type: ignore[arg-type]
            reasons=(Fact("example", {"text": reason}, reason),),
            arms=(
                DecisionArm(
                    arm="personalized",
                    outcome=outcome,  # type: ignore[arg-type]
                    reasons=(Fact("example", {"text": reason}, reason),),
                ),
            ),
        ),
    )


def no_answer() -> Scorecard:
    """The range lies on both sides of no change."""
    win = clear_win()
    return decided(
        replace(win, readouts=tuple(unclear(r) for r in win.readouts)),
        "keep_testing",
        "The data do not settle it.",
    )


def loss() -> Scorecard:
    """It does harm, and revenue fell."""
    win = clear_win()
    worse = readout(
        verdict="worse",
        relative=Quantity(value=-0.06, se=0.018, lower=-0.09, upper=-0.03),
        absolute=Quantity(value=-0.26, se=0.08, lower=-0.4, upper=-0.12),
        bayes=bayes(p_positive=0.0004, mean=-0.06, lower=-0.09, upper=-0.03),
    )
    lost = money(
        incremental_revenue=Quantity(value=-15600.0, lower=-24000.0, upper=-7500.0),
        incremental_profit=Quantity(value=-6552.0, lower=-10080.0, upper=-3150.0),
        ropi=Return(value=-3.22, lower=-4.4, upper=-2.07, p_positive=0.0001),
        return_per_unit_cost=Quantity(value=-2.22, lower=-3.4, upper=-1.07),
    )
    changed = replace(win, readouts=(worse, *win.readouts[1:]), money=(lost,))
    return decided(changed, "hold_back", "It costs more than it earns.")


def broken_split() -> Scorecard:
    """The sample-ratio check failed."""
    failed = Finding(
        check="srm",
        status="fail",
        p_value=1e-9,
        fact=Fact(
            "srm.mismatch",
            {
                "units": {"holdback": 7_021, "personalized": 53_102},
                "planned": {"holdback": 0.1, "personalized": 0.9},
            },
            "The arms do not have the planned shares.",
        ),
    )
    win = clear_win()
    return decided(
        replace(win, checks=(failed, *CHECKS[1:])), "invalid", failed.message
    )


def too_early() -> Scorecard:
    """The window is still open."""
    return decided(
        replace(
            no_answer(),
            final=False,
            preview=fact("facts.text", text="the plan reads results once"),
        ),
        "keep_testing",
        "This is a preview, and nothing is decided from it.",
    )


def breached() -> Scorecard:
    """A guardrail is past its limit."""
    win = clear_win()
    past = replace(
        win.readouts[2],
        verdict="breached",
        relative=Quantity(value=0.09, lower=0.06, upper=0.12),
    )
    changed = replace(win, readouts=(*win.readouts[:2], past, *win.readouts[3:]))
    return decided(changed, "hold_back", "Unsubscribe rate is past the limit.")


def no_money() -> Scorecard:
    """No economics were given."""
    return changed(clear_win(), money=(), currency=None, sensitivity=(), trend=())


def no_number() -> Scorecard:
    """Too few buyers for any interval."""
    win = clear_win()
    none = readout(
        verdict="unclear",
        method="none",
        relative=None,
        absolute=Quantity(value=0.2, se=0.1),
        p_value=None,
        bayes=None,
        bayes_alternatives=(),
        note=fact(
            "facts.text", text="No interval: only 12 units of control have a value."
        ),
    )
    return decided(
        replace(win, readouts=(none, *win.readouts[1:]), money=()),
        "keep_testing",
        str(none.note.numbers["text"]),
    )


def open_side() -> Scorecard:
    """No conversion in control: one side of the lift is unbounded."""
    win = clear_win()
    wide = readout(relative=Quantity(value=3.0, se=2.0, lower=0.1, unbounded="upper"))
    return replace(win, readouts=(wide, *win.readouts[1:]))


EXAMPLES = {
    "clear_win": clear_win,
    "no_answer": no_answer,
    "loss": loss,
    "broken_split": broken_split,
    "too_early": too_early,
    "breached": breached,
    "no_money": no_money,
    "no_number": no_number,
    "open_side": open_side,
}
