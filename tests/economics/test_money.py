"""Money from one transform, against worked numbers and simulation."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdback.analysis.value_metric import ValueComparison
from holdback.economics.incremental_value import Stake
from holdback.economics.money import break_even_lift, incremental, money
from holdback.experiments.definition.experiment import (
    Arm,
    Assignment,
    Cost,
    Economics,
    Experiment,
    Saving,
)
from holdback.experiments.language.quantities import duration
from holdback.results.money import Costs
from holdback.stats.evidence.effect import Estimate, Inference
from holdback.stats.methods.compare import compare_means
from holdback.stats.posterior.posterior import LiftPrior, posterior


def experiment(economics: Economics | None) -> Experiment:
    """Two arms and the economics given."""
    return Experiment(
        name="x",
        arms=(
            Arm(name="holdback", share=Fraction(1, 10), control=True),
            Arm(name="personalized", share=Fraction(9, 10)),
        ),
        assignment=Assignment(source="a", salt="x"),
        metrics={},
        sources={},
        primary="revenue",
        economics=economics,
    )


def comparison(
    inference: Inference, arm: str = "*", units: int = 90000
) -> ValueComparison:
    """An arm's value comparison."""
    assert inference.treatment is not None
    assert inference.control is not None
    found = (
        posterior(inference, family="mean", prior=LiftPrior(name="none", sd=None))
        if inference.log_ratio
        else None
    )
    return ValueComparison(
        arm=arm,
        treated_units=units,
        treated_total=inference.treatment.value * units,
        inference=inference,
        posterior=found,
        data_sd=inference.log_ratio.se if inference.log_ratio else None,
    )


def worked() -> Inference:
    """n_T 90,000, mean 1.80, sd 20; n_C 10,000, mean 1.65, sd 19 (log-delta)."""
    return compare_means(
        Estimate(value=1.65, se=19 / sqrt(10000), n=10000, third=0.0, nonzero=5000),
        Estimate(value=1.80, se=20 / sqrt(90000), n=90000, third=0.0, nonzero=50000),
        level=0.95,
    )


COSTS = (
    Cost(name="Fixed", amount=Fraction(2500)),
    Cost(name="Serving", amount=Fraction(1, 100), per="treated unit"),
)


def test_money_against_worked_example() -> None:
    """I = 13,500, cost 3,400, ROPI 0.588; break-even 5.537 %.

    The interval ends follow the same transform of the lift's ends, so they are
    checked against it and, for the break-even, against the published figure.
    """
    economics = Economics(value="revenue", margin=Fraction(2, 5), costs=COSTS)
    inference = worked()
    (found,) = money(experiment(economics), [comparison(inference)], 30)
    assert found.incremental_revenue.value == pytest.approx(13500)
    assert found.incremental_share.value == pytest.approx(13500 / 162_000)
    assert found.cost.total == pytest.approx(3400)
    assert found.ropi.value == pytest.approx(0.588, abs=5e-4)
    assert found.return_per_unit_cost.value == pytest.approx(1.588, abs=5e-4)
    assert found.break_even_lift == pytest.approx(0.05537, abs=5e-6)
    for end in ("lower", "upper"):
        ratio = 1 + getattr(inference.relative.interval, end)
        revenue = 162000 * (1 - 1 / ratio)
        assert getattr(found.incremental_revenue, end) == pytest.approx(revenue)
        assert getattr(found.ropi, end) == pytest.approx((0.4 * revenue - 3400) / 3400)


def test_money_interval_against_published_figures() -> None:
    """With the plain log interval: I from −26,230 to 44,844, ROPI −4.086 to 4.276."""
    s = sqrt((20 / 300 / 1.8) ** 2 + (19 / 100 / 1.65) ** 2)
    ends = [
        incremental(162000, 1.8 / 1.65 * np.exp(sign * 1.959964 * s))
        for sign in (-1, 1)
    ]
    assert ends == pytest.approx([-26230, 44844], abs=1)
    assert [(0.4 * i - 3400) / 3400 for i in ends] == pytest.approx(
        [-4.086, 4.276], abs=5e-4
    )


@given(st.floats(0.2, 5), st.floats(1e3, 1e7), st.floats(0.05, 1), st.floats(0, 1e6))
def test_break_even_is_where_ropi_is_zero(
    ratio: float, total: float, margin: float, cost: float
) -> None:
    """ROPI is above 0 exactly when the lift is above the break-even lift."""
    even = break_even_lift(total=total, margin=margin, net_cost=cost)
    gain = margin * incremental(total, ratio) - cost
    if even is None:
        assert gain <= 0
    elif abs(ratio - 1 - even) > 1e-9:
        assert (gain > 0) == (ratio - 1 > even)


