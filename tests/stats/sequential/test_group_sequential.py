"""Boundaries and crossing probabilities against tables, other integrals and paths."""

from __future__ import annotations

from collections.abc import Callable
from itertools import accumulate

import numpy as np
import pytest
from scipy import stats

from holdback.errors import StatsError
from holdback.stats.numeric import quantile, root
from holdback.stats.sequential.alpha_spending import Spending, obrien_fleming, pocock
from holdback.stats.sequential.group_sequential import boundaries, drift_power, spent

# Equal looks, two-sided 5 %. Four looks as gsDesign 3 (R 4.6) gives them:
# gsDesign(k = 4, test.type = 1, alpha = .025, sfu = sfLDOF / sfLDPocock)$upper$bound;
# five and eight looks were found by a 4,001-point grid and again by 400,000 paths.
TABLE: dict[tuple[Spending, int], list[float]] = {
    (obrien_fleming, 4): [4.332634, 2.963131, 2.359044, 2.014090],
    (obrien_fleming, 5): [4.8769, 3.3570, 2.6803, 2.2898, 2.0310],
    (obrien_fleming, 8): [
        *(6.2320, 4.3326, 3.4814, 2.9796),
        *(2.6443, 2.4012, 2.2146, 2.0658),
    ],
    (pocock, 4): [2.368328, 2.367524, 2.358168, 2.350036],
    (pocock, 5): [2.4380, 2.4268, 2.4102, 2.3966, 2.3860],
    (pocock, 8): [
        *(2.5853, 2.5584, 2.5293, 2.5057),
        *(2.4868, 2.4714, 2.4587, 2.4480),
    ],
}


def equal(looks: int) -> list[float]:
    """Equally spaced information."""
    return [k / looks for k in range(1, looks + 1)]


@pytest.mark.parametrize(("spending", "looks"), list(TABLE))
def test_equal_looks_against_table(spending: Spending, looks: int) -> None:
    """Four, five and eight equal looks agree with the published values."""
    found = boundaries(equal(looks), spending=spending)
    assert found == pytest.approx(TABLE[spending, looks], abs=1e-4)


@pytest.mark.parametrize(
    ("looks", "expected"), [(2, 0.042), (4, 0.063), (10, 0.097), (20, 0.124)]
)
def test_looking_at_a_fixed_level_against_table(looks: int, expected: float) -> None:
    """How often |z| > 1.96 ever says better, as gsDesign's own tests have it."""
    found = drift_power(equal(looks), [1.959964] * looks, 0.0)
    assert sum(found.upper) == pytest.approx(expected, abs=5e-4)
    assert sum(found.lower) == pytest.approx(sum(found.upper), abs=1e-12)


def flat(_: float) -> float:
    """Pocock's test: the same boundary at every look."""
    return 1.0


def falling(t: float) -> float:
    """O'Brien and Fleming's test: boundaries that fall with √t."""
    return float(1 / np.sqrt(t))


@pytest.mark.parametrize(
    ("shape", "looks", "power", "factor"),
    [(flat, 4, 0.8, 1.202), (falling, 5, 0.8, 1.028), (falling, 20, 0.9, 1.045)],
)
def test_classical_tests_against_table(
    shape: Callable[[float], float], looks: int, power: float, factor: float
) -> None:
    """What looks cost in units: Jennison & Turnbull 2000, tables 2.7 and 2.8.

    The constant is the one that is crossed, on both sides, in 5 %.
    """
    times = equal(looks)

    def crossed(constant: float, drift: float) -> float:
        return sum(
            drift_power(times, [constant * shape(t) for t in times], drift).upper
        )

    constant = root(lambda c: crossed(c, 0.0) - 0.025, 1.0, 5.0)
    drift = root(lambda d: crossed(constant, d) - power, 0.0, 9.0)
    needed = (drift / (quantile(0.975) + quantile(power))) ** 2
    assert needed == pytest.approx(factor, abs=6e-4)


def law(times: list[float]) -> np.ndarray:
    """Correlations of Z at these times."""
    t = np.array(times)
    found: np.ndarray = np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t))
    return found


@pytest.mark.parametrize("times", [[0.3, 1.0], [0.5, 1.3], [0.2, 0.7, 1.0]])
def test_two_and_three_looks_against_multivariate_normal(times: list[float]) -> None:
    """What never crosses is a box of the multivariate normal; beyond the plan too."""
    bounds = boundaries(times, last=True)
    normal = stats.multivariate_normal(cov=law(times), abseps=1e-8, maxpts=1_000_000)
    inside = normal.cdf(bounds, lower_limit=[-b for b in bounds])
    assert 1 - inside == pytest.approx(0.05, abs=2e-6)
    for drift in (-1.0, 2.5):
        shift = drift * np.sqrt(times)
        stay = normal.cdf(bounds - shift, lower_limit=-np.array(bounds) - shift)
        found = drift_power(times, bounds, drift)
        assert sum(found.upper + found.lower) == pytest.approx(1 - stay, abs=2e-6)


