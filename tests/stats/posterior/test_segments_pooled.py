"""Segments: Cochran's Q and partial pooling against figures and simulation."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from holdback.stats.evidence.effect import LogRatio
from holdback.stats.posterior.random_effects import SEGMENT_SPREAD, random_effects

ERRORS = np.array([0.05, 0.08, 0.12, 0.2, 0.06])


def groups(*pairs: tuple[float, float]) -> list[LogRatio]:
    """Log ratios with their errors."""
    return [LogRatio(value=b, se=s) for b, s in pairs]


def test_two_groups_against_figures() -> None:
    """.10 (.06) and −.02 (.05): z 1.5364, p .12443, computed by hand."""
    found = random_effects(groups((0.10, 0.06), (-0.02, 0.05)))
    assert found.p_value == pytest.approx(0.12443, abs=5e-6)
    z = 0.12 / np.hypot(0.06, 0.05)
    assert found.p_value == pytest.approx(2 * stats.norm.sf(z), rel=1e-12)


def test_equal_groups_share_their_precision() -> None:
    """Four equal groups are pulled to the middle and gain precision; none is left."""
    found = random_effects(groups(*[(0.05, 0.2)] * 4), spread=SEGMENT_SPREAD)
    assert all(one.mean == pytest.approx(0.05) for one in found.effects)
    assert all(0.1 < one.sd < 0.12 for one in found.effects)


@pytest.mark.parametrize(
    "runs", [2_000, pytest.param(20_000, marks=pytest.mark.calibration)]
)
def test_false_alarms(runs: int) -> None:
    """One lift in all: Q rejects 5 %."""
    rng = np.random.default_rng(40)
    rejected = sum(
        random_effects(
            groups(*zip(rng.normal(0.02, ERRORS), ERRORS, strict=True))
        ).p_value
        < 0.05
        for _ in range(runs)
    )
    low, high = stats.binom.ppf((0.0005, 0.9995), runs, 0.05) / runs
    assert low <= rejected / runs <= high


def test_a_planted_error_is_seen() -> None:
    """Errors stated 15 % too small: Q rejects more often than its band allows."""
    rng, runs = np.random.default_rng(41), 1_000
    rejected = sum(
        random_effects(
            groups(*zip(rng.normal(0.02, ERRORS), 0.85 * ERRORS, strict=True))
        ).p_value
        < 0.05
        for _ in range(runs)
    )
    assert rejected > stats.binom.ppf(0.9995, runs, 0.05)


def test_one_group_is_refused() -> None:
    """A single group differs from nothing."""
    with pytest.raises(ValueError, match="1 effects"):
        random_effects(groups((0.1, 0.1)))
