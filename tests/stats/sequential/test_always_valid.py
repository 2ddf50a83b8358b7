"""The confidence sequence against figures, Lambert's function and simulated looks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import lambertw

from holdback.stats.sequential.always_valid import multiplier


@pytest.mark.parametrize(
    ("share", "expected"), [(0.25, 3.251), (0.5, 3.079), (0.75, 3.042), (1.0, 3.035)]
)
def test_against_figures(share: float, expected: float) -> None:
    """Multipliers of a sequence tuned at the end, as computed by hand."""
    found = multiplier(share * 10_000, tuned_at=10_000)
    assert found == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize("alpha", [0.2, 0.05, 0.01, 1e-6])
def test_tuning_against_lambert(alpha: float) -> None:
    """ρ² n* is −W₋₁(−α²/e) − 1, and no other n has a narrower sequence there."""
    c = float(-lambertw(-(alpha**2) / np.e, -1).real - 1)
    expected = np.sqrt((1 + 1 / c) * np.log((c + 1) / alpha**2))
    assert multiplier(500, tuned_at=500, alpha=alpha) == pytest.approx(expected)
    for other in (450, 560):
        assert multiplier(500, tuned_at=other, alpha=alpha) > expected


def test_a_hundred_looks_keep_the_promise() -> None:
    """Normal data looked at 100 times: at most 5 % ever exclude the truth."""
    rng = np.random.default_rng(30)
    looks = np.arange(1, 101) * 100
    sums = np.cumsum(rng.standard_normal((20_000, 100)) * 10.0, axis=1)
    z = np.abs(sums) / np.sqrt(looks)
    bounds = np.array([multiplier(n) for n in looks])
    ever = np.mean((z > bounds).any(axis=1))
    assert ever <= 0.05
    naive = np.mean((z > 1.96).any(axis=1))
    assert naive > 0.25


@pytest.mark.parametrize(
    ("n", "tuned_at", "alpha"), [(0, 1, 0.05), (1, 0, 0.05), (1, 1, 1)]
)
def test_impossible_arguments_are_refused(
    n: float, tuned_at: float, alpha: float
) -> None:
    """Nothing can be said of no units or of no error."""
    with pytest.raises(ValueError, match="above 0"):
        multiplier(n, tuned_at=tuned_at, alpha=alpha)
