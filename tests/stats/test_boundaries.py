"""Boundaries against published tables, another integral, and simulated paths."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy import stats

from holdback.errors import StatsError
from holdback.stats.boundaries import Spending, obrien_fleming, pocock
from holdback.stats.spending import boundaries

# Lan–DeMets boundaries for 4, 5 and 8 equal looks, two-sided 5 %, as programs for
# group-sequential designs print them (gsDesign, ldbounds).
TABLE: dict[tuple[str, int], list[float]] = {
    ("obrien_fleming", 4): [4.3326, 2.9631, 2.3590, 2.0141],
    ("obrien_fleming", 5): [4.8769, 3.3570, 2.6803, 2.2898, 2.0310],
    ("obrien_fleming", 8): [
        6.2320,
        4.3326,
        3.4814,
        2.9796,
        2.6443,
        2.4012,
        2.2146,
        2.0658,
    ],
    ("pocock", 4): [2.3683, 2.3675, 2.3582, 2.3500],
    ("pocock", 5): [2.4380, 2.4268, 2.4102, 2.3966, 2.3860],
    ("pocock", 8): [2.5853, 2.5584, 2.5293, 2.5057, 2.4868, 2.4714, 2.4587, 2.4480],
}
SPENDING: dict[str, Spending] = {"obrien_fleming": obrien_fleming, "pocock": pocock}


@pytest.mark.parametrize(("name", "looks"), list(TABLE))
def test_equal_looks_against_table(name: str, looks: int) -> None:
    """Four, five and eight equal looks agree with the published values to 1e-3."""
    times = [k / looks for k in range(1, looks + 1)]
    found = boundaries(times, spending=SPENDING[name])
    assert found == pytest.approx(TABLE[name, looks], abs=1e-3)


@pytest.mark.parametrize("first", [0.2, 0.5, 0.9])
def test_two_looks_against_bivariate_normal(first: float) -> None:
    """Crossing at either of two looks is 1 less a bivariate normal square."""
    b1, b2 = boundaries([first, 1.0])
    law = stats.multivariate_normal(cov=[[1, np.sqrt(first)], [np.sqrt(first), 1]])
    inside = law.cdf([b1, b2], lower_limit=[-b1, -b2])
    assert 1 - inside == pytest.approx(0.05, abs=1e-6)
    assert 2 * stats.norm.sf(b1) == pytest.approx(2 * obrien_fleming(first, 0.025))


def crossed(times: list[float], bounds: list[float], runs: int, drift: float) -> float:
    """Share of simulated paths that pass a boundary above, by any look."""
    rng = np.random.default_rng(20)
    steps = np.diff([0.0, *times])
    paths = np.cumsum(rng.standard_normal((runs, len(times))) * np.sqrt(steps), axis=1)
    z = (paths + drift * np.array(times)) / np.sqrt(times)
    return float(np.mean((z > bounds).any(axis=1)))


@pytest.mark.parametrize("spending", [obrien_fleming, pocock])
def test_uneven_looks_keep_their_promise_in_simulation(spending: Spending) -> None:
    """Looks as they come: 2.5 % on a side, within three standard errors."""
    times = [0.07, 0.11, 0.35, 0.36, 0.8, 1.0]
    bounds = boundaries(times, spending=spending)
    error = np.sqrt(0.025 * 0.975 / 200_000)
    assert abs(crossed(times, bounds, 200_000, 0.0) - 0.025) < 3 * error
    naive = crossed(times, [1.96] * 6, 200_000, 0.0)
    assert naive > 0.025 + 30 * error


def test_alpha_is_spent_as_the_function_says() -> None:
    """The share that has crossed by each look is what may be spent by then."""
    times = [0.25, 0.5, 0.75, 1.0]
    bounds = boundaries(times)
    for k in (2, 3):
        share = crossed(times[:k], bounds[:k], 400_000, 0.0)
        allowed = obrien_fleming(times[k - 1], 0.025)
        assert share == pytest.approx(allowed, abs=4 * np.sqrt(allowed / 400_000))


def test_one_look_at_the_end_is_the_usual_test() -> None:
    """Without earlier looks nothing is paid."""
    assert boundaries([1.0]) == pytest.approx([1.959964], abs=1e-6)
    assert boundaries([0.83], last=True) == pytest.approx([1.959964], abs=1e-6)


def test_more_information_than_planned_spends_what_is_left() -> None:
    """Beyond the plan the total is still alpha, and the extra correlation counts."""
    bounds = boundaries([0.5, 1.3], last=True)
    law = stats.multivariate_normal(
        cov=[[1, np.sqrt(0.5 / 1.3)], [np.sqrt(0.5 / 1.3), 1]]
    )
    inside = law.cdf(bounds, lower_limit=[-b for b in bounds])
    assert 1 - inside == pytest.approx(0.05, abs=1e-6)


def test_many_looks_fall_steadily() -> None:
    """Forty daily looks have falling boundaries, all above the single look's."""
    found = boundaries([k / 40 for k in range(1, 41)])
    assert all(later < earlier or earlier == 8.0 for earlier, later in pairwise(found))
    assert found[0] == 8.0
    assert found[-1] > 1.96


@pytest.mark.parametrize("times", [[0.5, 0.5], [0.0, 1.0], [0.7, 0.3], [-1.0]])
def test_information_that_does_not_rise_is_refused(times: list[float]) -> None:
    """Looks need new information."""
    with pytest.raises(StatsError, match="must rise"):
        boundaries(times)


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1])
def test_impossible_alpha_is_refused(alpha: float) -> None:
    """Alpha lies between 0 and 1."""
    with pytest.raises(StatsError, match="alpha"):
        boundaries([1.0], alpha=alpha)
