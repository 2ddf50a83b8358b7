"""Evidence → readouts, segments, sensitivity, trend, decomposition."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from math import log

import numpy as np
import pytest
from scipy import optimize, stats
from statsmodels.stats.multitest import multipletests
from worlds.evidence import METRICS, analyzed, evidence, experiment, unmatured

from holdback.analysis.analyze import read
from holdback.analysis.comparison.verdict import guardrail_verdict, verdict
from holdback.analysis.multiplicity import corrected, gated, together
from holdback.analysis.section_readers import basis_of
from holdback.analysis.value_metric import money_comparisons
from holdback.data.evidence.cells import Evidence
from holdback.errors import StatsError
from holdback.experiments.definition.calendar import (
    complete_on,
    days_analyzed,
    is_final,
)
from holdback.experiments.definition.experiment import (
    AnalysisSettings,
    Arm,
    Economics,
    Margin,
    Prior,
    Window,
)
from holdback.facts import fact
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Readout, Scorecard
from holdback.results.sections.decomposition import Decomposition
from holdback.results.sections.sensitivity import Sensitivity
from holdback.results.sections.trend import Trend


def shop(seed: int, n: int, rate: float, mean: float) -> list[tuple[float, float]]:
    """Revenue and orders of n units."""
    rng = np.random.default_rng(seed)
    orders = rng.binomial(1, rate, n) * (1 + rng.poisson(0.3, n))
    revenue = np.round(orders * rng.gamma(2.0, mean / 2.0, n), 2)
    return list(zip(revenue.tolist(), orders.tolist(), strict=True))


def seen(**more: object) -> Evidence:
    """A clear rise in conversion, a little in order value."""
    return evidence(
        {
            "holdback": shop(1, 1000, 0.10, 50.0),
            "personalized": shop(2, 9000, 0.14, 52.0),
        },
        **more,  # type: ignore[arg-type]
    )


def scorecard(found: Evidence | None = None, **changes: object) -> Scorecard:
    """The scorecard of the shop."""
    return analyzed(experiment(**changes), found or seen())


def test_every_metric_has_its_role() -> None:
    """Primary first, then the secondary metrics in the file's order."""
    roles = [(r.metric, r.role) for r in scorecard().readouts]
    assert roles == [
        ("revenue", "primary"),
        ("conversion", "secondary"),
        ("order_value", "secondary"),
    ]


def test_estimates_against_rows() -> None:
    """Values, units and non-zero units are those of the rows."""
    rows = np.array(shop(2, 9000, 0.14, 52.0))
    readouts = {r.metric: r.estimates for r in scorecard().readouts}
    revenue = readouts["revenue"].treatment
    assert revenue.value == pytest.approx(rows[:, 0].mean(), rel=1e-9)
    assert revenue.units == 9000
    assert readouts["conversion"].treatment.value == pytest.approx(
        (rows[:, 1] > 0).mean()
    )
    assert readouts["order_value"].treatment.value == pytest.approx(
        rows[:, 0].sum() / rows[:, 1].sum()
    )


def test_units_without_their_time_are_left_out() -> None:
    """Units that have not matured change no estimate."""
    plain = scorecard()
    waiting = scorecard(unmatured(seen(), "holdback", 500))
    assert waiting.readout("revenue") == plain.readout("revenue")


def test_secondary_metrics_against_statsmodels() -> None:
    """Holm over the secondary metrics; the primary stands alone."""
    card = scorecard()
    second = [r for r in card.readouts if r.role == "secondary"]
    expected = multipletests([r.p_value for r in second], method="holm")[1]
    assert [r.p_value_adjusted for r in second] == pytest.approx(list(expected))
    assert card.readout("revenue").p_value_adjusted is None


@pytest.mark.parametrize(
    ("at_look", "verdicts"), [(None, ["better"] * 2), (0.001, ["unclear"] * 2)]
)
def test_a_corrected_p_is_held_against_the_level_of_the_look(
    at_look: float | None, verdicts: list[str]
) -> None:
    """P = .01 of two metrics proves something at 5 %, and nothing at an early .1 %."""
    card, rise = scorecard(), Quantity(value=0.1, lower=0.05, upper=0.15)
    second = [
        replace(r, p_value=0.01, decision_alpha=at_look, relative=rise)
        for r in card.readouts
        if r.role == "secondary"
    ]
    found = corrected(experiment(), second, "secondary")
    assert [r.p_value_adjusted for r in found] == pytest.approx([0.02, 0.02])
    assert [r.verdict for r in found] == verdicts


