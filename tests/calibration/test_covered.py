"""Intervals of 50, 80 and 95 % hold the truth so often, averaged over the prior.

Parameters come from the prior, data from them; then a posterior's interval of any level
holds the truth at that level, whatever the sizes of the arms. The bands are those in
which 99.9 % of such counts lie.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from calibration.shops import Shop
from scipy import stats

from holdback.stats.effect import Estimate, Inference, LogRatio
from holdback.stats.heterogeneity import heterogeneity
from holdback.stats.normal_mixture import NormalMixture
from holdback.stats.posterior import LiftPrior, Posterior, posterior
from holdback.stats.posterior.counts import CountArm, Counts
from holdback.stats.posterior.hurdle import Hurdle, Spend
from holdback.stats.posterior.learned import learned_posterior
from holdback.stats.posterior.lognormal import LogNormalLift
from holdback.stats.sample import Sample

LONG = pytest.mark.calibration
FLAT = LiftPrior(name="none", sd=None)
WEAK = LiftPrior(name="weak", sd=0.3)
LEVELS = (0.5, 0.8, 0.95)
Simulated = tuple[Posterior, float]


def arm(x: int, n: int) -> Estimate:
    """X of n units converted."""
    return Estimate(value=x / n, se=1.0, n=n, third=0.0, nonzero=x)


def of_rates(
    rng: np.random.Generator, p: float, q: float, prior: LiftPrior
) -> Simulated:
    """90 % treated at rate p, the rest held back at q."""
    x, y = int(rng.binomial(3_600, p)), int(rng.binomial(400, q))
    seen = Inference(
        control=arm(y, 400),
        treatment=arm(x, 3_600),
        absolute=None,
        relative=None,
        p_value=None,
        method="koopman_score",
        note="",
    )
    return posterior(seen, family="proportion", prior=prior), p / q - 1


def uniform_rates(rng: np.random.Generator) -> Simulated:
    """Both rates uniform, of those above 2 %."""
    q = rng.uniform(0.02, 1)
    return of_rates(rng, rng.uniform(), q, WEAK)


def normal_rates(rng: np.random.Generator) -> Simulated:
    """A uniform control rate and a normal log ratio."""
    prior = LiftPrior(name="custom", sd=0.3)
    while True:
        q = rng.uniform(0.02, 1)
        p = q * np.exp(rng.normal(0, 0.3))
        if p < 1:
            return of_rates(rng, float(p), q, prior)


def log_ratio(rng: np.random.Generator) -> Simulated:
    """The normal on the log ratio."""
    truth, se = rng.normal(0, 0.3), rng.uniform(0.02, 0.5)
    seen = LogRatio(value=rng.normal(truth, se), se=se)
    return LogNormalLift.from_evidence(seen, WEAK), float(np.expm1(truth))


def learned(rng: np.random.Generator) -> Simulated:
    """A mixture of normals, as a prior learned from past tests is."""
    weights, means, sds = (
        np.array(x) for x in ((0.3, 0.7), (-0.02, 0.05), (0.01, 0.1))
    )
    part = int(rng.uniform() > 0.3)
    truth = rng.normal(means[part], sds[part])
    seen = LogRatio(value=rng.normal(truth, 0.06), se=0.06)
    prior = NormalMixture.of(weights, means, sds)
    return learned_posterior(seen, prior), float(np.expm1(truth))


def spend(rng: np.random.Generator) -> Simulated:
    """Hurdle, 10 % held back; any mean and spread, as the prior on them is flat."""
    lift = rng.normal(0, 0.3)
    shares = rng.uniform(0.03, 0.08, 2)
    sides = []
    for share, n, move in ((shares[0], 1_000, 0.0), (shares[1], 9_000, lift)):
        buyers = max(int(rng.binomial(n, share)), 20)
        mu = 3 + move - (np.log(shares[1] / shares[0]) if move else 0)
        rows = np.exp(rng.normal(mu, 1.5, buyers))[:, None]
        sides.append(Spend.of(Sample(columns=("r",), rows=rows, n=n)))
    model = Hurdle(control=sides[0], treatment=sides[1])
    return model.posterior(WEAK), float(np.expm1(lift))


def counts(rng: np.random.Generator) -> Simulated:
    """Negative binomial, 10 % held back."""
    lift, mean = rng.normal(0, 0.3), rng.uniform(0.3, 2)
    sides = []
    for m, n in ((mean, 200), (mean * np.exp(lift), 1_800)):
        drawn = rng.poisson(rng.gamma(0.8, m / 0.8, n))
        rows = drawn[drawn > 0].astype(float)[:, None]
        sides.append(CountArm.of(Sample(columns=("n",), rows=rows, n=n)))
    model = Counts(control=sides[0], treatment=sides[1])
    return model.posterior(WEAK), float(np.expm1(lift))


MODELS = (uniform_rates, normal_rates, log_ratio, learned, spend, counts)


def band(level: float, runs: int) -> tuple[float, float]:
    """Where 99.9 % of counts lie, as shares."""
    low, high = stats.binom.ppf([0.0005, 0.9995], runs, level) / runs
    return float(low), float(high)


@pytest.mark.parametrize("runs", [200, pytest.param(2_000, marks=LONG)])
@pytest.mark.parametrize("simulate", MODELS, ids=lambda one: one.__name__)
def test_intervals_hold_the_truth(
    simulate: Callable[[np.random.Generator], Simulated], runs: int
) -> None:
    """At 50, 80 and 95 %."""
    rng = np.random.default_rng(50)
    held = np.zeros(len(LEVELS))
    for _ in range(runs):
        found, truth = simulate(rng)
        for i, level in enumerate(LEVELS):
            interval = found.interval(level)
            held[i] += interval.lower <= truth <= interval.upper
    for share, level in zip(held / runs, LEVELS, strict=True):
        low, high = band(level, runs)
        assert low <= share <= high, (level, share)


def test_intervals_of_data_believed_twice_do_not() -> None:
    """The planted error: a standard error of 0.7 of the true one."""
    rng = np.random.default_rng(51)
    runs, held = 400, 0
    for _ in range(runs):
        truth = rng.normal(0, 0.3)
        seen = LogRatio(value=rng.normal(truth, 0.2), se=0.14)
        interval = LogNormalLift.from_evidence(seen, WEAK).interval(0.8)
        held += interval.lower <= np.expm1(truth) <= interval.upper
    assert held / runs < band(0.8, runs)[0]


@pytest.mark.parametrize("runs", [1_000, pytest.param(10_000, marks=LONG)])
def test_segments_pulled_together(runs: int) -> None:
    """Spread from its half-normal, one segment of five looked at in each world.

    The posterior of a segment is a mixture over the spread, told by its mean and
    standard deviation: its normal intervals may be off by 2 points.
    """
    rng = np.random.default_rng(52)
    errors = np.array([0.05, 0.08, 0.12, 0.2, 0.06])
    held = np.zeros(len(LEVELS))
    for run in range(runs):
        truth = rng.normal(0.02, abs(rng.normal(0, 0.03)), 5)
        seen = rng.normal(truth, errors)
        told = [
            LogRatio(value=float(b), se=float(s))
            for b, s in zip(seen, errors, strict=True)
        ]
        one = heterogeneity(told).pooled[run % 5]
        off = abs(one.value - truth[run % 5]) / one.se
        held += off < stats.norm.ppf((1 + np.array(LEVELS)) / 2)
    for share, level in zip(held / runs, LEVELS, strict=True):
        low, high = band(level, runs)
        assert low - 0.02 <= share <= high + 0.02, (level, share)


@pytest.mark.parametrize("runs", [200, pytest.param(2_000, marks=LONG)])
def test_nothing_to_find_at_90_10_with_heavy_tails(runs: int) -> None:
    """A/A, 3 % buyers, lognormal with spread 1.5, flat prior: P(lift > 0) is uniform.

    Read by the normal with Welch's standard error, as usual, it is far from it: what
    should be 2.5 % in the upper tail is more than 6 %.
    """
    rng = np.random.default_rng(53)
    small, large = Shop(n=2_000), Shop(n=18_000)
    ours, usual = [], []
    for _ in range(runs):
        control, treated = small.sample(rng, 1), large.sample(rng, 1)
        model = Hurdle(control=Spend.of(control), treatment=Spend.of(treated))
        ours.append(model.posterior(FLAT).probability_above(0.0))
        means, errors = [], []
        for side in (control, treated):
            rows = side.rows[:, 0]
            means.append(rows.sum() / side.n)
            square = (rows**2).sum() / side.n - means[-1] ** 2
            errors.append(np.sqrt(square / side.n))
        usual.append(stats.norm.cdf((means[1] - means[0]) / np.hypot(*errors)))
    assert stats.kstest(ours, "uniform").pvalue > 1e-3
    low, high = band(0.025, runs)
    assert np.mean(np.array(ours) > 0.975) <= high
    assert low <= np.mean(np.array(ours) < 0.025) <= high
    assert np.mean(np.array(usual) > 0.975) > 0.06
