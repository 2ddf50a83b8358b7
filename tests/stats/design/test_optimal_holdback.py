"""The cheapest holdback against worked numbers and search; test & roll by search."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from scipy import optimize, stats

from holdback.stats.design.optimal_holdback import best_test_size, cheapest_share
from holdback.stats.design.power import MeanDesign, ProportionDesign

QUANTILES = stats.norm.isf(0.025) + stats.norm.isf(0.2)


def at_share(even: float) -> Callable[[float], float]:
    """Units at a share of control where `even` do with half."""
    return lambda share: even / (4 * share * (1 - share))


def units_at_half(sd: float, effect: float) -> float:
    """Textbook size of an even test of a difference: 4 (z + z)² sd² / d²."""
    return float(4 * QUANTILES**2 * sd**2 / effect**2)


def test_worked_numbers() -> None:
    """200,000 users, 4 of profit each, a CV of 6: 17.03 % costs 13,622 of 80,000."""
    share = cheapest_share(at_share(units_at_half(24, 0.4)), 200_000)
    assert share == pytest.approx(0.1703, abs=5e-5)
    assert share is not None
    assert 200_000 * share * 0.4 == pytest.approx(13_622, abs=1)


def test_what_cannot_be_proved() -> None:
    """With a break-even of 0.1 a user not even half of 200,000 is enough."""
    assert cheapest_share(at_share(units_at_half(24, 0.3)), 200_000) is None
    assert cheapest_share(at_share(units_at_half(24, 0.3)), 201_000) == pytest.approx(
        0.5, abs=0.05
    )


@pytest.mark.parametrize(
    "design",
    [
        lambda c, t: MeanDesign(cv=6.0, control_share=c, treatment_share=t),
        lambda c, t: ProportionDesign(rate=0.03, control_share=c, treatment_share=t),
    ],
)
def test_the_power_is_reached_there_and_not_below(design: object) -> None:
    """At the share the power is 80 %, by the design's own formula."""
    assert callable(design)
    units = 300_000
    share = cheapest_share(
        lambda h: design(h, 1 - h).units_needed(lift=0.09, power=0.8), units
    )
    assert share is not None
    assert share < 0.5
    found = design(share, 1 - share).power(lift=0.09, units=units)
    assert found == pytest.approx(0.8, abs=1e-4)
    assert design(share - 0.02, 1.02 - share).power(lift=0.09, units=units) < 0.8


@pytest.mark.parametrize("ratio", [2.0, 15.0, 60.0])
@pytest.mark.parametrize("units", [5_000, 1_000_000])
def test_test_and_roll_against_search(units: int, ratio: float) -> None:
    """No other size earns more: gain of the winner × those who are left.

    The winner by n units each is d·sign(x)/2 better than the mean of both arms, where
    d ~ N(0, 2σ²) and x is d with noise of variance 2 s²/n.
    """

    def lost(n: float) -> float:
        correlation = math.sqrt(1 / (1 + ratio**2 / n))
        return -(units - 2 * n) * correlation

    best = optimize.minimize_scalar(
        lost, bounds=(1e-3, units / 2), method="bounded", options={"xatol": 1e-6}
    )
    assert best_test_size(units, sd=ratio, prior_sd=1.0) == pytest.approx(
        best.x, rel=1e-4
    )


def test_published_example() -> None:
    """Feit & Berman's website example: 2,284 of 100,000 in each arm."""
    found = best_test_size(100_000, sd=np.sqrt(0.68 * 0.32), prior_sd=0.03)
    assert round(found) == 2_284


@pytest.mark.parametrize("values", [(0, 1), (1, 0), (-1, 5)])
def test_nothing_cannot_be_planned(values: tuple[float, float]) -> None:
    """Units lie above 0."""
    with pytest.raises(ValueError, match="above 0"):
        cheapest_share(at_share(5.0), min(values))
    with pytest.raises(ValueError, match="above 0"):
        best_test_size(values[0], sd=1.0, prior_sd=values[1])