def test_chance_of_paying_is_that_of_the_break_even_lift() -> None:
    """P(ROPI > 0) = P(lift > break-even), from the same posterior."""
    economics = Economics(value="revenue", margin=Fraction(2, 5), costs=COSTS)
    one = comparison(worked())
    (found,) = money(experiment(economics), [one], 30)
    assert found.ropi.p_positive == one.posterior.probability_above(
        found.break_even_lift
    )


def test_costs_beyond_all_that_is_earned_never_pay() -> None:
    """Profit is at most g·Rev_T (R → ∞) = 64,800: what costs more pays at chance 0."""
    one = comparison(worked())
    nearly = one.posterior.probability_above(64_799.0)  # 1 / (1 − C / 64,800) − 1
    for cost, chance in ((64_799, nearly), (64_800, 0.0), (70_000, 0.0)):
        costs = (Cost(name="All", amount=Fraction(cost)),)
        economics = Economics(value="revenue", margin=Fraction(2, 5), costs=costs)
        (found,) = money(experiment(economics), [one], 30)
        assert found.ropi.p_positive == pytest.approx(chance, abs=1e-12)


def test_costs_by_period_and_spread() -> None:
    """By the formula: a month is 365.25 / 12 days, what is spread counts pro rata."""
    economics = Economics(
        value="revenue",
        costs=(
            Cost(name="Service", amount=Fraction(1800), per="month"),
            Cost(name="Set-up", amount=Fraction(12000), spread=duration("12 months")),
        ),
        savings=(
            Saving(name="Work", hours=Fraction(4), rate=Fraction(20), per="week"),
        ),
    )
    (found,) = money(experiment(economics), [comparison(worked())], 56)
    assert found.cost.items[0].amount == pytest.approx(1800 * 56 * 12 / 365.25)
    assert found.cost.items[1].amount == pytest.approx(12000 * 56 / 365.25)
    assert found.savings == pytest.approx(4 * 20 * 56 / 7)
    assert found.period_days == 56


def test_single_arms_share_the_fixed_costs() -> None:
    """Two arms bear fixed costs by their units; the sum is the whole."""
    economics = Economics(value="revenue", costs=COSTS)
    arms = [
        comparison(worked(), "a", 30000),
        comparison(worked(), "b", 60000),
        comparison(worked(), "*", 90000),
    ]
    a, b, both = money(experiment(economics), arms, 30)
    assert a.cost.items[0].amount == pytest.approx(2500 / 3)
    assert a.cost.total + b.cost.total == pytest.approx(both.cost.total)


def test_no_costs_no_return() -> None:
    """Without costs there is money, but no ROPI to invent."""
    (found,) = money(
        experiment(Economics(value="revenue")), [comparison(worked())], None
    )
    assert found.cost is None
    assert found.ropi is None
    assert found.incremental_revenue.value == pytest.approx(13500)


def test_no_honest_interval_no_money() -> None:
    """Below 20 buyers there is no money record."""
    few = compare_means(
        Estimate(value=1.0, se=0.5, n=100, third=0.0, nonzero=5),
        Estimate(value=1.2, se=0.1, n=900, third=0.0, nonzero=50),
        level=0.95,
    )
    assert money(experiment(Economics(value="revenue")), [comparison(few)], 10) == ()


def test_negative_baseline_uses_the_difference() -> None:
    """Where a lift means nothing, money is the difference times treated units."""
    inference = compare_means(
        Estimate(value=-0.5, se=0.1, n=1000, third=0.0, nonzero=400),
        Estimate(value=0.3, se=0.1, n=9000, third=0.0, nonzero=4000),
        level=0.95,
    )
    (found,) = money(
        experiment(Economics(value="revenue")), [comparison(inference, units=9000)], 10
    )
    assert found.incremental_revenue.value == pytest.approx(0.8 * 9000)
    assert found.break_even_lift is None


def test_what_is_saved_pays_against_hand() -> None:
    """30 days of an hour at 20: 600 on top of 5,400 of profit, against 3,400."""
    hours = Saving(name="Lists", hours=Fraction(1), rate=Fraction(20), per="day")
    economics = with_uncertainty("0", "0", savings=(hours,))
    (found,) = money(experiment(economics), [comparison(worked())], 30)
    assert found.savings == 600
    assert found.net_profit.value == pytest.approx(5_400 + 600 - 3_400)
    assert found.ropi.value == pytest.approx((5_400 + 600 - 3_400) / 3_400)
    even = 1 / (1 - (3_400 - 600) / (0.4 * 162_000)) - 1
    assert found.break_even_lift == pytest.approx(even)