def test_no_correction_when_none_is_asked() -> None:
    """`multiplicity: none` leaves the p-values as they are."""
    card = scorecard(analysis=AnalysisSettings(looks="end", multiplicity="none"))
    assert all(r.p_value_adjusted is None for r in card.readouts)


def test_priors_stand_beside_each_other() -> None:
    """The chosen prior, and the other named ones as alternatives."""
    readout = scorecard().readout("revenue")
    assert readout.bayes.prior == "weak"
    assert [b.prior for b in readout.bayes_alternatives] == [
        "half_width",
        "double_width",
        "skeptical",
        "none",
    ]
    own = AnalysisSettings(
        looks="end", prior=Prior(name="custom", lift_sd=Fraction(1, 10))
    )
    readout = scorecard(analysis=own).readout("revenue")
    assert readout.bayes.prior == "custom"
    assert len(readout.bayes_alternatives) == 5


def test_lower_is_better_turns_the_posterior() -> None:
    """For a metric to be lowered, the loss of shipping is that of a rise."""
    turned = METRICS | {"revenue": replace(METRICS["revenue"], better="lower")}
    plain = scorecard().readout("revenue")
    lower = scorecard(metrics=turned).readout("revenue")
    assert lower.bayes.p_positive == plain.bayes.p_positive
    assert lower.bayes.expected_loss_if_shipped == plain.bayes.expected_loss_if_held
    assert (plain.verdict, lower.verdict) == ("better", "worse")


def test_guardrail_reads_its_margin() -> None:
    """A guardrail carries its margin and one of three states."""
    card = scorecard(
        secondary=(),
        guardrails={"order_value": Margin(value=Fraction(1, 5), scale="relative")},
    )
    readout = card.readout("order_value")
    assert (readout.role, readout.margin, readout.verdict) == ("guardrail", 0.2, "safe")


@pytest.mark.parametrize(
    ("lower", "upper", "state"),
    [(-0.01, 0.05, "safe"), (-0.05, 0.05, "at_risk"), (-0.09, -0.03, "breached")],
)
def test_guardrail_states(lower: float, upper: float, state: str) -> None:
    """Inside the margin of 2 %, straddling it, beyond it."""
    effect = Quantity(value=0.0, lower=lower, upper=upper)
    margin = Margin(value=Fraction(2, 100), scale="relative")
    assert guardrail_verdict(METRICS["revenue"], margin, effect, None) == state
    turned = replace(METRICS["revenue"], better="lower")
    mirrored = Quantity(value=0.0, lower=-upper, upper=-lower)
    assert guardrail_verdict(turned, margin, mirrored, None) == state
    assert guardrail_verdict(turned, margin, None, None) == "at_risk"


def test_verdict_needs_the_adjusted_p_value() -> None:
    """An interval that excludes 0 is unclear when its adjusted p-value is not small."""
    effect = Quantity(value=0.1, lower=0.01, upper=0.2)
    assert verdict(METRICS["revenue"], effect) == "better"
    assert verdict(METRICS["revenue"], effect, p_value=0.08) == "unclear"
    assert verdict(METRICS["revenue"], None) == "unclear"


def three_arms(order_value: float) -> Scorecard:
    """Two treatment arms, of which the second has larger orders."""
    return analyzed(
        experiment(
            arms=(
                Arm(name="holdback", share=Fraction(1, 5), control=True),
                Arm(name="mail", share=Fraction(2, 5)),
                Arm(name="app", share=Fraction(2, 5)),
            )
        ),
        evidence(
            {
                "holdback": shop(1, 3_000, 0.10, 50.0),
                "mail": shop(2, 6_000, 0.14, 50.0),
                "app": shop(3, 6_000, 0.14, order_value),
            }
        ),
    )


def test_all_arms_together_are_no_test_against_statsmodels() -> None:
    """Holm's family of two metrics and two arms is four tests; `*` has none."""
    card = three_arms(50.0)
    family = [r for r in card.readouts if r.role == "secondary" and r.segment is None]
    arms = [r for r in family if r.arm != "*"]
    assert len(arms) == 4
    _, adjusted, *_ = multipletests([r.p_value for r in arms], method="holm")
    assert [r.p_value_adjusted for r in arms] == pytest.approx(adjusted)
    assert [r.p_value_adjusted for r in family if r.arm == "*"] == [None, None]


