"""Posteriors against closed forms and Monte Carlo."""

from __future__ import annotations

from dataclasses import replace
from math import log

import numpy as np
import pytest
from scipy import stats
from scipy.special import betaln

from holdback.errors import StatsError
from holdback.facts import fact
from holdback.stats.evidence.effect import Estimate, Inference, LogRatio
from holdback.stats.posterior.lognormal import LogNormalLift
from holdback.stats.posterior.posterior import LiftPrior, posterior

WEAK = LiftPrior(name="weak", sd=0.30)
SKEPTICAL = LiftPrior(name="skeptical", sd=0.05)


def rates(x: int, n: int, y: int, m: int) -> Inference:
    """A comparison of x of n treated with y of m control units."""
    return Inference(
        control=Estimate(value=y / m, se=0.01, n=m, third=0.0, nonzero=y),
        treatment=Estimate(value=x / n, se=0.01, n=n, third=0.0, nonzero=x),
        absolute=None,
        relative=None,
        p_value=None,
        method="skewness_corrected_score",
        note=fact("methods.log_delta"),
    )


def closed_form(x: int, n: int, y: int, m: int) -> float:
    """P(p_T > p_C) under Beta(1, 1) priors, as a sum of beta functions."""
    a_t, b_t, a_c, b_c = x + 1, n - x + 1, y + 1, m - y + 1
    i = np.arange(a_t)
    terms = (
        betaln(a_c + i, b_t + b_c)
        - np.log(b_t + i)
        - betaln(1 + i, b_t)
        - betaln(a_c, b_c)
    )
    return float(np.exp(terms).sum())


def test_rates_against_worked_example() -> None:
    """P .69013406, mean .15645, median .11775, [−.26603, .80181], P(> 5 %) .60904."""
    found = posterior(rates(207, 9000, 20, 1000), family="proportion", prior=WEAK)
    assert found.probability_above(0) == pytest.approx(0.69013406, abs=1e-8)
    assert found.mean == pytest.approx(0.15645, abs=5e-6)
    assert found.quantile(0.5) == pytest.approx(0.11775, abs=5e-6)
    interval = found.interval(0.95)
    assert interval.lower == pytest.approx(-0.26603, abs=5e-6)
    assert interval.upper == pytest.approx(0.80180, abs=1.5e-5)
    assert found.probability_above(0.05) == pytest.approx(0.60904, abs=5e-6)


@pytest.mark.parametrize(
    "table",
    [(207, 9000, 20, 1000), (189, 21387, 122, 21306), (3, 50, 2, 60), (40, 45, 30, 50)],
)
def test_rates_against_closed_form(table: tuple[int, int, int, int]) -> None:
    """P(lift > 0) equals the finite sum to 1e-8."""
    found = posterior(rates(*table), family="proportion", prior=WEAK)
    assert found.probability_above(0) == pytest.approx(closed_form(*table), abs=1e-8)


def test_rates_against_monte_carlo() -> None:
    """Mean, spread and both losses agree with four million draws, within 4 errors."""
    rng = np.random.default_rng(20)
    draws = 4_000_000
    lift = rng.beta(58, 944, draws) / rng.beta(49, 953, draws) - 1
    found = posterior(rates(57, 1000, 48, 1000), family="proportion", prior=WEAK)
    for value, sample in (
        (found.mean, lift),
        (found.expected_loss_if_shipped, np.maximum(0, -lift)),
        (found.expected_loss_if_held, np.maximum(0, lift)),
    ):
        error = sample.std() / np.sqrt(draws)
        assert abs(value - sample.mean()) < 4 * error
    assert found.sd == pytest.approx(lift.std(), rel=3e-3)


