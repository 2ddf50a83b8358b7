"""Groups: Cochran's Q and partial pooling against figures, a sampler and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from holdback.stats.effect import LogRatio
from holdback.stats.heterogeneity import heterogeneity


def groups(*pairs: tuple[float, float]) -> list[LogRatio]:
    """Log ratios with their errors."""
    return [LogRatio(value=b, se=s) for b, s in pairs]


def test_two_groups_against_figures() -> None:
    """.10 (.06) and −.02 (.05): z 1.5364, p .12443, computed by hand."""
    found = heterogeneity(groups((0.10, 0.06), (-0.02, 0.05)))
    assert found.p_value == pytest.approx(0.12443, abs=5e-6)
    z = 0.12 / np.hypot(0.06, 0.05)
    assert found.p_value == pytest.approx(2 * stats.norm.sf(z), rel=1e-12)


def test_pooling_against_double_integration() -> None:
    """Mean and variance of one group equal adaptive quadrature over τ and μ."""
    b, s, spread = np.array([0.2, -0.05, 0.03]), np.array([0.08, 0.05, 0.1]), 0.1

    def weight(mu: float, tau: float) -> float:
        spreads = np.sqrt(s**2 + tau**2)
        return float(
            np.prod(stats.norm.pdf(b, mu, spreads)) * stats.norm.pdf(tau, 0, spread)
        )

    def moment(power: int) -> float:
        def inner(mu: float, tau: float) -> float:
            share = tau**2 / (tau**2 + s[0] ** 2)
            m = share * b[0] + (1 - share) * mu
            v = share * s[0] ** 2
            return weight(mu, tau) * (m if power == 1 else v + m * m)

        return integrate.dblquad(inner, 0, 0.6, -0.6, 0.6, epsabs=1e-9)[0]

    norm = integrate.dblquad(weight, 0, 0.6, -0.6, 0.6, epsabs=1e-9)[0]
    mean, square = moment(1) / norm, moment(2) / norm
    first = heterogeneity(groups(*zip(b, s, strict=True)), spread=spread).pooled[0]
    assert first.value == pytest.approx(mean, abs=2e-5)
    assert first.se == pytest.approx(np.sqrt(square - mean**2), rel=2e-3)


def test_equal_groups_share_their_precision() -> None:
    """Four equal groups are pulled to the middle and gain precision; none is left."""
    found = heterogeneity(groups(*[(0.05, 0.2)] * 4)).pooled
    assert all(one.value == pytest.approx(0.05) for one in found)
    assert all(0.1 < one.se < 0.12 for one in found)


@pytest.mark.parametrize(
    "runs", [2_000, pytest.param(20_000, marks=pytest.mark.calibration)]
)
def test_false_alarms_and_coverage(runs: int) -> None:
    """One lift in all: Q rejects 5 %; spreads from the prior: intervals cover 95 %."""
    rng = np.random.default_rng(40)
    errors = np.array([0.05, 0.08, 0.12, 0.2, 0.06])
    rejected = covered = 0
    for _ in range(runs):
        same = rng.normal(0.02, errors)
        rejected += (
            heterogeneity(groups(*zip(same, errors, strict=True))).p_value < 0.05
        )
        truth = rng.normal(0.02, abs(rng.normal(0, 0.03)), 5)
        seen = rng.normal(truth, errors)
        pooled = heterogeneity(groups(*zip(seen, errors, strict=True))).pooled
        covered += sum(
            abs(one.value - t) < 1.96 * one.se
            for one, t in zip(pooled, truth, strict=True)
        )
    low, high = stats.binom.ppf((0.0005, 0.9995), runs, 0.05) / runs
    assert low <= rejected / runs <= high
    assert covered / (5 * runs) == pytest.approx(0.95, abs=0.015)


def test_a_planted_error_is_seen() -> None:
    """Errors stated 15 % too small: Q rejects more often than its band allows."""
    rng = np.random.default_rng(41)
    errors, runs = np.array([0.05, 0.08, 0.12, 0.2, 0.06]), 1_000
    rejected = sum(
        heterogeneity(
            groups(*zip(rng.normal(0.02, errors), 0.85 * errors, strict=True))
        ).p_value
        < 0.05
        for _ in range(runs)
    )
    assert rejected > stats.binom.ppf(0.9995, runs, 0.05)


def test_one_group_is_refused() -> None:
    """A single group differs from nothing."""
    with pytest.raises(ValueError, match="1 groups"):
        heterogeneity(groups((0.1, 0.1)))