def test_ranges_of_several_arms_say_their_level_against_scipy() -> None:
    """3,000 : 6,000 : 6,000 units: |Z| of both arms (correlation ⅔) below c in 95 %."""
    law = stats.multivariate_normal(cov=[[1, 2 / 3], [2 / 3, 1]])

    def inside(c: float) -> float:
        corners = law.cdf([c, c]) - 2 * law.cdf([-c, c]) + law.cdf([-c, -c])
        return float(corners) - 0.95

    c = optimize.brentq(inside, 1.9, 2.5)
    levels_of = {
        (r.metric, r.arm): r.interval_level
        for r in three_arms(50.0).readouts
        if r.segment is None
    }
    expected = 1 - 2 * stats.norm.sf(c)
    for arm in ("mail", "app"):
        assert levels_of["revenue", arm] == pytest.approx(expected, abs=1e-4)
        assert levels_of["conversion", arm] == 0.95
    assert levels_of["revenue", "*"] == 0.95


def read_of(arm: str, role: str, **more: object) -> Readout:
    """A readout of an arm: better, p = .02."""
    values: dict[str, object] = {
        "metric": "revenue" if role != "secondary" else "order_value",
        "kind": "mean",
        "role": role,
        "arm": arm,
        "control": "holdback",
        "level": 0.95,
        "method": "log_delta",
        "note": fact("methods.log_delta"),
        "verdict": "better",
        "p_value": 0.02,
    }
    return Readout(**(values | more))  # type: ignore[arg-type]


def test_each_arm_waits_for_its_own_primary() -> None:
    """Written out: `mail` has proven its primary, `app` has not, so its rest waits."""
    family = [
        read_of("mail", "primary"),
        read_of("app", "primary", verdict="unclear"),
        read_of("mail", "secondary"),
        read_of("app", "secondary"),
        read_of("app", "guardrail", verdict="safe"),
    ]
    verdicts = [r.verdict for r in gated(experiment(), family)]
    assert verdicts == ["better", "unclear", "better", "unclear", "safe"]


@pytest.mark.parametrize("role", ["primary", "value"])
def test_p_values_of_several_arms_against_scipy(role: str) -> None:
    """P of either |Z| beyond the seen one; correlation 2/3 at 3,000 : 6,000 : 6,000.

    Secondary metrics, and all arms together, are left as they are.
    """
    law = stats.multivariate_normal(cov=[[1, 2 / 3], [2 / 3, 1]])
    z = stats.norm.isf(0.01)
    expected = 1 - law.cdf([z, z], lower_limit=[-z, -z])
    family = [read_of("mail", role), read_of("*", role), read_of("app", "secondary")]
    found = together(experiment(), family, [6_000, 6_000], 3_000)
    assert found[0].p_value_adjusted == pytest.approx(expected, abs=2e-5)
    assert [r.p_value_adjusted for r in found[1:]] == [None, None]


def test_all_arms_together_prove_what_an_arm_proves() -> None:
    """`*` alone below 5 % proves nothing; beside an arm that is proven it does."""
    card = three_arms(50.0)
    conversion = [r for r in card.readouts if r.metric == "conversion"]
    assert {r.arm: r.verdict for r in conversion}["*"] == "better"
    unproven = [
        replace(r, p_value=0.04, verdict="better")
        if r.arm == "*"
        else replace(r, p_value=0.2, verdict="unclear")
        for r in conversion
    ]
    read_together = corrected(experiment(), unproven, "secondary")
    assert {r.verdict for r in read_together} == {"unclear"}


def levels(**sizes: int) -> dict[str, dict[str, list[tuple[float, float]]]]:
    """Segment levels with so many control units each."""
    return {
        level: {
            "holdback": shop(3, n, 0.5, 50.0),
            "personalized": shop(4, 9 * n, 0.5, 50.0),
        }
        for level, n in sizes.items()
    }