def test_rates_with_skeptical_prior_against_importance_sampling() -> None:
    """A normal prior on the log ratio: mean and P(> 0) by weighted draws."""
    rng = np.random.default_rng(21)
    draws = 2_000_000
    log_ratio = rng.normal(0, 0.05, draws)
    control = rng.beta(49, 953, draws)
    treated = control * np.exp(log_ratio)
    weight = np.exp(57 * np.log(treated) + 943 * np.log1p(-treated) + 200)
    expected = float((weight * np.expm1(log_ratio)).sum() / weight.sum())
    above = float((weight * (log_ratio > 0)).sum() / weight.sum())
    found = posterior(rates(57, 1000, 48, 1000), family="proportion", prior=SKEPTICAL)
    assert found.mean == pytest.approx(expected, abs=3e-4)
    assert found.probability_above(0) == pytest.approx(above, abs=2e-3)


def test_normal_against_worked_example() -> None:
    """B = ln 1.15, s = .2247, τ = .05: mean .0065938, sd .0488063, P .553734."""
    found = LogNormalLift.from_evidence(LogRatio(value=log(1.15), se=0.2247), SKEPTICAL)
    assert found.log_mean == pytest.approx(0.0065938, abs=5e-8)
    assert found.log_sd == pytest.approx(0.0488063, abs=5e-8)
    assert found.probability_above(0) == pytest.approx(0.553734, abs=5e-7)
    interval = found.interval(0.95)
    assert interval.lower == pytest.approx(-0.0852, abs=5e-5)
    assert interval.upper == pytest.approx(0.1077, abs=5e-5)


def test_normal_against_monte_carlo() -> None:
    """Mean, spread and losses of the lift agree with draws, within 4 errors."""
    rng = np.random.default_rng(22)
    draws = 2_000_000
    found = LogNormalLift(log_mean=0.03, log_sd=0.2)
    lift = np.expm1(rng.normal(0.03, 0.2, draws))
    for value, sample in (
        (found.mean, lift),
        (found.expected_loss_if_shipped, np.maximum(0, -lift)),
        (found.expected_loss_if_held, np.maximum(0, lift)),
    ):
        assert abs(value - sample.mean()) < 4 * sample.std() / np.sqrt(draws)
    assert found.sd == pytest.approx(lift.std(), rel=5e-3)


def test_flat_prior_returns_the_likelihood() -> None:
    """Without a prior the posterior's interval is the log interval itself."""
    found = LogNormalLift.from_evidence(
        LogRatio(value=0.1, se=0.2), LiftPrior(name="none", sd=None)
    )
    assert (found.log_mean, found.log_sd) == (0.1, 0.2)


def test_nothing_to_learn_from_is_refused() -> None:
    """No lift, or a posterior without a mean: an error with the reason."""
    with pytest.raises(StatsError, match="no lift"):
        posterior(rates(1, 10, 1, 10), family="mean", prior=WEAK)
    with pytest.raises(StatsError, match="1 conversion in control"):
        posterior(rates(5, 100, 1, 100), family="proportion", prior=WEAK)


def test_prior_needs_a_width() -> None:
    """A prior of width 0 is refused."""
    with pytest.raises(ValueError, match="`sd`"):
        LiftPrior(name="custom", sd=0.0)


def by_quadrature(x: int, n: int, y: int, m: int) -> dict[str, float]:
    """Losses under Beta(1, 1) by nested one-dimensional integrals over p_C."""
    treated, control = stats.beta(x + 1, n - x + 1), stats.beta(y + 1, m - y + 1)
    rates = np.linspace(control.ppf(1e-13), control.isf(1e-13), 20_001)
    weight = control.pdf(rates)
    beyond = treated.mean() * stats.beta(x + 2, n - x + 1).sf(rates)  # E[p_T; p_T > c]
    held = beyond - rates * treated.sf(rates)
    shipped = held - (treated.mean() - rates)
    over = lambda values: float(np.trapezoid(values * weight, rates))  # noqa: E731
    return {
        "absolute_shipped": over(shipped),
        "absolute_held": over(held),
        "shipped": over(shipped / rates),
        "held": over(held / rates),
    }


