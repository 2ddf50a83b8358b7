"""Money with the prior counted in: against draws, and against the test's own ranges."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from math import exp, log

import numpy as np
import pytest
from economics.test_money import COSTS, comparison, experiment, worked
from reports.examples import changed, clear_win
from scipy import stats

from holdback.economics.money import money
from holdback.experiments.definition.experiment import Cost, Economics
from holdback.reports.blocks.answer.money import detail
from holdback.reports.text.locale_format import Words
from holdback.reports.text.money_sentences import (
    against,
    full_amounts,
    moved,
    prior_name,
    with_prior,
)
from holdback.results.money import BelievedMoney, Money
from holdback.results.quantity import Quantity, Return
from holdback.results.sections.sensitivity import Sensitivity
from holdback.stats.evidence.effect import Estimate
from holdback.stats.methods.compare import compare_means
from holdback.stats.posterior.posterior import LiftPrior, posterior

REVENUE = 1.80 * 90_000
CARD = clear_win()
W = Words.of(CARD)
WIN = CARD.readouts[0]


def believed(prior: LiftPrior, *costs: Cost) -> Money:
    """The worked example's money over 30 days, under a prior."""
    inference = worked()
    one = replace(
        comparison(inference),
        posterior=posterior(inference, family="mean", prior=prior),
    )
    economics = Economics(value="revenue", margin=Fraction(2, 5), costs=costs)
    (found,) = money(experiment(economics), [one], 30)
    return found


def test_a_flat_prior_gives_the_test_s_own_ranges() -> None:
    """The normal on the log ratio: money, ROPI and payback are the same to 1e-6.

    With the costs known; the value is the median, which is that of the lift.
    """
    once = Cost(name="Set-up", amount=Fraction(2000), spread=timedelta(days=60))
    found = believed(LiftPrior(name="none", sd=None), *COSTS[1:], once)
    ours = found.believed
    assert ours is not None
    assert found.ropi is not None
    for alone, together in (
        (found.incremental_revenue, ours.incremental_revenue),
        (found.incremental_profit, ours.incremental_profit),
        (found.ropi.interval, ours.ropi),
    ):
        assert together is not None
        for name in ("value", "lower", "upper"):
            expected = getattr(alone, name)
            assert getattr(together, name) == pytest.approx(expected, rel=1e-6)
    assert found.payback_days is not None
    assert ours.payback_days is not None
    assert ours.payback_days.value == pytest.approx(found.payback_days.value, rel=1e-6)
    assert ours.payback_days.lower == pytest.approx(found.payback_days.lower, rel=1e-6)
    assert ours.payback_days.upper is None
    assert ours.payback_days.unbounded == "upper"


@pytest.mark.parametrize("uncertainty", [Fraction(0), Fraction(3, 10)])
def test_under_a_prior_against_draws(uncertainty: Fraction) -> None:
    """400,000 lifts from prior × likelihood and as many costs: medians and ranges."""
    inference = worked()
    assert inference.log_ratio is not None
    b, s, sd = inference.log_ratio.value, inference.log_ratio.se, 0.05
    cost = Cost(name="Fixed", amount=Fraction(2500), uncertainty=uncertainty)
    found = believed(LiftPrior(name="skeptical", sd=sd), cost)
    ours = found.believed
    assert ours is not None
    rng = np.random.default_rng(4)
    weight = sd**2 / (sd**2 + s**2)
    drawn = rng.normal(weight * b, sd * np.sqrt(1 - weight), 400_000)
    revenue = REVENUE * -np.expm1(-drawn)
    assert found.cost is not None
    spent = rng.normal(2500, found.cost.se or 0.0, 400_000)
    ropi = 0.4 * revenue / spent - 1
    for told, draws in (
        (ours.incremental_revenue, revenue),
        (ours.incremental_profit, 0.4 * revenue),
        (ours.ropi, ropi),
    ):
        assert told is not None
        width = np.diff(np.quantile(draws, [0.025, 0.975]))[0]
        for name, q in (("lower", 0.025), ("value", 0.5), ("upper", 0.975)):
            near = pytest.approx(np.quantile(draws, q), abs=0.01 * width)
            assert getattr(told, name) == near
    assert found.ropi is not None
    assert found.ropi.p_positive == pytest.approx((ropi > 0).mean(), abs=0.004)