def test_break_even_over_a_baseline_against_hand() -> None:
    """Applied to 50,000 of money that comes anyway: (cost − savings) / (g B)."""
    stake = Stake(
        comparison=comparison(worked()),
        margin=0.4,
        cost=Costs(total=3_400, items=()),
        savings=600,
        baseline=50_000,
    )
    assert stake.break_even() == pytest.approx(2_800 / (0.4 * 50_000))
    assert stake.profit_of(2_800 / (0.4 * 50_000)) == pytest.approx(2_800)


def test_a_difference_against_uncertain_costs_by_draws() -> None:
    """Without a lift: profit of the normal difference, and a normal cost."""
    inference = compare_means(
        Estimate(value=-0.5, se=0.1, n=1000, third=0.0, nonzero=400),
        Estimate(value=0.3, se=0.1, n=9000, third=0.0, nonzero=4000),
        level=0.95,
    )
    economics = with_uncertainty("2/5", "0")
    (found,) = money(experiment(economics), [comparison(inference, units=9000)], 10)
    rng = np.random.default_rng(8)
    profit = 0.4 * 9_000 * rng.normal(0.8, sqrt(0.02), 10**6)
    paid = 90 + rng.normal(2500, 2500 * 0.4 / 1.959964, 10**6)
    ends = np.quantile(profit - paid, [0.025, 0.975])
    net = [found.net_profit.lower, found.net_profit.upper]
    assert net == pytest.approx(ends, abs=15)


def test_no_economics_no_money() -> None:
    """Nothing is counted that nobody asked for."""
    assert money(experiment(None), [comparison(worked())], 10) == ()


