"""Whether the arms' shares changed between days, and the stretches between changes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from holdback.stats.numeric import upper_tail

__all__ = ["changed_shares", "stretches"]

Vector = npt.NDArray[np.float64]

LEAST_EXPECTED = 5.0
"""Units that a day's smallest arm should have for a chi-square (Cochran 1954)."""
ANOTHER_STRETCH = 10.83
"""What one more stretch must gain in 2 log likelihood an arm beyond the first.

The 99.9 % point of chi-square with one degree: a stretch too many costs little, one
too few mixes days of different shares."""


def changed_shares(counts: Sequence[Sequence[int]]) -> float:
    """P-value of "the arms' shares are the same on all days".

    counts: (days, arms) of units, days in order. The smaller of two tests, counted
    twice: Pearson's chi-square of homogeneity over all days, for shares that go up and
    down, and the best of all cuts into before and after (Bonferroni), for shares that
    changed once. Neighbouring days are taken together until the smallest arm may
    expect 5 units. 1 where nothing can be compared.
    """
    table = _table(counts)
    if len(table) < 2 or table.shape[1] < 2:
        return 1.0
    everywhere = _homogeneity(table)
    running = table.cumsum(axis=0)
    cuts = [
        _homogeneity(np.array([before, running[-1] - before]))
        for before in running[:-1]
    ]
    return min(1.0, 2 * min(everywhere, len(cuts) * min(cuts)))


def stretches(counts: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    """Runs of days with constant shares: (first, last) indices, both among them.

    counts: (days, arms). The partition of the days with the greatest multinomial
    likelihood, less `ANOTHER_STRETCH` / 2 an arm beyond the first for each stretch,
    found exactly by dynamic programming (Jackson et al. 2005, IEEE Signal Processing
    Letters 12: 105–108).
    """
    table = np.array(counts, dtype=float)
    days, arms = table.shape
    sums = np.vstack([np.zeros(arms), table.cumsum(axis=0)])
    penalty = ANOTHER_STRETCH / 2 * (arms - 1)
    best, cut = np.zeros(days + 1), np.zeros(days + 1, dtype=int)
    for end in range(1, days + 1):
        gains = best[:end] + _log_likelihood(sums[end] - sums[:end]) - penalty
        cut[end] = int(np.argmax(gains))
        best[end] = gains[cut[end]]
    found = []
    end = days
    while end:
        found.append((int(cut[end]), end - 1))
        end = int(cut[end])
    return found[::-1]


def _table(counts: Sequence[Sequence[int]]) -> Vector:
    """Units by days taken together and arm; arms that nobody is in are left out."""
    whole = np.array([row for row in counts if sum(row)], dtype=float)
    if not len(whole):
        return whole.reshape(0, 0)
    whole = whole[:, whole.sum(axis=0) > 0]
    smallest = whole.sum(axis=0).min() / whole.sum()
    rows = [np.zeros(whole.shape[1])]
    for row in whole:
        if rows[-1].sum() * smallest >= LEAST_EXPECTED:
            rows.append(np.zeros(whole.shape[1]))
        rows[-1] = rows[-1] + row
    if len(rows) > 1 and rows[-1].sum() * smallest < LEAST_EXPECTED:
        rows[-2:] = [rows[-2] + rows[-1]]
    return np.array(rows)


def _homogeneity(table: Vector) -> float:
    """Pearson's chi-square that all rows (r, arms) have the same shares."""
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    chi2 = float(np.sum((table - expected) ** 2 / expected))
    return upper_tail(chi2, (table.shape[0] - 1) * (table.shape[1] - 1))


def _log_likelihood(units: Vector) -> Vector:
    """Σ n ln(n / N) of each row (r, arms), (r,)."""
    total = units.sum(axis=1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(units > 0, units * np.log(units / total), 0.0)
    return np.asarray(terms.sum(axis=1))