def test_losses_against_worked_example() -> None:
    """The oracle has the published losses; ours are the same as shares of control.

    Published, on the absolute scale: .00106545 for treatment, .00321334 for control.
    """
    oracle = by_quadrature(207, 9000, 20, 1000)
    assert oracle["absolute_shipped"] == pytest.approx(0.00106545, abs=5e-9)
    assert oracle["absolute_held"] == pytest.approx(0.00321334, abs=5e-9)
    found = posterior(rates(207, 9000, 20, 1000), family="proportion", prior=WEAK)
    assert found.expected_loss_if_shipped == pytest.approx(oracle["shipped"], abs=1e-7)
    assert found.expected_loss_if_held == pytest.approx(oracle["held"], abs=1e-7)
    assert found.mean == pytest.approx(
        found.expected_loss_if_held - found.expected_loss_if_shipped, abs=1e-9
    )


@pytest.mark.parametrize(
    "table",
    [
        (99_000, 9_900_000, 900, 100_000),
        (900, 100_000, 99_000, 9_900_000),
        (5_000_000, 10_000_000, 5_000, 10_000),
        (2, 10**7, 10_000, 10**7),
    ],
)
def test_lopsided_arms_against_closed_form(table: tuple[int, int, int, int]) -> None:
    """A 1 % holdback, or one arm with far more conversions, costs no precision."""
    x, n, y, m = table
    found = posterior(rates(*table), family="proportion", prior=WEAK)
    mean = (x + 1) / (n + 2) * (m + 1) / y - 1
    assert found.mean == pytest.approx(mean, abs=1e-7)
    square = (x + 1) * (x + 2) / ((n + 2) * (n + 3)) * m * (m + 1) / (y * (y - 1))
    assert found.sd == pytest.approx(np.sqrt(square - (mean + 1) ** 2), rel=1e-5)


@pytest.mark.parametrize(
    "table", [(207, 9000, 20, 1000), (0, 400, 6, 300), (9, 20, 4, 20)]
)
@pytest.mark.parametrize("sd", [0.05, 0.3, 2.0])
def test_normal_prior_against_two_dimensional_grid(
    table: tuple[int, int, int, int], sd: float
) -> None:
    """Binomials × uniform control rate × normal log ratio, summed on a plain grid."""
    x, n, y, m = table
    step = 0.004 * sd
    cut = np.log1p(-0.05)
    log_ratio = cut + step * (np.arange(-2500, 2500)[:, None] + 0.5)
    control = stats.beta(y + 1, m - y + 1)
    rate = np.linspace(0, control.isf(1e-13), 1501)[None, 1:]
    treated = np.exp(log_ratio) * rate
    inside = np.minimum(treated, 1 - 1e-12)
    logs = x * np.log(inside) + (n - x) * np.log1p(-inside) - (log_ratio / sd) ** 2 / 2
    logs = np.where(treated < 1, logs + control.logpdf(rate), -np.inf)
    weight = np.exp(logs - logs.max()).sum(axis=1)
    weight /= weight.sum()
    prior = LiftPrior(name="custom", sd=sd)
    found = posterior(rates(*table), family="proportion", prior=prior)
    assert found.method == "binomial_log_ratio"
    lift = np.expm1(log_ratio[:, 0])
    assert found.mean == pytest.approx(float(weight @ lift), abs=1e-4 * found.sd)
    below = float(weight @ (lift < -0.05))
    assert found.probability_above(-0.05) == pytest.approx(1 - below, abs=3e-5)


def test_data_in_conflict_with_the_prior_are_not_cut_off() -> None:
    """A sharp +118 % under a 5 % prior: the posterior lies between, not at an edge."""
    inference = rates(218_000, 10_000_000, 100_000, 10_000_000)
    found = posterior(inference, family="proportion", prior=SKEPTICAL)
    s = np.sqrt(1 / 218_000 + 1 / 100_000)
    weight = 0.05**2 / (0.05**2 + s**2)
    expected = np.expm1(weight * np.log(2.18))
    assert found.quantile(0.5) == pytest.approx(expected, rel=3e-3)
    assert found.quantile(0.999) > found.quantile(0.5) + 0.005


