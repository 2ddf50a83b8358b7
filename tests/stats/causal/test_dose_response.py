"""The slope over doses, against least squares and simulation."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from holdback.stats.causal.dose_response import dose_slope


def test_slope_against_polyfit() -> None:
    """The contrast is the least-squares slope of the arms' means."""
    doses, means = [0.0, 1.0, 3.0, 4.0], [2.0, 2.4, 3.1, 3.0]
    found = dose_slope(doses, means, [0.1] * 4, level=0.95)
    assert found.value == pytest.approx(np.polyfit(doses, means, 1)[0])
    centred = np.array(doses) - 2
    assert found.se == pytest.approx(0.1 / sqrt(float(centred @ centred)))


def test_coverage_with_unequal_arms() -> None:
    """Arms of 200 to 2,000 units and other spreads: 95 in 100 hold the true slope."""
    rng = np.random.default_rng(6)
    sizes, spreads = np.array([200, 600, 2000]), np.array([3.0, 1.0, 2.0])
    errors = spreads / np.sqrt(sizes)
    means = 5 + 0.2 * np.arange(3) + rng.normal(size=(20_000, 3)) * errors
    held = sum(
        one.lower <= 0.2 <= one.upper
        for one in (dose_slope([0, 1, 2], m, errors, level=0.95) for m in means)
    )
    assert held / 20_000 == pytest.approx(0.95, abs=3.5 * sqrt(0.0475 / 20_000))


def test_two_doses_are_rejected() -> None:
    """Two arms have a difference, no trend."""
    with pytest.raises(ValueError, match="3 different"):
        dose_slope([0, 1], [1, 2], [1, 1], level=0.95)