def test_one_side_against_multivariate_normal() -> None:
    """One side spends all of alpha above, and stops nothing below."""
    times = [0.25, 0.6, 1.0]
    bounds = boundaries(times, alpha=0.05, spending=pocock, sides=1)
    inside = stats.multivariate_normal(cov=law(times)).cdf(bounds)
    assert 1 - inside == pytest.approx(0.05, abs=2e-5)
    found = drift_power(times, bounds, 0.0, sides=1)
    assert found.lower == (0.0, 0.0, 0.0)
    assert list(accumulate(found.upper)) == pytest.approx(
        spent(times, alpha=0.05, spending=pocock, sides=1)
    )


@pytest.mark.parametrize("drift", [0.0, 2.5])
def test_uneven_looks_against_paths(drift: float) -> None:
    """Shares of simulated paths that first cross at each look, above and below."""
    times = [0.07, 0.11, 0.35, 0.36, 0.8, 1.0]
    bounds = boundaries(times, spending=pocock)
    found, runs = drift_power(times, bounds, drift), 200_000
    rng = np.random.default_rng(20)
    steps = np.diff([0.0, *times])
    score = np.cumsum(rng.standard_normal((runs, 6)) * np.sqrt(steps), axis=1)
    z = (score + drift * np.array(times)) / np.sqrt(times)
    out = np.abs(z) > bounds
    first = np.where(out.any(axis=1), out.argmax(axis=1), 6)
    for k in range(6):
        for sign, expected in ((1, found.upper[k]), (-1, found.lower[k])):
            seen = np.mean((first == k) & (sign * z[:, min(k, 5)] > 0))
            assert abs(seen - expected) < 4 * np.sqrt(expected / runs) + 1e-9
    naive = drift_power(times, [1.959964] * 6, 0.0)
    assert sum(naive.upper + naive.lower) > 0.15


def test_planted_error_is_seen() -> None:
    """Looks that are taken for independent spend much less than alpha."""
    times = equal(5)
    alone = [quantile(1 - 0.025 / 5)] * 5
    found = drift_power(times, alone, 0.0)
    assert sum(found.upper + found.lower) < 0.04


@pytest.mark.parametrize("gap", [1e-3, 1e-5, 1e-9])
def test_a_look_that_adds_next_to_nothing_changes_next_to_nothing(gap: float) -> None:
    """Two looks at almost the same data leave the last boundary where it was."""
    plain = boundaries([0.5, 1.0], spending=pocock)
    twice = boundaries([0.5, 0.5 + gap, 1.0], spending=pocock)
    assert twice[0] == plain[0]
    assert twice[-1] == pytest.approx(plain[-1], abs=gap + 1e-5)


@pytest.mark.parametrize(("looks", "factor"), [(4, 1.020), (5, 1.025), (8, 1.034)])
def test_the_price_of_spending_against_paths(looks: int, factor: float) -> None:
    """O'Brien–Fleming spending needs 2 to 3 % more units for 80 % power.

    The factors were found by a grid of 4,001 points and 400,000 paths.
    """
    times, bounds = equal(looks), boundaries(equal(looks))
    drift = root(lambda d: sum(drift_power(times, bounds, d).upper) - 0.8, 0.0, 9.0)
    needed = (drift / (quantile(0.975) + quantile(0.8))) ** 2
    assert needed == pytest.approx(factor, abs=6e-4)


def test_mirror_image() -> None:
    """The other drift crosses the other side."""
    times, bounds = equal(3), boundaries(equal(3))
    found, mirrored = drift_power(times, bounds, 1.3), drift_power(times, bounds, -1.3)
    assert found.upper == pytest.approx(mirrored.lower, abs=1e-14)


def test_extreme_designs() -> None:
    """Nothing may be spent very early; huge drifts cross at once; many looks.

    A single look has 2.5 % of the normal by the table.
    """
    assert boundaries([0.001, 1.0])[0] == 8.0
    assert drift_power([0.5, 1.0], [2.0, 2.0], 80.0).upper == pytest.approx((1, 0))
    assert drift_power([0.5, 1.0], [2.0, 2.0], -80.0).upper == (0.0, 0.0)
    many = boundaries(equal(60))
    assert many[-1] > 2.1
    assert boundaries([1.0]) == pytest.approx([1.959964], abs=1e-6)
    assert spent([0.4, 1.3], last=False)[-1] == pytest.approx(0.05)
    assert boundaries([0.6], last=True) == pytest.approx([1.959964], abs=1e-6)


@pytest.mark.parametrize(
    "times", [[], [0.5, 0.5], [0.0, 1.0], [0.7, 0.3], [-1.0], [np.nan], [0.5, np.inf]]
)
def test_information_that_does_not_rise_is_refused(times: list[float]) -> None:
    """Looks need new information, and there is at least one."""
    with pytest.raises(StatsError, match="must rise"):
        boundaries(times)


def test_what_makes_no_sense_is_refused() -> None:
    """An alpha out of range, a boundary missing or below 0, a drift without value."""
    for alpha in (0.0, 1.0, -0.1, np.nan):
        with pytest.raises(StatsError, match="alpha"):
            boundaries([1.0], alpha=alpha)
    with pytest.raises(StatsError, match="alpha"):
        spent([1.0], alpha=0.5, sides=1)
    for bounds in ([2.0], [2.0, 0.0], [2.0, np.nan]):
        with pytest.raises(StatsError, match="boundaries above 0"):
            drift_power([0.5, 1.0], bounds, 0.0)
    with pytest.raises(StatsError, match="drift"):
        drift_power([1.0], [2.0], np.inf)