def test_density_against_distribution() -> None:
    """The density integrates to the probability between two lifts, for both kinds."""
    kinds = (
        posterior(rates(207, 9000, 20, 1000), family="proportion", prior=WEAK),
        LogNormalLift(log_mean=0.1, log_sd=0.2),
    )
    grid = np.linspace(-0.2, 0.4, 4001)
    for found in kinds:
        between = found.probability_above(-0.2) - found.probability_above(0.4)
        area = float(np.trapezoid(found.density(grid), grid))
        assert area == pytest.approx(between, abs=5e-5)
        assert list(found.density(np.array([-1.0, -3.0]))) == [0.0, 0.0]


@pytest.mark.parametrize("q", [0.001, 0.025, 0.5, 0.975, 0.999])
def test_quantile_undoes_probability(q: float) -> None:
    """P(lift > the q-quantile) is 1 − q, for both kinds; −100 % is always passed."""
    kinds = (
        posterior(rates(207, 9000, 20, 1000), family="proportion", prior=SKEPTICAL),
        LogNormalLift(log_mean=0.1, log_sd=0.2),
    )
    for found in kinds:
        assert found.probability_above(found.quantile(q)) == pytest.approx(
            1 - q, abs=1e-9
        )
        assert found.probability_above(-1.0) == 1.0


def test_log_loss_against_worked_example() -> None:
    """The published loss, .0163514, is in log units; ours in lift is close below."""
    found = LogNormalLift.from_evidence(LogRatio(value=log(1.15), se=0.2247), SKEPTICAL)
    mu, sd = found.log_mean, found.log_sd
    published = sd * stats.norm.pdf(mu / sd) - mu * stats.norm.cdf(-mu / sd)
    assert published == pytest.approx(0.0163514, abs=5e-8)
    assert 0.97 * published < found.expected_loss_if_shipped < published


def test_hillstrom_shrinkage_against_table() -> None:
    """+118 % with s = 0.149: a 5 % prior makes it about +8 %, a 30 % prior +87 %."""
    evidence = LogRatio(value=log(2.18), se=0.149)
    skeptical = LogNormalLift.from_evidence(evidence, SKEPTICAL)
    weak = LogNormalLift.from_evidence(evidence, WEAK)
    assert skeptical.quantile(0.5) == pytest.approx(0.08, abs=0.005)
    assert weak.quantile(0.5) == pytest.approx(0.87, abs=0.01)


def test_posteriors_of_nothing_are_refused() -> None:
    """No units, nobody converted: an error with the reason."""
    with pytest.raises(StatsError, match="nobody converted"):
        posterior(rates(0, 100, 0, 100), family="proportion", prior=SKEPTICAL)
    empty = replace(
        rates(1, 10, 1, 10), control=None, note=fact("methods.few_units", units=0)
    )
    with pytest.raises(StatsError, match="without units"):
        posterior(empty, family="proportion", prior=WEAK)
    with pytest.raises(ValueError, match="`q`"):
        posterior(rates(9, 20, 4, 20), family="proportion", prior=WEAK).quantile(1.0)


def test_money_takes_the_methods_own_error() -> None:
    """Means: the posterior is that of the inference's log ratio and its error."""
    inference = replace(
        rates(5, 10, 5, 10),
        log_ratio=LogRatio(value=0.1, se=0.2),
        method="pooled_cv_log",
    )
    found = posterior(inference, family="mean", prior=WEAK)
    weight = 0.3**2 / (0.3**2 + 0.2**2)
    assert found.method == "normal_log_ratio"
    assert found.quantile(0.5) == pytest.approx(np.expm1(weight * 0.1), rel=1e-12)


@pytest.mark.parametrize("prior", [WEAK, SKEPTICAL], ids=lambda one: one.name)
def test_everybody_converted(prior: LiftPrior) -> None:
    """All 50 of 50 and 600 of 600: only the arms' sizes would tell a chance."""
    inference = rates(50, 50, 600, 600)
    with pytest.raises(StatsError, match="everybody converted"):
        posterior(inference, family="proportion", prior=prior)
    one_less = posterior(rates(50, 50, 599, 600), family="proportion", prior=prior)
    assert 0 < one_less.probability_above(0) < 1
