"""Estimates after early looks against rpact, closed forms and simulated tests."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import stats

from holdback.errors import StatsError
from holdback.stats.sequential.group_sequential import Stagewise, boundaries, stagewise


def test_third_of_four_looks_against_rpact() -> None:
    """One-sided, stopped at the third look: rpact 3, unit tests of survival data.

    getDesignGroupSequential(kMax = 4, alpha = .025, typeOfDesign = "WT", deltaWT = .45,
    informationRates = c(.2, .4, .6, 1), bindingFutility = F), 22 events and a log-rank
    z of 2.9: the information of the log hazard ratio is 22 / 4 at fraction 0.6. The
    boundaries are those that rpact prints.
    """
    found = stagewise(
        [0.2, 0.4, 0.6],
        [2.4878815, 2.4031352, 2.3549063],
        2.9,
        total=22 / 4 / 0.6,
        sides=1,
    )
    assert found.above == pytest.approx(0.013371274, abs=2e-9)
    assert found.p_value == 2 * found.above
    ratios = np.exp([found.lower, found.value, found.upper])
    assert ratios == pytest.approx([1.1500043, 3.0385051, 7.3698391], rel=1e-6)


@pytest.mark.parametrize("z", [-3.1, 0.0, 1.2, 4.5])
@pytest.mark.parametrize("sides", [1, 2])
def test_first_look_against_closed_form(z: float, sides: int) -> None:
    """Stopped at the first look, nothing has been selected: the plain interval."""
    t, total = 0.3, 50.0
    found = stagewise([t], [2.0], z, total=total, level=0.9, sides=sides)  # type: ignore[arg-type]
    se = 1 / np.sqrt(total * t)
    plain = (z + stats.norm.ppf([0.05, 0.5, 0.95])) * se
    assert [found.lower, found.value, found.upper] == pytest.approx(plain, abs=1e-9)
    assert found.p_value == pytest.approx(2 * stats.norm.sf(abs(z)))
    assert found.level == 0.9


def test_second_look_against_bivariate_normal() -> None:
    """More extreme: above at the first look, or inside there and larger at the second.

    The other half of what crossed at the first look is less extreme.
    """
    times, bound, z = [0.4, 0.9], 2.7, 1.4
    found = stagewise(times, [bound, 2.0], z)
    rho = np.sqrt(times[0] / times[1])
    normal = stats.multivariate_normal(cov=[[1, rho], [rho, 1]])
    for drift, expected in (
        (found.lower, 0.025),
        (found.value, 0.5),
        (found.upper, 0.975),
        (0.0, found.above),
    ):
        m1, m2 = drift * np.sqrt(times)
        first = stats.norm.sf(bound - m1)
        low, high = -bound - m1, bound - m1
        later = normal.cdf([high, 40.0], lower_limit=[low, z - m2])
        assert first + later == pytest.approx(expected, abs=1e-7)


def reached(
    times: list[float],
    bounds: list[float],
    end: Callable[[Stagewise], float],
    drift: float,
) -> list[float]:
    """At each look, the z from which on one end of the result lies above `drift`."""
    found = []
    for k in range(1, len(times) + 1):
        low, high = -12.0, 12.0
        while high - low > 2e-3:
            z = (low + high) / 2
            result = end(stagewise(times[:k], bounds[:k], z))
            low, high = (z, high) if result <= drift else (low, z)
        found.append((low + high) / 2)
    return found


@pytest.mark.parametrize("drift", [0.0, 2.4])
def test_simulated_tests_are_covered(drift: float) -> None:
    """As often too high as too low, and 2.5 % beyond either end of the interval.

    The plain estimate of the same tests is too high more than half the time.
    """
    times = [0.3, 0.6, 1.0]
    bounds = boundaries(times)
    runs = 200_000
    rng = np.random.default_rng(8)
    steps = np.sqrt(np.diff([0.0, *times]))
    score = np.cumsum(rng.standard_normal((runs, 3)) * steps, axis=1)
    z = (score + drift * np.array(times)) / np.sqrt(times)
    out = np.abs(z) > bounds
    look = np.where(out.any(axis=1), out.argmax(axis=1), 2)
    z = z[np.arange(runs), look]

    def above(end: Callable[[Stagewise], float]) -> float:
        limits = np.array(reached(times, bounds, end, drift))
        return float(np.mean(z > limits[look]))

    assert above(lambda r: r.value) == pytest.approx(0.5, abs=0.005)
    assert above(lambda r: r.lower) == pytest.approx(0.025, abs=0.0015)
    assert above(lambda r: r.upper) == pytest.approx(0.975, abs=0.0015)
    if drift:
        plain = z / np.sqrt(np.array(times)[look])
        assert np.mean(plain > drift) > 0.51
        assert np.mean(plain) > drift + 0.1


def test_mirror_image_and_order() -> None:
    """Swapping the arms mirrors the result; a larger z gives more; later less."""
    times = [0.25, 0.5, 0.75]
    bounds = boundaries(times)
    one, other = stagewise(times, bounds, 2.6), stagewise(times, bounds, -2.6)
    assert one.value == pytest.approx(-other.value)
    assert one.lower == pytest.approx(-other.upper)
    assert one.p_value == pytest.approx(other.p_value)
    assert stagewise(times, bounds, 2.7).value > one.value
    early = stagewise(times[:2], bounds[:2], 3.0)
    assert early.p_value < one.p_value
    assert one.value < 2.6 / np.sqrt(0.75)


def test_extreme_outcomes() -> None:
    """A huge z, and looks that can hardly be told apart, have finite results."""
    times = [0.5, 0.5 + 1e-4, 1.0]
    found = stagewise(times, [2.9, 2.9, 2.0], 2.2)
    single = stagewise([0.5, 1.0], [2.9, 2.0], 2.2)
    assert found.value == pytest.approx(single.value, abs=2e-3)
    for z in (-40.0, 40.0):
        huge = stagewise([0.3, 0.6], [3.0, 2.2], z)
        assert np.isfinite([huge.lower, huge.value, huge.upper]).all()
        assert huge.lower < huge.value < huge.upper


def test_what_makes_no_sense_is_refused() -> None:
    """No look, no boundary, no statistic, no information, no level."""
    with pytest.raises(StatsError, match="must rise"):
        stagewise([], [], 1.0)
    with pytest.raises(StatsError, match="boundaries"):
        stagewise([0.5, 1.0], [2.0], 1.0)
    for z, total in ((np.nan, 1.0), (np.inf, 1.0), (1.0, 0.0), (1.0, np.nan)):
        with pytest.raises(StatsError, match="finite"):
            stagewise([1.0], [2.0], z, total=total)
    with pytest.raises(ValueError, match="level"):
        stagewise([1.0], [2.0], 1.0, level=1.0)
