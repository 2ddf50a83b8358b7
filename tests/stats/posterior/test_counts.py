"""Counts: against conjugate draws, Poisson's closed form, and simulated units."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats
from scipy.special import gammaln

from holdback.errors import StatsError
from holdback.stats.evidence.sample import Sample
from holdback.stats.posterior.counts import CountArm, CountModel
from holdback.stats.posterior.posterior import LiftPrior
from holdback.stats.posterior.predictive_checks import check_counts

LONG = pytest.mark.calibration
FLAT = LiftPrior(name="none", sd=None)
WEAK = LiftPrior(name="weak", sd=0.3)


def arm(counts: np.ndarray) -> CountArm:
    """All units' counts, zeros included."""
    seen = counts[counts > 0].astype(float)
    return CountArm.of(Sample(columns=("visits",), rows=seen[:, None], n=len(counts)))


def test_poisson_against_its_closed_form() -> None:
    """Equal rates within arms: m is Gamma(S + ½, n), so T / (T + C) is a beta."""
    rng = np.random.default_rng(1)
    control, treated = rng.poisson(2.0, 300), rng.poisson(2.2, 500)
    found = CountModel(control=arm(control), treatment=arm(treated))
    assert found.shape > 10
    posterior = found.posterior(FLAT)
    a, b = treated.sum() + 0.5, control.sum() + 0.5
    for lift in (-0.05, 0.05, 0.15):
        share = (1 + lift) * 500 / ((1 + lift) * 500 + 300)
        exact = stats.beta(a, b).sf(share)
        assert posterior.probability_above(lift) == pytest.approx(exact, abs=0.02)


def test_overdispersed_counts_against_draws() -> None:
    """K from its density on a fine grid, then m from beta draws."""
    rng = np.random.default_rng(2)
    arms = [
        rng.negative_binomial(0.5, 0.5 / (0.5 + mean), n)
        for mean, n in ((1.5, 150), (1.8, 350))
    ]
    shapes = np.exp(np.linspace(np.log(0.2), np.log(1.5), 1_500))
    log_p = np.zeros_like(shapes)
    for x in arms:
        grown = gammaln(x[:, None] + shapes) - gammaln(shapes)
        s, rest = x.sum() + 0.5, len(x) * shapes
        log_p += grown.sum(axis=0) + gammaln(s) + gammaln(rest) - gammaln(s + rest)
    p = np.exp(log_p - log_p.max())
    k = rng.choice(shapes, 400_000, p=p / p.sum())
    u = [rng.beta(x.sum() + 0.5, len(x) * k) for x in arms]
    logs = [np.log(k * one / (1 - one)) for one in u]
    lift = np.expm1(logs[1] - logs[0])
    found = CountModel(control=arm(arms[0]), treatment=arm(arms[1])).posterior(FLAT)
    for q in (0.025, 0.25, 0.5, 0.75, 0.975):
        drawn = float(np.quantile(lift, q))
        assert 1 - found.probability_above(drawn) == pytest.approx(q, abs=0.005)


@pytest.mark.parametrize("runs", [150, pytest.param(1_000, marks=LONG)])
@pytest.mark.parametrize("shape", [0.3, 3.0, 1e4])
def test_truth_has_a_uniform_rank(shape: float, runs: int) -> None:
    """Log ratios from the prior, counts from them: P(lift > truth) is uniform (KS)."""
    rng = np.random.default_rng(3)
    ranks = []
    for _ in range(runs):
        lift, mean = rng.normal(0, 0.3), rng.uniform(0.3, 2)
        means = (mean, mean * np.exp(lift))
        counts = [
            rng.poisson(rng.gamma(shape, m / shape, n))
            for m, n in zip(means, (200, 1_800), strict=True)
        ]
        found = CountModel(control=arm(counts[0]), treatment=arm(counts[1]))
        ranks.append(found.posterior(WEAK).probability_above(np.expm1(lift)))
    assert stats.kstest(ranks, "uniform").pvalue > 1e-3


def test_a_planted_error_is_found() -> None:
    """Counts of units that differ, read as if each event stood alone: ranks fail."""
    rng = np.random.default_rng(4)
    ranks = []
    for _ in range(150):
        lift = rng.normal(0, 0.3)
        sums = [
            rng.poisson(rng.gamma(0.3, np.exp(m) / 0.3, n)).sum()
            for m, n in ((0.0, 200), (lift, 1_800))
        ]
        # Poisson's own posterior, by draws, under the same prior.
        drawn = [
            rng.gamma(s + 0.5, 1 / n, 4_000)
            for s, n in zip(sums, (200, 1_800), strict=True)
        ]
        logs = np.log(drawn[1] / drawn[0])
        weight = np.exp(-(logs**2) / 2 / 0.3**2)
        ranks.append(float(weight[logs > lift].sum() / weight.sum()))
    assert stats.kstest(ranks, "uniform").pvalue < 1e-3


def test_zeros_and_what_is_no_count() -> None:
    """None in one arm still has a posterior, wide; none in both, halves, minus: not."""
    none, some = np.zeros(100), np.array([1.0, 2, 0, 1] * 25)
    found = CountModel(control=arm(none), treatment=arm(some)).posterior(WEAK)
    assert 0 < found.probability_above(0) <= 1
    with pytest.raises(StatsError, match="Nothing was counted"):
        CountModel(control=arm(none), treatment=arm(none))
    for value in (0.5, -1.0):
        rows = np.array([[value]])
        with pytest.raises(StatsError, match="no counts"):
            CountArm.of(Sample(columns=("x",), rows=rows, n=5))


def test_check_knows_its_own_model_from_others() -> None:
    """Negative binomial counts pass; everybody twice or not, and robots, do not."""
    rng = np.random.default_rng(5)
    passed = 0
    for i in range(40):
        counts = [rng.poisson(rng.gamma(0.5, 2.0, n)) for n in (300, 2_700)]
        model = CountModel(control=arm(counts[0]), treatment=arm(counts[1]))
        passed += check_counts(model, i).passes
    assert passed >= 37
    twice = [2 * (rng.random(n) < 0.5) for n in (300, 2_700)]
    odd = CountModel(control=arm(twice[0]), treatment=arm(twice[1]))
    assert not check_counts(odd, 1).passes
    robots = [np.append(rng.poisson(1.0, n), [80, 90]) for n in (1_000, 1_000)]
    assert not check_counts(
        CountModel(control=arm(robots[0]), treatment=arm(robots[1])), 1
    ).passes
