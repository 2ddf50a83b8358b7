"""Shares that change from day to day: the test, and the stretches between changes."""

from __future__ import annotations

from itertools import combinations
from math import log

import numpy as np
import pytest
from scipy import stats

from holdback.stats.srm.changed_shares import (
    ANOTHER_STRETCH,
    changed_shares,
    stretches,
)


def test_two_days_against_scipy() -> None:
    """One cut of two days is Pearson's chi-square, counted twice."""
    table = [[300, 100], [250, 160]]
    expected = stats.chi2_contingency(table, correction=False).pvalue
    assert changed_shares(table) == pytest.approx(2 * expected, rel=1e-9)


def test_all_days_against_scipy() -> None:
    """Shares that go up and down every day are found by the test over all days."""
    table = [[60 + 25 * (-1) ** i, 60] for i in range(12)]
    expected = stats.chi2_contingency(table, correction=False).pvalue
    assert changed_shares(table) == pytest.approx(2 * expected, rel=1e-9)


def test_nothing_to_compare() -> None:
    """One day, one arm, or nobody at all."""
    assert changed_shares([[3, 4]]) == 1.0
    assert changed_shares([[3, 0], [4, 0]]) == 1.0
    assert changed_shares([[0, 0], [0, 0]]) == 1.0


@pytest.mark.parametrize("seed", range(12))
def test_stretches_against_every_partition(seed: int) -> None:
    """The partition found is the best of all partitions of eight days."""
    rng = np.random.default_rng(seed)
    shares = rng.choice([0.1, 0.3, 0.5], 3)[rng.integers(0, 3, 8).cumsum() % 3]
    treated = rng.binomial(200, shares)
    table = np.column_stack([treated, 200 - treated, rng.poisson(20, 8)])

    def worth(runs: list[tuple[int, int]]) -> float:
        fit = 0.0
        for first, last in runs:
            units = table[first : last + 1].sum(axis=0)
            fit += sum(n * log(n / units.sum()) for n in units if n)
        return fit - len(runs) * ANOTHER_STRETCH / 2 * 2

    best = max(
        (
            [
                (start, end - 1)
                for start, end in zip((0, *cuts), (*cuts, 8), strict=True)
            ]
            for k in range(8)
            for cuts in combinations(range(1, 8), k)
        ),
        key=worth,
    )
    assert worth(stretches(table.tolist())) == pytest.approx(worth(best), abs=1e-9)


def test_a_ramp_is_cut_where_it_was() -> None:
    """5 %, then 20 %, then 50 % of 400 units a day."""
    rng = np.random.default_rng(2)
    shares = np.repeat([0.05, 0.2, 0.5], [3, 6, 12])
    treated = rng.binomial(400, shares)
    table = np.column_stack([400 - treated, treated]).tolist()
    assert changed_shares(table) < 1e-12
    assert stretches(table) == [(0, 2), (3, 8), (9, 20)]


@pytest.mark.parametrize("share", [0.5, 0.1, 0.05])
@pytest.mark.parametrize("daily", [20, 200])
def test_honest_days_seldom_alarm(share: float, daily: int) -> None:
    """At most 1 in 100 below .01 and about none below .001, small arms and days too.

    The bounds are the 99.9 % points of binomial counts of 500 tests at the level.
    """
    rng = np.random.default_rng(11)
    p_values = []
    for _ in range(500):
        units = rng.poisson(daily, 28)
        treated = rng.binomial(units, share)
        p_values.append(changed_shares(np.column_stack([treated, units - treated])))
    values = np.array(p_values)
    assert (values < 0.01).sum() <= 14
    assert (values < 0.001).sum() <= 4
