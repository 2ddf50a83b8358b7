"""Posteriors under a prior that was learned: closed forms and quadrature."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from holdback.facts import fact
from holdback.stats.evidence.effect import Estimate, Inference, LogRatio
from holdback.stats.posterior.lognormal import LogNormalLift, learned_posterior
from holdback.stats.posterior.posterior import LiftPrior, posterior
from holdback.stats.posterior.random_effects import NormalMixture

SEEN = LogRatio(value=0.1, se=0.06)


def mixture(*parts: tuple[float, float, float]) -> NormalMixture:
    """Normals of (weight, mean, sd)."""
    weights, means, sds = (np.array(column) for column in zip(*parts, strict=True))
    return NormalMixture.of(weights, means, sds)


def rates(x: int, n: int, y: int, m: int) -> Inference:
    """Rates of x of n treated and y of m control units converted."""
    return Inference(
        control=Estimate(value=y / m, se=1.0, n=m, third=0.0, nonzero=y),
        treatment=Estimate(value=x / n, se=1.0, n=n, third=0.0, nonzero=x),
        absolute=None,
        relative=None,
        p_value=None,
        method="skewness_corrected_score",
        note=fact("methods.log_delta"),
    )


def test_one_normal_against_closed_form() -> None:
    """A mixture of one part at 0 gives the conjugate posterior."""
    found = learned_posterior(SEEN, mixture((1, 0.0, 0.05)))
    exact = LogNormalLift.from_evidence(SEEN, LiftPrior(name="custom", sd=0.05))
    assert found.mean == pytest.approx(exact.mean, abs=1e-7)
    assert found.sd == pytest.approx(exact.sd, rel=1e-5)
    assert found.probability_above(0.0) == pytest.approx(
        exact.probability_above(0.0), abs=1e-7
    )
    assert found.expected_loss_if_shipped == pytest.approx(
        exact.expected_loss_if_shipped, abs=1e-7
    )


def test_two_normals_against_closed_form() -> None:
    """Each part is conjugate; its weight grows with what it says of the data."""
    prior = mixture((0.3, -0.02, 0.01), (0.7, 0.05, 0.1))
    weights, below = [], []
    for w, m, s in ((0.3, -0.02, 0.01), (0.7, 0.05, 0.1)):
        precision = 1 / s**2 + 1 / 0.06**2
        centre = (m / s**2 + 0.1 / 0.06**2) / precision
        weights.append(w * stats.norm.pdf(0.1, m, np.hypot(s, 0.06)))
        below.append(stats.norm.cdf(0.0, centre, precision**-0.5))
    exact = 1 - np.dot(weights, below) / np.sum(weights)
    found = learned_posterior(SEEN, prior)
    assert found.probability_above(0.0) == pytest.approx(exact, abs=1e-6)


def test_rates_against_quadrature() -> None:
    """Binomial likelihood, uniform control rate, a prior that is not around 0."""
    prior = mixture((0.5, 0.03, 0.02), (0.5, -0.05, 0.2))

    def joint(log_ratio: float, rate: float) -> float:
        treated = rate * np.exp(log_ratio)
        if treated >= 1:
            return 0.0
        spread = np.exp(prior.log_density(np.array([log_ratio])))[0]
        return float(
            stats.binom.pmf(60, 500, treated) * stats.binom.pmf(40, 450, rate) * spread
        )

    def inside(low: float) -> float:
        def given(rate: float) -> float:
            value = integrate.quad(joint, low, 1.2, args=(rate,), points=[0.0, 0.03])
            return float(value[0])

        return float(integrate.quad(given, 0.03, 0.2)[0])

    found = posterior(
        rates(60, 500, 40, 450),
        family="proportion",
        prior=LiftPrior.of("past", prior),
    )
    exact = inside(0.0) / inside(-1.2)
    assert found.probability_above(0.0) == pytest.approx(exact, abs=1e-5)


def test_a_surprise_is_pulled_less_than_by_one_normal() -> None:
    """Heavier tails than a normal of the same width: 8 of its deviations away."""
    learned = mixture((0.8, 0.0, 0.02), (0.2, 0.0, 0.1))
    surprise = LogRatio(value=0.4, se=0.05)
    plain = LogNormalLift.from_evidence(
        surprise, LiftPrior(name="custom", sd=learned.sd)
    )
    assert learned_posterior(surprise, learned).mean > plain.mean
