"""Posteriors against closed forms and Monte Carlo."""

from __future__ import annotations

from math import log

import numpy as np
import pytest
from scipy.special import betaln

from holdback.errors import StatsError
from holdback.stats.effect import Estimate, Inference, LogRatio
from holdback.stats.posterior import LiftPrior, posterior
from holdback.stats.posterior.lognormal import LogNormalLift

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
        method="koopman_score",
        note="",
    )


def closed_form(x: int, n: int, y: int, m: int) -> float:
    """P(p_T > p_C) under Beta(1, 1) priors, as a sum of beta functions."""
    a_t, b_t, a_c, b_c = x + 1, n - x + 1, y + 1, m - y + 1
    i = np.arange(a_t)
    terms = (
        betaln(a_c + i, b_t + b_c) - np.log(b_t + i) - betaln(1 + i, b_t) - betaln(a_c, b_c)
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
    "table", [(207, 9000, 20, 1000), (189, 21387, 122, 21306), (3, 50, 2, 60), (40, 45, 30, 50)]
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
    """b = ln 1.15, s = .2247, τ = .05: mean .0065938, sd .0488063, P .553734."""
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
    with pytest.raises(StatsError, match="1 conversions in control"):
        posterior(rates(5, 100, 1, 100), family="proportion", prior=WEAK)


def test_prior_needs_a_width() -> None:
    """A prior of width 0 is refused."""
    with pytest.raises(ValueError, match="`sd`"):
        LiftPrior(name="custom", sd=0.0)
