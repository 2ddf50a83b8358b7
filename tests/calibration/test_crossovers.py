"""Units drawn anew in a second arm: what leaving them out does, by simulation.

Customers come back the more often the more they buy, and a share of the returns is
drawn anew at 10/90. Nothing is true of the treatment.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from holdback.analysis.checks.split.crossovers import UNEVEN_BELOW
from holdback.stats.srm.sample_ratio import srm

Counts = npt.NDArray[np.int64]
UNITS = 6_000
HELD_BACK = 0.1


def drawn_anew(
    rng: np.random.Generator, share: float, held_back: float
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_], Counts]:
    """First in control, seen in both arms, and orders, of each unit."""
    orders = rng.poisson(rng.gamma(0.5, 0.6, UNITS))
    first = rng.random(UNITS) < held_back
    anew = rng.random(UNITS) < 1 - (1 - share) ** orders
    second = rng.random(UNITS) < held_back
    return first, anew & (first != second), orders


def lifts(rng: np.random.Generator, runs: int) -> tuple[float, float]:
    """Mean lift of nothing: without crossed units, and in their first arm."""
    left_out, kept = [], []
    for _ in range(runs):
        first, crossed, orders = drawn_anew(rng, 0.05, HELD_BACK)
        kept.append(orders[~first].mean() / orders[first].mean() - 1)
        rest = orders[~crossed & ~first], orders[~crossed & first]
        left_out.append(rest[0].mean() / rest[1].mean() - 1)
    return float(np.mean(left_out)), float(np.mean(kept))


def test_leaving_out_finds_a_lift_of_nothing() -> None:
    """+5 % and more from nothing at 10/90; the first arm is without bias.

    The error of a mean of 200 lifts is about 0.5 points.
    """
    left_out, kept = lifts(np.random.default_rng(17), 200)
    assert left_out > 0.05
    assert abs(kept) < 0.02


def failing(
    rng: np.random.Generator, held_back: float, runs: int, share: float
) -> float:
    """Share of tests in which the check fails under `exclude`."""
    fails = 0
    for _ in range(runs):
        first, crossed, _ = drawn_anew(rng, share, held_back)
        counts = [int((crossed & first).sum()), int((crossed & ~first).sum())]
        units = [int(first.sum()), int((~first).sum())]
        fails += sum(counts) > 0 and srm(counts, units).p_value < UNEVEN_BELOW
    return fails / runs


def test_uneven_crossing_is_found() -> None:
    """A bias of +15 % is found nearly always, of +8 % mostly; 50/50 has none."""
    assert failing(np.random.default_rng(3), HELD_BACK, 200, 0.1) > 0.95
    assert failing(np.random.default_rng(3), HELD_BACK, 200, 0.05) > 0.5
    assert failing(np.random.default_rng(4), 0.5, 500, 0.05) <= 0.004


@pytest.mark.parametrize("held_back", [0.1, 0.3])
def test_even_crossing_is_let_pass(held_back: float) -> None:
    """Devices lost at one rate in both arms fail in at most 1 test of 1,000.

    A second device brings whatever arm: who is seen there is independent of the first.
    The bound is the 99.9 % point of 2,000 tests at .001.
    """
    rng = np.random.default_rng(5)
    fails, runs = 0, 2_000
    units = np.array([int(UNITS * held_back), UNITS - int(UNITS * held_back)])
    for _ in range(runs):
        crossed = rng.binomial(units, 0.004)
        if crossed.sum():
            p_value = srm(crossed.tolist(), units.tolist()).p_value
            fails += p_value < UNEVEN_BELOW
    assert fails <= 8