@pytest.mark.parametrize(
    ("p_positive", "value", "method", "some"),
    [
        (0.9, -0.1, "hurdle_lognormal", True),
        (0.1, 0.1, "negative_binomial", True),
        (0.9, 0.1, "hurdle_lognormal", False),
        (0.6, -0.1, "hurdle_lognormal", False),
        (0.9, -0.1, "normal_log_ratio", False),
    ],
)
def test_a_chance_against_the_totals_is_explained(
    p_positive: float, value: float, method: str, *, some: bool
) -> None:
    """Only where a model of amounts turns the sign of what is seen, clearly."""
    assert WIN.bayes is not None
    assert WIN.relative is not None
    bayes = replace(WIN.bayes, p_positive=p_positive, method=method)
    seen = replace(WIN, bayes=bayes, relative=replace(WIN.relative, value=value))
    assert (f"point the other way ({W.lift(value)})" in against(W, seen)) is some


def test_amounts_in_full_are_told_where_the_lift_is_of_capped_ones() -> None:
    """By the lift without the cap, which stands beside a capped one only."""
    paid = CARD.money[-1]
    one = replace(CARD.section(Sensitivity)[0], metric=paid.value_metric, variant="raw")
    capped = changed(CARD, sensitivity=(one,))
    assert "counts every amount in full" in full_amounts(W, capped, paid)
    assert full_amounts(W, changed(CARD, sensitivity=()), paid) == ""
    assert full_amounts(W, capped, replace(paid, ropi=None)) == ""


def test_rates_alike_are_called_so() -> None:
    """`weak` and `none` are one prior of two rates, and two of a log ratio."""
    bayes = WIN.bayes
    assert bayes is not None
    names = {
        prior_name(replace(bayes, prior=prior, method="beta_binomial"))
        for prior in ("weak", "none")
    }
    assert names == {"all rates equally likely"}
    assert "30%" in prior_name(replace(bayes, prior="weak", method="log_delta"))


def test_payback_is_the_image_of_the_profit() -> None:
    """Paid once × days / (profit − running cost), at the posterior's median lift."""
    once = Cost(name="Set-up", amount=Fraction(1000), spread=timedelta(days=60))
    found = believed(LiftPrior(name="skeptical", sd=0.05), once)
    inference = worked()
    assert inference.log_ratio is not None
    b, s = inference.log_ratio.value, inference.log_ratio.se
    median = exp(b * 0.05**2 / (0.05**2 + s**2))
    profit = 0.4 * REVENUE * (1 - 1 / median)
    assert found.believed is not None
    assert found.believed.payback_days is not None
    days = 1000 * 30 / profit
    assert found.believed.payback_days.value == pytest.approx(days, rel=1e-6)
    assert log(median) < b


def test_without_a_posterior_nothing_is_believed() -> None:
    """A lift without a posterior has money, but no other money beside it."""
    economics = Economics(value="revenue", margin=Fraction(2, 5), costs=COSTS)
    one = replace(comparison(worked()), posterior=None)
    (found,) = money(experiment(economics), [one], 30)
    assert found.believed is None
    assert found.chances is None
    assert moved(W, found) == ""


def beside(lower: float, upper: float) -> Money:
    """The example's money, whose ROPI is likely so much in the posterior."""
    plain = CARD.money[-1]
    return replace(
        plain,
        believed=BelievedMoney(
            level=0.95,
            incremental_profit=Quantity(value=4000.0, lower=1000.0, upper=7000.0),
            ropi=Quantity(value=0.5, lower=lower, upper=upper),
        ),
    )


