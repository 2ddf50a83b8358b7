"""Posteriors are calibrated: under their own prior the truth's rank is uniform."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from holdback.facts import fact
from holdback.stats.evidence.effect import Estimate, Inference
from holdback.stats.posterior.posterior import LiftPrior, posterior

LONG = pytest.mark.calibration
WEAK = LiftPrior(name="weak", sd=0.3)
WIDE = LiftPrior(name="custom", sd=0.3)


def rates(x: int, n: int, y: int, m: int) -> Inference:
    """A comparison of x of n treated with y of m control units."""
    return Inference(
        control=Estimate(value=y / m, se=1.0, n=m, third=0.0, nonzero=y),
        treatment=Estimate(value=x / n, se=1.0, n=n, third=0.0, nonzero=x),
        absolute=None,
        relative=None,
        p_value=None,
        method="skewness_corrected_score",
        note=fact("methods.log_delta"),
    )


def drawn(rng: np.random.Generator, prior: LiftPrior) -> tuple[float, float]:
    """Treatment's and control's rate from the prior."""
    while True:
        q = rng.uniform()
        p = rng.uniform() if prior is WEAK else q * np.exp(rng.normal(0, 0.3))
        if q > 0.02 and p < 1:
            return float(p), float(q)


@pytest.mark.parametrize("runs", [200, pytest.param(2_000, marks=LONG)])
@pytest.mark.parametrize("prior", [WEAK, WIDE], ids=["uniform", "normal"])
def test_truth_has_a_uniform_rank(prior: LiftPrior, runs: int) -> None:
    """Rates from the prior, data from the rates: P(lift > truth) is uniform (KS)."""
    rng = np.random.default_rng(70)
    ranks = []
    for _ in range(runs):
        p, q = drawn(rng, prior)
        x, y = int(rng.binomial(900, p)), int(rng.binomial(1000, q))
        found = posterior(rates(x, 900, y, 1000), family="proportion", prior=prior)
        ranks.append(found.probability_above(p / q - 1))
    assert stats.kstest(ranks, "uniform").pvalue > 1e-3


def test_a_planted_error_is_found() -> None:
    """The same check fails where the posterior believes it has more data."""
    rng = np.random.default_rng(71)
    ranks = []
    for _ in range(150):
        p, q = drawn(rng, WEAK)
        x, y = int(rng.binomial(900, p)), int(rng.binomial(1000, q))
        wrong = rates(4 * x, 3600, 4 * y, 4000)
        found = posterior(wrong, family="proportion", prior=WEAK)
        ranks.append(found.probability_above(p / q - 1))
    assert stats.kstest(ranks, "uniform").pvalue < 1e-3


@pytest.mark.parametrize("runs", [300, pytest.param(4_000, marks=LONG)])
def test_no_effect_gives_uniform_probabilities(runs: int) -> None:
    """A/A at 90/10 and 2 %: P(lift > 0) is near uniform, each tail in 1.5–3.7 %."""
    rng = np.random.default_rng(72)
    x, y = rng.binomial(9000, 0.02, runs), rng.binomial(1000, 0.02, runs)
    above = np.array(
        [
            posterior(
                rates(int(a), 9000, int(b), 1000), family="proportion", prior=WEAK
            ).probability_above(0.0)
            for a, b in zip(x, y, strict=True)
        ]
    )
    for share in (np.mean(above > 0.975), np.mean(above < 0.025)):
        low, high = stats.binom.ppf([0.0005, 0.9995], runs, [0.015, 0.037]) / runs
        assert low <= share <= high
    for cut in (0.25, 0.5, 0.75):
        low, high = stats.binom.ppf([0.0005, 0.9995], runs, [cut - 0.04, cut + 0.04])
        assert low <= np.sum(above < cut) <= high