def shown(**sizes: int) -> set[str]:
    """The levels of a dimension that a scorecard shows."""
    card = scorecard(
        seen(segments={"device": levels(**sizes)}),
        analysis=AnalysisSettings(looks="end", segments=("device",)),
    )
    return {r.segment.level for r in card.readouts if r.segment}


def test_small_segments_are_hidden_with_their_complement() -> None:
    """Below 10 units a level is hidden; a single hidden one hides the next as well."""
    assert shown(phone=300, desktop=200, tablet=100) == {"phone", "desktop", "tablet"}
    assert shown(phone=300, desktop=200, watch=9) == {"phone"}
    assert shown(phone=300, desktop=8, watch=9) == {"phone"}


def test_segments_against_statsmodels() -> None:
    """Segments are corrected together by Benjamini and Hochberg."""
    card = scorecard(
        seen(segments={"device": levels(phone=300, desktop=200)}),
        analysis=AnalysisSettings(looks="end", segments=("device",)),
    )
    found = [r for r in card.readouts if r.segment]
    assert len(found) == 6
    expected = multipletests([r.p_value for r in found], method="fdr_bh")[1]
    assert [r.p_value_adjusted for r in found] == pytest.approx(list(expected))


def test_sensitivity_leaves_out_the_largest() -> None:
    """Without each arm's largest unit the lift is that of the other rows."""
    card = scorecard()
    (found,) = [s for s in card.section(Sensitivity) if s.variant == "without_largest"]
    means = []
    for seed, n, rate, mean in ((2, 9000, 0.14, 52.0), (1, 1000, 0.10, 50.0)):
        rows = np.array(shop(seed, n, rate, mean))[:, 0]
        means.append((rows.sum() - rows.max()) / (n - 1))
    assert found.relative.value == pytest.approx(means[0] / means[1] - 1, rel=1e-9)


def test_the_time_before_narrows_the_lift() -> None:
    """With measures from before exposure the adjusted lift decides."""
    rng = np.random.default_rng(9)
    before = {
        arm: np.round(
            [
                r * 3.5 / (q * m) + e
                for (r, _), e in zip(shop(s, n, q, m), rng.gamma(1, 2, n), strict=True)
            ],
            2,
        )
        for arm, s, n, q, m in (
            ("holdback", 1, 1000, 0.10, 50.0),
            ("personalized", 2, 9000, 0.14, 52.0),
        )
    }
    card = scorecard(seen(before=before))
    (adjusted,) = [s for s in card.section(Sensitivity) if s.variant == "cuped"]
    readout = card.readout("revenue")
    assert readout.relative == adjusted.relative
    plain = readout.unadjusted.relative
    assert adjusted.relative.upper - adjusted.relative.lower < plain.upper - plain.lower
    assert 0.3 < readout.variance_reduction < 1
    (beside,) = [s for s in card.section(Sensitivity) if s.variant == "unadjusted"]
    assert beside.relative == plain
    # As counted: the means of the rows, which those net of the time before are not.
    raw = [
        np.array(shop(*a))[:, 0].mean()
        for a in ((1, 1000, 0.1, 50.0), (2, 9000, 0.14, 52.0))
    ]
    counted = readout.unadjusted.estimates
    assert [counted.control.value, counted.treatment.value] == pytest.approx(raw)
    assert readout.estimates.control.value != pytest.approx(raw[0], rel=1e-3)


def test_trend_ends_where_the_result_is() -> None:
    """The lift to date of the last day is the lift over all days."""
    card = scorecard(seen(days=4))
    assert [t.date for t in card.section(Trend)] == [
        f"2026-10-0{d}" for d in (1, 2, 3, 4)
    ]
    assert card.section(Trend)[-1].relative.value == pytest.approx(
        card.readout("revenue").relative.value
    )