def test_what_is_said_where_the_prior_moves_the_money() -> None:
    """Nothing for the same range; both ranges where an end moves; a table always."""
    same = CARD.money[-1].ropi
    assert same is not None
    assert same.lower is not None
    assert same.upper is not None
    assert moved(W, beside(same.lower, same.upper)) == ""
    width = same.upper - same.lower
    assert moved(W, beside(same.lower + 0.24 * width, same.upper)) == ""
    assert moved(W, beside(same.lower + 0.26 * width, same.upper)) != ""
    near = replace(beside(-0.01, 1.0), ropi=Return(value=0.5, lower=0.02, upper=1.0))
    assert "puts ROPI at −1% to +100%" in moved(W, near)
    told = moved(W, beside(-0.2, 1.1))
    assert "puts ROPI at −20% to +110%" in told
    assert W.range(same.interval, W.lift) in told
    rows = list(with_prior(W, beside(-0.2, 1.1)))
    assert [name for name, _, _ in rows] == ["Gross profit", "ROPI"]
    page = detail(replace(CARD, money=(beside(-0.2, 1.1),)), W)
    assert "The money in detail" in page
    assert "+50.0% (−20% to +110%)" in page


def test_both_ranges_have_one_level() -> None:
    """A range that looks widen is held against as wide a posterior's: no prior's part.

    99.5 %, flat prior: the two are equal, and nothing is said of a difference.
    """
    inference = compare_means(
        Estimate(value=1.65, se=19 / 100, n=10_000, third=0.0, nonzero=5_000),
        Estimate(value=1.80, se=20 / 300, n=90_000, third=0.0, nonzero=50_000),
        level=0.995,
    )
    economics = Economics(value="revenue", margin=Fraction(2, 5), costs=COSTS)
    (found,) = money(experiment(economics), [comparison(inference)], 30)
    assert found.believed is not None
    assert found.believed.level == 0.995
    assert found.ropi is not None
    assert found.believed.ropi is not None
    assert found.believed.ropi.lower == pytest.approx(found.ropi.lower, rel=1e-6)
    assert moved(W, found) == ""


@pytest.mark.parametrize("uncertainty", [Fraction(0), Fraction(3, 10)])
def test_money_without_a_lift_against_student_s_t(uncertainty: Fraction) -> None:
    """An amount about 0: chance and losses are of Welch's difference, by scipy.

    400,000 draws of the difference and of the cost, for the losses within a hundredth.
    """
    first = Estimate(value=-0.2, se=0.15, n=900, third=0.0, nonzero=800)
    second = Estimate(value=0.15, se=0.10, n=2_000, third=0.0, nonzero=1_900)
    inference = compare_means(first, second, level=0.95)
    assert inference.method == "welch"
    believed = posterior(
        inference, family="mean", prior=LiftPrior(name="none", sd=None)
    )
    value = replace(
        comparison(inference, units=2_000), posterior=None, difference=believed
    )
    cost = Cost(name="Fixed", amount=Fraction(250), uncertainty=uncertainty)
    economics = Economics(value="revenue", margin=Fraction(2, 5), costs=(cost,))
    (found,) = money(experiment(economics), [value], 30)
    v, w = 0.10**2, 0.15**2
    freedom = (v + w) ** 2 / (v**2 / 1_999 + w**2 / 899)
    t = stats.t(df=freedom, loc=0.35, scale=(v + w) ** 0.5)
    assert found.ropi is not None
    assert found.cost is not None
    rng = np.random.default_rng(8)
    gain = 0.4 * 2_000 * t.rvs(400_000, random_state=rng)
    spent = rng.normal(250, found.cost.se or 0.0, 400_000)
    if not uncertainty:
        chance = t.sf(250 / (0.4 * 2_000))
        assert found.ropi.p_positive == pytest.approx(chance, abs=1e-4)
        low = 0.4 * 2_000 * t.ppf(0.025) / 250 - 1
        assert found.ropi.lower == pytest.approx(low, rel=1e-6)
    assert found.ropi.p_positive == pytest.approx((gain > spent).mean(), abs=4e-3)
    assert found.chances is not None
    for told, side in (
        (found.chances.expected_loss_if_shipped, np.maximum(0, spent - gain)),
        (found.chances.expected_loss_if_held, np.maximum(0, gain - spent)),
    ):
        assert told == pytest.approx(side.mean(), rel=0.02)
