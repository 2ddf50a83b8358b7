"""Days on which a rate changes."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from holdback.stats.srm.agreement import changes, fisher


@pytest.mark.parametrize(
    ("hits", "totals"), [((3, 0), (3, 3)), ((990, 850), (1000, 1000)), ((5, 9), (9, 9))]
)
def test_p_value_against_scipy(hits: tuple[int, int], totals: tuple[int, int]) -> None:
    """Twice the smaller one-sided p-value of scipy's Fisher test."""
    table = [[k, n - k] for k, n in zip(hits, totals, strict=True)]
    tails = [
        stats.fisher_exact(table, alternative=side).pvalue
        for side in ("less", "greater")
    ]
    assert fisher(hits, totals) == pytest.approx(min(1.0, 2 * min(tails)), rel=1e-9)


@pytest.mark.parametrize("day", [1, 5, 13, 27])
def test_one_change_against_truth(day: int) -> None:
    """All units agree before a day and four of five after it: the day is found."""
    totals = np.full(28, 60)
    rates = np.where(np.arange(28) < day, 1.0, 0.8)
    hits = np.random.default_rng(day).binomial(totals, rates)
    assert changes(hits.tolist(), totals.tolist()) == (day,)


def test_there_and_back_against_truth() -> None:
    """A wrong deployment that was taken back is two changes."""
    rates = np.r_[np.full(9, 1.0), np.full(6, 0.5), np.full(9, 1.0)]
    hits = np.random.default_rng(1).binomial(200, rates)
    assert changes(hits.tolist(), [200] * 24) == (9, 15)


def test_false_alarms_against_alpha() -> None:
    """Null: one rate. In 400 series at alpha 5 %, at most the promised share errs.

    Tolerance: three standard errors of a binomial share.
    """
    rng = np.random.default_rng(20)
    series = [rng.binomial(100, 0.9, size=20) for _ in range(400)]
    found = [bool(changes(one.tolist(), [100] * 20, alpha=0.05)) for one in series]
    assert np.mean(found) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 400)


@pytest.mark.parametrize(
    ("hits", "totals"), [([], []), ([5], [9]), ([9, 9], [9, 9]), ([0, 0], [9, 9])]
)
def test_nothing_to_find_degenerate(hits: list[int], totals: list[int]) -> None:
    """No day, one day, all agree, none agree: no change."""
    assert changes(hits, totals) == ()


def test_days_without_units_are_harmless() -> None:
    """Empty days move no change beyond the last day with units."""
    assert changes([100, 0, 20, 20], [100, 0, 100, 100]) in {(1,), (2,)}


def test_lengths_must_match_rejects() -> None:
    """Counts of different lengths are misuse."""
    with pytest.raises(ValueError, match="2 counts of hits for 1 totals"):
        changes([1, 2], [3])