def test_revenue_interval_covers_in_simulation() -> None:
    """The interval of the realized gain covers 95 % ± 1.8 points in 2,000 worlds.

    Gamma spend, true lift +10 %, 90/10; the band is 3.6 binomial standard errors.
    The target is what the treated units actually brought, less what they would have
    brought at the control's true mean.
    """
    rng = np.random.default_rng(40)
    worlds, n_t, n_c, mean, shape = 2000, 9000, 1000, 2.0, 0.5
    t = rng.gamma(shape, mean * 1.1 / shape, (worlds, n_t // 10)).mean(axis=1)
    c = rng.gamma(shape, mean / shape, (worlds, n_c // 10)).mean(axis=1)
    sd_t = mean * 1.1 / sqrt(shape)
    sd_c = mean / sqrt(shape)
    s = np.sqrt((sd_t / t) ** 2 / (n_t / 10) + (sd_c / c) ** 2 / (n_c / 10))
    total = t * n_t / 10
    low = total * (1 - 1 / (t / c * np.exp(-1.959964 * s)))
    high = total * (1 - 1 / (t / c * np.exp(1.959964 * s)))
    target = total - mean * n_t / 10
    covered = np.mean((low <= target) & (target <= high))
    assert covered == pytest.approx(0.95, abs=0.018)


def with_uncertainty(*shares: str, savings: tuple[Saving, ...] = ()) -> Economics:
    """The costs of the worked example, each off by so much 95 times in 100."""
    return Economics(
        value="revenue",
        margin=Fraction(2, 5),
        costs=tuple(
            replace(cost, uncertainty=Fraction(share))
            for cost, share in zip(COSTS, shares, strict=True)
        ),
        savings=savings,
    )


def test_uncertain_costs_against_draws() -> None:
    """ROPI, net profit and the chance: draws of the log ratio and of each cost."""
    (known,) = money(experiment(with_uncertainty("0", "0")), [comparison(worked())], 30)
    (found,) = money(
        experiment(with_uncertainty("2/5", "1/5")), [comparison(worked())], 30
    )
    assert found.cost is not None
    assert known.cost is not None
    assert found.cost.total == known.cost.total == pytest.approx(3400)
    assert known.cost.se is None
    off = np.hypot(2500 * 0.4, 900 * 0.2) / 1.959964
    assert found.cost.se == pytest.approx(off, rel=1e-6)
    inference = worked()
    assert inference.log_ratio is not None
    rng = np.random.default_rng(8)
    ratio = np.exp(rng.normal(inference.log_ratio.value, inference.log_ratio.se, 10**6))
    profit = 0.4 * 162_000 * (1 - 1 / ratio)
    paid = rng.normal(2500, 2500 * 0.4 / 1.959964, 10**6)
    paid = paid + rng.normal(900, 900 * 0.2 / 1.959964, 10**6)
    net, ropi = profit - paid, profit / paid - 1
    assert found.ropi is not None
    assert found.net_profit is not None
    assert found.ropi.value == known.ropi.value  # type: ignore[union-attr]
    ends = np.quantile(ropi, [0.025, 0.975])
    assert [found.ropi.lower, found.ropi.upper] == pytest.approx(ends, abs=0.03)
    ends = np.quantile(net, [0.025, 0.975])
    assert [found.net_profit.lower, found.net_profit.upper] == pytest.approx(
        ends, abs=70
    )
    assert found.ropi.p_positive == pytest.approx((ropi > 0).mean(), abs=0.002)
    assert found.incremental_profit == known.incremental_profit


def test_a_nearly_certain_cost_gives_the_known_ranges() -> None:
    """As the uncertainty goes to 0 nothing jumps."""
    one = money(experiment(with_uncertainty("0", "0")), [comparison(worked())], 30)
    two = money(
        experiment(with_uncertainty("1/10000", "0")), [comparison(worked())], 30
    )
    for before, after in zip(one, two, strict=True):
        assert before.ropi is not None
        assert after.ropi is not None
        assert after.ropi.lower == pytest.approx(before.ropi.lower, abs=1e-4)
        assert after.ropi.upper == pytest.approx(before.ropi.upper, abs=1e-4)
        assert after.ropi.p_positive == pytest.approx(before.ropi.p_positive, abs=1e-5)


def test_chances_in_money_against_draws() -> None:
    """Losses, threefold return: a million draws of the lift, within 4 errors.

    The posterior under a flat prior is the normal on ln R of the worked example.
    """
    inference = worked()
    (found,) = money(
        experiment(Economics(value="revenue", margin=Fraction(2, 5), costs=COSTS)),
        [comparison(inference)],
        28,
    )
    chances, known = found.chances, inference.log_ratio
    assert chances is not None
    assert chances.p_threefold is not None
    assert known is not None
    draws = np.random.default_rng(9).normal(known.value, known.se, 1_000_000)
    gain = 0.4 * 162_000 * (1 - np.exp(-draws))
    net = gain - 3_400
    for value, sample in (
        (chances.expected_loss_if_shipped, np.maximum(0, -net)),
        (chances.expected_loss_if_held, np.maximum(0, net)),
        (chances.p_threefold, gain > 3 * 3_400),
    ):
        assert abs(value - np.mean(sample)) < 4 * np.std(sample) / 1_000
    assert chances.week_of_data is not None
    better = np.mean(np.maximum(0, net)) - max(0.0, float(np.mean(net)))
    assert 0 < chances.week_of_data < better


@pytest.mark.parametrize("data_sd", [0.05, 0.2])
def test_a_week_of_data_against_nested_draws(data_sd: float) -> None:
    """200,000 weeks drawn from the lift: each is as wide as the model's data, by days.

    A normal lift b ~ N(m, s²) that is seen with error e is believed to be
    N(m + w (x − m), s² (1 − w)), w = s² / (s² + e²); what is then chosen earns the
    mean of g Rev (1 − e^−b) − cost, or nothing.
    """
    inference = worked()
    known = inference.log_ratio
    assert known is not None
    one = replace(comparison(inference), data_sd=data_sd)
    economics = Economics(value="revenue", margin=Fraction(2, 5), costs=COSTS)
    (found,) = money(experiment(economics), [one], 28)
    assert found.chances is not None
    rng = np.random.default_rng(14)
    error, spread = data_sd * sqrt(28 / 7), known.se
    weight = spread**2 / (spread**2 + error**2)
    seen = known.value + rng.normal(0, np.sqrt(weight) * spread, 200_000)
    left = spread**2 * (1 - weight)
    worth = 0.4 * 162_000 * (1 - np.exp(-seen + left / 2)) - 3_400
    gained = np.maximum(worth, 0.0)
    value = gained.mean() - max(0.0, float(worth.mean()))
    near = 5 * gained.std() / np.sqrt(len(gained))
    assert found.chances.week_of_data == pytest.approx(value, abs=near)


def test_no_posterior_no_chances() -> None:
    """Without a lift there is nothing to believe of the money."""
    inference = replace(worked(), log_ratio=None)
    (found,) = money(
        experiment(Economics(value="revenue", margin=Fraction(2, 5), costs=COSTS)),
        [comparison(inference)],
        28,
    )
    assert found.chances is None
