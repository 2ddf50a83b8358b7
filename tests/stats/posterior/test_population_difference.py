"""What is believed of a difference of means, against draws of the two means."""

from __future__ import annotations

from math import log, sqrt

import numpy as np
import pytest

from holdback.stats.evidence.effect import Estimate, LogRatio
from holdback.stats.posterior.lognormal import LogNormalLift
from holdback.stats.posterior.population_difference import PopulationDifference
from holdback.stats.posterior.prior import LiftPrior

CONTROL = Estimate(value=2.0, se=0.2, n=900, third=0.0, nonzero=90)
TREATED = Estimate(value=3.0, se=0.18, n=8000, third=0.0, nonzero=900)
RATIO = LogRatio(value=log(1.5), se=sqrt(0.1**2 + 0.06**2))
DRAWS = 1_000_000


def difference(prior: LiftPrior) -> PopulationDifference:
    """Both arms, and the ratio's posterior under a prior."""
    return PopulationDifference(
        control=CONTROL,
        treatment=TREATED,
        posterior=LogNormalLift.from_evidence(RATIO, prior),
    )


@pytest.mark.parametrize("at", [-0.3, 0.2, 0.7, 1.0, 1.4])
def test_flat_prior_against_draws(at: float) -> None:
    """Two independent normals of the logs, as a flat prior on both leaves them."""
    rng = np.random.default_rng(3)
    treated = 3.0 * np.exp(0.06 * rng.standard_normal(DRAWS))
    control = 2.0 * np.exp(0.10 * rng.standard_normal(DRAWS))
    share = np.mean(treated - control <= at)
    found = difference(LiftPrior(name="none", sd=None)).below(np.array([at]))
    assert found[0] == pytest.approx(share, abs=4 * sqrt(0.25 / DRAWS) + 1e-5)


@pytest.mark.parametrize("at", [-0.1, 0.3, 0.8])
def test_prior_on_the_lift_against_weighted_draws(at: float) -> None:
    """The same draws, weighted by the prior of their log ratio."""
    rng = np.random.default_rng(4)
    treated = 3.0 * np.exp(0.06 * rng.standard_normal(DRAWS))
    control = 2.0 * np.exp(0.10 * rng.standard_normal(DRAWS))
    weight = np.exp(-((np.log(treated / control) / 0.3) ** 2) / 2)
    share = float(weight @ (treated - control <= at) / weight.sum())
    found = difference(LiftPrior(name="weak", sd=0.3)).below(np.array([at]))
    assert found[0] == pytest.approx(share, abs=0.002)


def test_above_no_change_exactly_where_the_lift_is() -> None:
    """P(difference > 0) is P(lift > 0)."""
    believed = difference(LiftPrior(name="weak", sd=0.3))
    above = 1 - believed.below(np.zeros(1))[0]
    assert above == believed.posterior.probability_above(0.0)


def test_many_points_against_each_alone() -> None:
    """What is interpolated between points agrees with what is integrated."""
    believed = difference(LiftPrior(name="weak", sd=0.3))
    many = np.linspace(-1, 3, 5_000)
    alone = [believed.below(many[i : i + 1])[0] for i in range(0, 5_000, 250)]
    assert believed.below(many)[::250] == pytest.approx(alone, abs=2e-4)
