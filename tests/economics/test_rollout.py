"""Roll-out, payback and cost items, against hand computation and quadrature."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import log
from typing import Any

import numpy as np
import pytest
from economics.test_money import comparison, experiment, worked
from scipy import integrate

from holdback.economics.money import money
from holdback.economics.rollout import left_of_lift
from holdback.experiments.definition.experiment import Cost, Economics, Rollout, Saving
from holdback.experiments.language.quantities import duration
from holdback.results.money import Money
from holdback.stats.evidence.effect import Estimate, Inference
from holdback.stats.methods.log_ratio import log_delta

WEEKS_52 = Rollout(units=12_000, per="week", horizon=duration("52 weeks"))
COSTS = (
    Cost(name="Service", amount=Fraction(100), per="day", kind="technology"),
    Cost(name="Serving", amount=Fraction(1, 100), per="treated unit"),
    Cost(name="Set-up", amount=Fraction(3000), spread=duration("300 days")),
)


def record(
    days: int = 30, *, inference: Inference | None = None, **changes: Any
) -> Money:
    """Money of the worked example: 13,500 more revenue at a margin of 40 %."""
    economics = Economics(
        value="revenue", margin=Fraction(2, 5), costs=COSTS, rollout=WEEKS_52
    )
    (found,) = money(
        experiment(replace(economics, **changes)),
        [comparison(inference or worked())],
        days,
    )
    return found


def test_scenarios_against_hand_computation() -> None:
    """12,000 × 52 units at 5,400 / 90,000 each; the costs of 364 days."""
    stop, persist = record().rollout
    assert stop.scenario == "stop"
    assert stop.incremental_profit.value == pytest.approx(5400)
    assert stop.cost == pytest.approx(100 * 30 + 900 + 3000)
    assert stop.net_profit.value == pytest.approx(5400 - 6900)
    assert (persist.units, persist.horizon_days) == (624_000, 364)
    assert persist.incremental_profit.value == pytest.approx(0.06 * 624_000)
    cost = 100 * 364 + 6240 + 3000
    assert persist.cost == pytest.approx(cost)
    assert persist.ropi is not None
    assert persist.ropi.value == pytest.approx((37_440 - cost) / cost)


def test_stop_is_what_the_test_itself_earned() -> None:
    """The same profit; what was paid once is spent, so it costs 2,700 more."""
    found = record()
    stop = found.rollout[0]
    assert stop.incremental_profit == found.incremental_profit
    for end in ("value", "lower", "upper"):
        less = getattr(found.net_profit, end) - 2700
        assert getattr(stop.net_profit, end) == pytest.approx(less)
    assert stop.ropi.value == pytest.approx((5400 - 6900) / 6900)


@pytest.mark.parametrize("half_life", [7.0, 56.0, 1000.0])
def test_what_is_left_of_a_lift_against_quadrature(half_life: float) -> None:
    """The mean of 2^(−t/h) between two days, by numeric integration."""
    whole, _ = integrate.quad(lambda t: 2 ** (-t / half_life), 10, 94)
    assert left_of_lift(10, 94, half_life) == pytest.approx(whole / 84)


def test_decay_lies_between_stopping_and_persisting() -> None:
    """A half-life of 8 weeks leaves h / (H ln 2) (1 − 2^(−H/h)) of the profit."""
    decaying = replace(WEEKS_52, decay=duration("8 weeks"))
    _, decay, persist = record(rollout=decaying).rollout
    left = 56 / (364 * log(2)) * (1 - 2 ** (-364 / 56))
    assert decay.half_life_days == 56
    expected = left * persist.incremental_profit.value
    assert decay.incremental_profit.value == pytest.approx(expected)
    assert decay.cost == persist.cost


def test_last_year_scales_by_the_relative_lift() -> None:
    """G × lift × last year's revenue of each week, halved as the lift halves."""
    sales = tuple(Fraction(v) for v in (100_000, 300_000, 200_000, 50_000))
    plain = Rollout(
        units=12_000, per="week", horizon=duration("4 weeks"), last_year=sales
    )
    lift = 1.8 / 1.65 - 1
    _, persist = record(rollout=plain).rollout
    assert persist.seasonal
    assert persist.incremental_profit.value == pytest.approx(0.4 * 650_000 * lift)
    interval = worked().relative.interval  # type: ignore[union-attr]
    assert persist.incremental_profit.lower == pytest.approx(260_000 * interval.lower)
    assert persist.incremental_profit.upper == pytest.approx(260_000 * interval.upper)
    _, decay, _ = record(rollout=replace(plain, decay=duration("2 weeks"))).rollout
    left, _ = integrate.quad(
        lambda t: float(sales[min(int(t // 7), 3)]) / 7 * 2 ** (-t / 14),
        0,
        28,
        points=[7, 14, 21],
    )
    assert decay.incremental_profit.value == pytest.approx(0.4 * lift * left)


def test_last_year_with_uncertain_costs_against_draws() -> None:
    """Net profit of 0.4 B (R − 1) less a normal cost, by a million draws."""
    costs = (
        Cost(name="S", amount=Fraction(900), per="day", uncertainty=Fraction(1, 2)),
    )
    rollout = Rollout(
        units=1, per="week", horizon=duration("1 weeks"), last_year=(Fraction(200_000),)
    )
    _, found = record(costs=costs, rollout=rollout).rollout
    ratio = worked().log_ratio
    assert ratio is not None
    assert found.ropi is not None
    rng = np.random.default_rng(3)
    lifts = np.expm1(rng.normal(ratio.value, ratio.se, 10**6))
    cost = rng.normal(6300, 6300 / 2 / 1.959964, 10**6)
    net = 0.4 * 200_000 * lifts - cost
    assert [found.net_profit.lower, found.net_profit.upper] == pytest.approx(
        np.quantile(net, [0.025, 0.975]), abs=90
    )
    assert found.ropi.p_positive == pytest.approx((net > 0).mean(), abs=0.003)


def test_payback_against_hand_computation() -> None:
    """3,000 once over (5,400 − 3,900) / 30 a day: 60 days; never at the lower end."""
    found = record().payback_days
    assert found is not None
    assert found.paid_once == 3000
    assert found.value == pytest.approx(3000 / ((5400 - 3900) / 30))
    assert found.upper is None
    assert found.unbounded == "upper"
    assert found.lower is not None
    assert found.lower < found.value
    posterior = comparison(worked()).posterior
    assert posterior is not None
    needed = 3900 + 3000 * 30 / 365.25
    lift = 1 / (1 - needed / (0.4 * 162_000)) - 1
    assert found.p_within_year == pytest.approx(posterior.probability_above(lift))


def test_no_payback_without_what_was_paid_once() -> None:
    """Running costs alone have nothing to pay back, and no days nothing to count."""
    assert record(costs=COSTS[:2]).payback_days is None


def test_a_cost_of_one_arm_alone() -> None:
    """What only one arm has is not shared; the rest goes by treated units."""
    economics = Economics(
        value="revenue",
        costs=(
            Cost(name="All", amount=Fraction(30), per="day"),
            Cost(name="Model", amount=Fraction(60), per="day", arms=("predictive",)),
            Cost(
                name="Calls",
                amount=Fraction(1, 100),
                per="treated unit",
                arms=("predictive",),
            ),
        ),
        savings=(Saving(name="W", hours=Fraction(2), rate=Fraction(10), per="day"),),
    )
    inference = worked()
    arms = [
        comparison(inference, "rules", 10_000),
        comparison(inference, "predictive", 20_000),
        comparison(inference, "*", 30_000),
    ]
    rules, predictive, both = money(experiment(economics), arms, 10)
    totals = [m.cost.total for m in (rules, predictive, both) if m.cost]
    assert totals == pytest.approx([100, 200 + 600 + 200, 300 + 600 + 200])
    assert [m.savings for m in (rules, both)] == pytest.approx([200 / 3, 200])
    (saving,) = both.saving_items
    assert (saving.hours, saving.amount) == (20, 200)


def delta() -> Inference:
    """The worked example by the delta method: each mean with its own error."""
    return log_delta(
        Estimate(value=1.65, se=19 / 100, n=10_000, third=0.0, nonzero=5000),
        Estimate(value=1.80, se=20 / 300, n=90_000, third=0.0, nonzero=50_000),
        level=0.95,
    )


def mover() -> tuple[float, float]:
    """Range of 1.80 − 1.65 by MOVER of two log-normal means (Zou & Donner 2008)."""
    up, down = 1.959964 * 20 / 300 / 1.8, 1.959964 * 19 / 100 / 1.65
    low = np.hypot(1.8 - 1.8 * np.exp(-up), 1.65 * np.exp(down) - 1.65)
    high = np.hypot(1.8 * np.exp(up) - 1.8, 1.65 - 1.65 * np.exp(-down))
    return 0.15 - low, 0.15 + high


def test_a_roll_out_is_of_the_population_against_closed_form() -> None:
    """0.4 × 624,000 × the difference of the means; the test keeps what it earned."""
    found = record(inference=delta())
    stop, persist = found.rollout
    assert (stop.target, persist.target) == ("earned", "population")
    low, high = mover()
    assert found.population is not None
    per_unit = found.population.incremental_revenue
    assert [per_unit.lower, per_unit.upper] == pytest.approx([low, high], rel=1e-6)
    profit = found.population.incremental_profit
    assert profit.lower == pytest.approx(0.4 * low, rel=1e-6)
    assert persist.incremental_profit.lower == pytest.approx(
        0.4 * 624_000 * low, rel=1e-6
    )
    assert persist.incremental_profit.upper == pytest.approx(
        0.4 * 624_000 * high, rel=1e-6
    )
    interval = delta().relative.interval  # type: ignore[union-attr]
    assert stop.incremental_profit.lower == pytest.approx(
        0.4 * 162_000 * (1 - 1 / (1 + interval.lower))
    )


def means(draws: int = 10**6) -> tuple[Any, Any]:
    """The two means under flat priors: normals of their logs."""
    rng = np.random.default_rng(12)
    treated = 1.80 * np.exp(20 / 300 / 1.8 * rng.standard_normal(draws))
    control = 1.65 * np.exp(19 / 100 / 1.65 * rng.standard_normal(draws))
    return treated, control


def test_the_chance_of_a_roll_out_against_draws() -> None:
    """P(0.4 × 624,000 (μ_T − μ_C) > costs), by a million draws of both means."""
    _, persist = record(inference=delta()).rollout
    treated, control = means()
    cost = 100 * 364 + 6240 + 3000
    share = np.mean(0.4 * 624_000 * (treated - control) > cost)
    assert persist.ropi is not None
    assert persist.ropi.p_positive == pytest.approx(share, abs=0.002)


def test_a_roll_out_with_uncertain_costs_against_draws() -> None:
    """Net profit and chance with a normal cost, by a million draws of all three.

    The range is MOVER's, which holds the two means' draws to within its own error of
    order 1 %.
    """
    costs = (
        Cost(name="S", amount=Fraction(125), per="day", uncertainty=Fraction(1, 2)),
    )
    _, persist = record(inference=delta(), costs=costs).rollout
    treated, control = means()
    rng = np.random.default_rng(13)
    mean = 125 * 364
    paid = rng.normal(mean, mean / 2 / 1.959964, 10**6)
    net = 0.4 * 624_000 * (treated - control) - paid
    assert persist.ropi is not None
    assert persist.ropi.p_positive == pytest.approx(np.mean(net > 0), abs=0.003)
    ends = np.quantile(net, [0.025, 0.975])
    width = ends[1] - ends[0]
    assert [persist.net_profit.lower, persist.net_profit.upper] == pytest.approx(
        ends, abs=0.01 * width
    )