def test_decomposition_adds_up() -> None:
    """The three parts sum to the difference, and each is its factor's share."""
    (parts,) = scorecard().section(Decomposition)
    together = (
        parts.from_conversion + parts.from_orders_per_buyer + parts.from_order_value
    )
    assert together == pytest.approx(parts.revenue_per_unit, rel=1e-12)
    rows = [np.array(shop(*a)) for a in ((2, 9000, 0.14, 52.0), (1, 1000, 0.10, 50.0))]
    means = [r[:, 0].mean() for r in rows]
    rates = [(r[:, 1] > 0).mean() for r in rows]
    weight = (means[0] - means[1]) / log(means[0] / means[1])
    assert parts.from_conversion == pytest.approx(weight * log(rates[0] / rates[1]))
    orders = [r[:, 1].sum() / (r[:, 1] > 0).sum() for r in rows]
    assert parts.from_orders_per_buyer == pytest.approx(
        weight * log(orders[0] / orders[1])
    )
    values = [r[:, 0].sum() / r[:, 1].sum() for r in rows]
    assert parts.from_order_value == pytest.approx(weight * log(values[0] / values[1]))
    # Three ranges that hold at once: each at 1 - 5 %/3 (Bonferroni).
    steps = (parts.ranges.from_conversion, parts.ranges.from_orders_per_buyer)
    for step in (*steps, parts.ranges.from_order_value):
        reach = (step.upper - step.lower) / 2 / step.se
        assert reach == pytest.approx(stats.norm.ppf(1 - 0.05 / 6), rel=1e-9)
    conversion = parts.ranges.from_conversion
    assert conversion.lower < parts.from_conversion < conversion.upper
    # Of the part's error, the log of the rates' ratio makes nearly all.
    spread = sum((1 - p) / (p * n) for p, n in zip(rates, (9000, 1000), strict=True))
    assert conversion.se == pytest.approx(weight * np.sqrt(spread), rel=0.2)


def test_money_comparisons_pool_all_treatments() -> None:
    """Arm * is all treatment arms together, with their sum and units."""
    arms = (
        Arm(name="holdback", share=Fraction(1, 10), control=True),
        Arm(name="a", share=Fraction(1, 2)),
        Arm(name="b", share=Fraction(2, 5)),
    )
    rows = {
        "holdback": shop(1, 1000, 0.1, 50.0),
        "a": shop(2, 5000, 0.14, 52.0),
        "b": shop(5, 4000, 0.12, 50.0),
    }
    planned = experiment(arms=arms, economics=Economics(value="revenue"))
    basis = basis_of(planned, evidence(rows))
    compared = money_comparisons(planned, basis.cells, basis.stage)
    comparisons = {c.arm: c for c in compared}
    assert comparisons["*"].treated_units == 9000
    assert comparisons["*"].treated_total == pytest.approx(
        comparisons["a"].treated_total + comparisons["b"].treated_total
    )


@pytest.mark.parametrize(("units", "told"), [(0, "0 units"), (1, "1 unit ")])
def test_an_empty_arm_is_refused(units: int, told: str) -> None:
    """An arm of fewer than two units cannot be compared, and the error says which."""
    found = evidence(
        {"holdback": [(1.0, 1.0)] * units, "personalized": [(1.0, 1.0)] * 50}
    )
    with pytest.raises(StatsError, match=f"arm 'holdback' has {told}"):
        read(basis_of(experiment(), found))


def test_the_calendar() -> None:
    """Complete 14 days after the window; costs run to the last day that counts."""
    planned = experiment(economics=Economics(value="revenue"))
    assert str(complete_on(planned)) == "2026-10-28"
    early = datetime(2026, 10, 27, 23, tzinfo=UTC)
    assert not is_final(planned, early)
    assert is_final(planned, datetime(2026, 10, 28, 1, tzinfo=UTC))
    assert days_analyzed(planned, None) == 28
    assert days_analyzed(planned, datetime(2026, 10, 10, 1, tzinfo=UTC)) == 10
    timeless = replace(planned, window=None)
    assert complete_on(timeless) is None
    assert is_final(timeless, None)
    assert days_analyzed(timeless, None) is None


def test_midnight_ends_the_day_before() -> None:
    """As-of is the first moment not looked at: midnight ends the day before."""
    planned = experiment(economics=Economics(value="revenue"))
    assert not is_final(planned, datetime(2026, 10, 28, tzinfo=UTC))
    assert is_final(planned, datetime(2026, 10, 29, tzinfo=UTC))
    assert days_analyzed(planned, datetime(2026, 10, 10, tzinfo=UTC)) == 9


def test_days_are_local() -> None:
    """The day of a moment is that of the project's timezone."""
    dublin = experiment(timezone="Pacific/Kiritimati")
    assert is_final(dublin, datetime(2026, 10, 27, 11, tzinfo=UTC))
    assert Window(start=dublin.window.start, end=dublin.window.end).days == 14
