"""False wins and losses of conversion, exactly: a sum over all tables that matter.

Nominal is 2.5 % on each side; both sides are reported apart, for a total can hide
that an interval errs to one side only.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from holdback.stats.evidence.effect import Estimate
from holdback.stats.methods import proportion

Z = 1.959963984540054


def tails(n: int, m: int, p: float, q: float) -> tuple[float, float]:
    """Chance that the lift's interval lies wholly above, or wholly below, the truth."""
    xs, ys = (
        np.arange(
            int(stats.binom.ppf(1e-7, k, r)), int(stats.binom.isf(1e-7, k, r)) + 1
        )
        for k, r in ((n, p), (m, q))
    )
    above = below = 0.0
    for y, weight in zip(ys, stats.binom.pmf(ys, m, q), strict=True):
        for x, chance in zip(xs, stats.binom.pmf(xs, n, p), strict=True):
            if x + y in {0, n + m}:
                continue
            counts = proportion.ConversionCounts(x=int(x), n=n, y=int(y), m=m)
            score = proportion._ratio_score(p / q, counts)
            above += weight * chance * (score > Z)
            below += weight * chance * (score < -Z)
    return above, below


@pytest.mark.parametrize(
    ("n", "m", "p", "q", "high", "low"),
    [
        (9000, 1000, 0.02, 0.02, 0.0196, 0.0299),
        (4500, 500, 0.02, 0.02, 0.017, 0.032),
    ],
)
def test_lift_tails_against_table(
    n: int, m: int, p: float, q: float, high: float, low: float
) -> None:
    """statistics.md 1.11, Koopman: 1.96 % above and 2.99 % below; 1.7 and 3.2."""
    above, below = tails(n, m, p, q)
    tolerance = 0.0005 if n == 9000 else 0.001
    assert above == pytest.approx(high, abs=tolerance)
    assert below == pytest.approx(low, abs=tolerance)


@pytest.mark.parametrize("rate", [0.005, 0.02, 0.1, 0.5])
@pytest.mark.parametrize(("n", "m"), [(100, 100), (180, 20), (500, 500), (900, 100)])
def test_false_positives_stay_below_the_band(n: int, m: int, rate: float) -> None:
    """A/A: at most 6 % in total; each side in 1.5–3.7 % from 20 conversions an arm."""
    above, below = tails(n, m, rate, rate)
    assert above + below < 0.06
    if min(n, m) * min(rate, 1 - rate) >= 20:
        assert 0.015 < above < 0.037
        assert 0.015 < below < 0.037


def test_the_band_catches_the_plain_interval() -> None:
    """Each arm's own error at 90/10 and 2 %: a side leaves the band."""
    n, m, rate = 9_000, 1_000, 0.02
    above = below = 0.0
    xs = np.arange(1, int(stats.binom.isf(1e-7, n, rate)))
    for y in range(1, int(stats.binom.isf(1e-7, m, rate))):
        chance = stats.binom.pmf(y, m, rate) * stats.binom.pmf(xs, n, rate)
        p, q = xs / n, y / m
        z = (p - q) / np.sqrt(p * (1 - p) / n + q * (1 - q) / m)
        above += chance[z > Z].sum()
        below += chance[z < -Z].sum()
    assert not (0.015 < above < 0.037 and 0.015 < below < 0.037)


@pytest.mark.calibration
@pytest.mark.parametrize("rate", [0.005, 0.02, 0.1, 0.5])
@pytest.mark.parametrize(("n", "m"), [(2500, 2500), (4500, 500)])
def test_false_positives_stay_below_the_band_in_larger_arms(
    n: int, m: int, rate: float
) -> None:
    """The same for 5,000 units."""
    test_false_positives_stay_below_the_band(n, m, rate)


@pytest.mark.parametrize(
    "runs", [1_000, pytest.param(20_000, marks=pytest.mark.calibration)]
)
def test_difference_covers_a_true_effect(runs: int) -> None:
    """+10 % at 90/10: both sides of the difference's interval miss 1.3–3.7 %."""
    rng = np.random.default_rng(50)
    n, m, p, q = 9000, 1000, 0.022, 0.02
    above = below = 0
    for x, y in zip(rng.binomial(n, p, runs), rng.binomial(m, q, runs), strict=True):
        found = proportion.compare_proportions(arm(y, m), arm(x, n), level=0.95)
        assert found.absolute is not None
        above += found.absolute.interval.lower > p - q
        below += found.absolute.interval.upper < p - q
    for missed in (above, below):
        low, high = stats.binom.ppf([0.0005, 0.9995], runs, [0.018, 0.033])
        assert low <= missed <= high


def arm(count: int, n: int) -> Estimate:
    """A rate's estimate; its error is not used by score intervals."""
    return Estimate(value=count / n, se=1.0, n=n, third=0.0, nonzero=int(count))
