"""The distribution of a posterior at many lifts: the same as one by one."""

from __future__ import annotations

import numpy as np
import pytest

from holdback.facts import fact
from holdback.stats.evidence.effect import Estimate, Inference, LogRatio
from holdback.stats.posterior.lognormal import LogNormalLift, learned_posterior
from holdback.stats.posterior.posterior import LiftPrior, Posterior, posterior
from holdback.stats.posterior.random_effects import NormalMixture


def of_rates(prior: LiftPrior) -> Posterior:
    """207 of 9,000 against 20 of 1,000."""
    sides = [
        Estimate(value=y / n, se=0.01, n=n, third=0.0, nonzero=y)
        for y, n in ((20, 1_000), (207, 9_000))
    ]
    inference = Inference(
        control=sides[0],
        treatment=sides[1],
        absolute=None,
        relative=None,
        p_value=None,
        method="skewness_corrected_score",
        note=fact("methods.log_delta"),
    )
    return posterior(inference, family="proportion", prior=prior)


def learned() -> Posterior:
    """Two kinds of past effects."""
    prior = NormalMixture.of(
        np.array([0.7, 0.3]), np.array([0.0, 0.1]), np.array([0.02, 0.2])
    )
    return learned_posterior(LogRatio(value=0.1, se=0.06), prior)


KINDS = {
    "lognormal": LogNormalLift(log_mean=0.1, log_sd=0.2),
    "uniform": of_rates(LiftPrior(name="weak", sd=0.30)),
    "skeptical": of_rates(LiftPrior(name="skeptical", sd=0.05)),
    "learned": learned(),
}


@pytest.mark.parametrize("kind", KINDS)
def test_below_is_what_is_not_above(kind: str) -> None:
    """1 − P(lift > x) at each x, rising from 0 at −100 % to 1 above all."""
    found = KINDS[kind]
    lifts = np.concatenate(
        [[-3.0, -1.0], np.linspace(-0.999, 3.0, 4_001), [50.0, np.inf]]
    )
    below = found.below(lifts)
    above = [found.probability_above(float(x)) for x in lifts]
    np.testing.assert_allclose(below, 1 - np.array(above), rtol=0, atol=1e-15)
    assert np.diff(below).min() > -1e-15
    assert below[:2].tolist() == [0.0, 0.0]
    assert below[-1] == 1.0


@pytest.mark.parametrize("kind", KINDS)
def test_below_is_the_area_under_the_density(kind: str) -> None:
    """Between two lifts, for every kind."""
    found = KINDS[kind]
    grid = np.linspace(-0.2, 0.4, 20_001)
    low, high = found.below(grid[[0, -1]])
    area = float(np.trapezoid(found.density(grid), grid))
    assert area == pytest.approx(high - low, abs=1e-4)
