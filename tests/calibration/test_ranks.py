"""Simulation-based calibration of the exact models, and intervals of every level.

The truth's rank is the posterior's share below it (what ranks among ever more draws
tend to). Uniform ranks also say how often an interval holds the truth, at 50, 80 and
95 %, averaged over the prior.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest
from calibration.beliefs import MODELS, WEAK, Simulated, segments
from calibration.ranks import band, drawn, histogram, uniform_p
from calibration.shops import Shop
from scipy import stats

from holdback.stats.evidence.effect import LogRatio
from holdback.stats.posterior.hurdle import Hurdle, LogSpend
from holdback.stats.posterior.lognormal import LogNormalLift
from holdback.stats.posterior.posterior import LiftPrior

LONG = pytest.mark.calibration
FLAT = LiftPrior(name="none", sd=None)
LEVELS = (0.5, 0.8, 0.95)
LEAST_P = 1e-3
RUNS = pytest.mark.parametrize("runs", [100, pytest.param(1_000, marks=LONG)])


def faults(ranks: Sequence[float]) -> list[str]:
    """What speaks against uniform ranks, and against intervals of each level."""
    counts = histogram(ranks)
    found = [f"ranks {counts}"] if uniform_p(counts) <= LEAST_P else []
    for level in LEVELS:
        share = float(np.mean(np.abs(np.array(ranks) - 0.5) <= level / 2))
        low, high = band(level, len(ranks))
        if not low <= share <= high:
            found.append(f"{level:.0%} intervals hold {share:.1%}")
    return found


@RUNS
@pytest.mark.parametrize("simulate", MODELS, ids=lambda one: one.__name__)
def test_ranks_are_uniform(
    simulate: Callable[[np.random.Generator], Simulated], runs: int
) -> None:
    """Ranks, and intervals of 50, 80 and 95 %; an interval is what the ranks say."""
    rng = np.random.default_rng(50)
    ranks = []
    for _ in range(runs):
        found, truth = simulate(rng)
        ranks.append(1 - found.probability_above(truth))
    interval = found.interval(0.8)
    for edge, share in ((interval.lower, 0.9), (interval.upper, 0.1)):
        assert found.probability_above(edge) == pytest.approx(share, abs=1e-6)
    drawn(simulate.__name__, histogram(ranks))
    assert faults(ranks) == []


@pytest.mark.parametrize("runs", [400, pytest.param(4_000, marks=LONG)])
def test_segments_pulled_together(runs: int) -> None:
    """Their spread from its half-normal, one of five looked at in each world."""
    rng = np.random.default_rng(52)
    ranks = [segments(rng) for _ in range(runs)]
    drawn("segments", histogram(ranks))
    assert faults(ranks) == []


def test_errors_too_small_are_caught() -> None:
    """The planted fault: a standard error of 0.7 of the true one."""
    rng = np.random.default_rng(51)
    ranks = []
    for _ in range(400):
        truth = rng.normal(0, 0.3)
        seen = LogRatio(value=rng.normal(truth, 0.2), se=0.14)
        found = LogNormalLift.from_evidence(seen, WEAK)
        ranks.append(1 - found.probability_above(float(np.expm1(truth))))
    drawn("planted", histogram(ranks))
    told = faults(ranks)
    assert len(told) == 4
    assert told[0].startswith("ranks")


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
        model = Hurdle(control=LogSpend.of(control), treatment=LogSpend.of(treated))
        ours.append(model.posterior(FLAT).probability_above(0.0))
        means, errors = [], []
        for side in (control, treated):
            rows = side.rows[:, 0]
            means.append(rows.sum() / side.n)
            square = (rows**2).sum() / side.n - means[-1] ** 2
            errors.append(np.sqrt(square / side.n))
        usual.append(stats.norm.cdf((means[1] - means[0]) / np.hypot(*errors)))
    assert stats.kstest(ours, "uniform").pvalue > LEAST_P
    low, high = band(0.025, runs)
    assert np.mean(np.array(ours) > 0.975) <= high
    assert low <= np.mean(np.array(ours) < 0.025) <= high
    assert np.mean(np.array(usual) > 0.975) > 0.06
