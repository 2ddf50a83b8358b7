"""Where a rate changes from one stretch of days to the next.

Every cut of the days in two is looked at. The cut of the greatest binomial likelihood
is kept when Fisher's exact test, times the number of cuts, rejects one rate for both
sides; then each side is searched in turn (binary segmentation).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

__all__ = ["Agreement", "changes", "fisher", "homogeneity", "independent"]

ENOUGH_FOR_CHI_SQUARE = 50.0
"""Units expected in every cell from which chi-square errs as seldom as it says."""
LEAST_FOR_VARIANCE = 3


def changes(
    hits: Sequence[int], totals: Sequence[int], *, alpha: float = 0.001
) -> tuple[int, ...]:
    """Positions at which a new stretch begins, rising; none for one common rate.

    Null of each test: one rate on both sides of every cut. Choosing among k cuts and
    multiplying the chosen one's p-value by k is conservative (Bonferroni). hits,
    totals: (days,) units. Raises ValueError where they are not as many.

    >>> changes([50, 50, 50, 25, 25], [50, 50, 50, 50, 50])
    (3,)

    References
    ----------
    Scott & Knott (1974), "A Cluster Analysis Method for Grouping Means in the
    Analysis of Variance", Biometrics 30: splitting in two, again and again.
    """
    if len(hits) != len(totals):
        raise ValueError(f"{len(hits)} counts of hits for {len(totals)} totals.")
    return tuple(sorted(_found(np.asarray(hits), np.asarray(totals), 0, alpha)))


def fisher(hits: tuple[int, int], totals: tuple[int, int]) -> float:
    """Two-sided p-value of Fisher's exact test that two rates are one.

    Both margins fixed: twice the smaller tail of the hypergeometric distribution, at
    most 1.

    >>> round(fisher((3, 0), (3, 3)), 12)
    0.1
    """
    from scipy.stats import hypergeom

    margins = (sum(totals), sum(hits), totals[0])
    below = float(hypergeom.cdf(hits[0], *margins))
    above = float(hypergeom.sf(hits[0] - 1, *margins))
    return min(1.0, 2 * min(below, above))


def independent(table: Sequence[Sequence[int]]) -> float:
    """P-value of "rows and columns of the table are independent".

    table: (rows, columns) of units. Pearson's chi-square where every cell may expect
    50 units; with fewer Fisher's exact test, of every cell against the rest where
    there are several, times their number (Bonferroni). 1 for a single row or column.
    """
    from scipy.stats import chi2_contingency

    units = np.array(table, dtype=np.int64)
    units = units[units.sum(axis=1) > 0][:, units.sum(axis=0) > 0]
    if min(units.shape, default=0) < 2:
        return 1.0
    rows, columns, whole = units.sum(axis=1), units.sum(axis=0), int(units.sum())
    if rows.min() * columns.min() >= ENOUGH_FOR_CHI_SQUARE * whole:
        return float(chi2_contingency(units, correction=False).pvalue)
    cells = [
        fisher(
            (int(units[i, j]), int(columns[j] - units[i, j])),
            (int(rows[i]), int(whole - rows[i])),
        )
        for i in range(len(rows))
        for j in range(len(columns))
    ]
    times = 1 if units.shape == (2, 2) else len(cells)
    return min(1.0, times * min(cells))


def homogeneity(table: Sequence[Sequence[int]]) -> float:
    """P-value of "rows and columns are independent", also for many rows of few units.

    table: (rows, columns) of units. Pearson's chi-square is taken for a gamma law with
    the mean and the variance that it has over all tables with these margins, which is
    right for two large rows as for thousands of two units each. 1 for a single row or
    column.

    References
    ----------
    Dawson (1954), "A Simplified Expression for the Variance of the χ²-Function on a
    Contingency Table", Biometrika 41: 280.
    """
    from scipy.special import gammaincc

    units = np.array(table, dtype=float)
    units = units[units.sum(axis=1) > 0][:, units.sum(axis=0) > 0]
    whole = units.sum()
    if min(units.shape, default=0) < 2 or whole <= LEAST_FOR_VARIANCE:
        return 1.0
    margins = units.sum(axis=1), units.sum(axis=0)
    expected = np.outer(*margins) / whole
    chi2 = float(((units - expected) ** 2 / expected).sum())
    spread, uneven = [], []
    for margin in margins:
        k = len(margin)
        spread.append((k - 1) * (whole - k) / (whole - 1))
        uneven.append((whole * (1 / margin).sum() - k**2) / (whole - 2))
    mean = whole * (units.shape[0] - 1) * (units.shape[1] - 1) / (whole - 1)
    variance = (
        2 * whole / (whole - 3) * (spread[0] - uneven[0]) * (spread[1] - uneven[1])
        + whole**2 / (whole - 1) * uneven[0] * uneven[1]
    )
    if variance <= 0:
        return 1.0
    return float(gammaincc(mean**2 / variance, chi2 * mean / variance))


def _found(
    hits: np.ndarray, totals: np.ndarray, offset: int, alpha: float
) -> list[int]:
    """Changes within a stretch that begins at `offset` of the whole."""
    cuts = len(hits) - 1
    if cuts < 1 or not 0 < hits.sum() < totals.sum():
        return []
    cut = _best(hits, totals)
    sides = (slice(None, cut), slice(cut, None))
    left, right = ((int(hits[s].sum()), int(totals[s].sum())) for s in sides)
    if cuts * fisher((left[0], right[0]), (left[1], right[1])) > alpha:
        return []
    return [
        offset + cut,
        *_found(hits[:cut], totals[:cut], offset, alpha),
        *_found(hits[cut:], totals[cut:], offset + cut, alpha),
    ]


def _best(hits: np.ndarray, totals: np.ndarray) -> int:
    """The cut at which two rates are likeliest; the first of equals."""
    k, n = np.cumsum(hits)[:-1], np.cumsum(totals)[:-1]
    both = _log_likelihood(k, n) + _log_likelihood(hits.sum() - k, totals.sum() - n)
    return int(np.argmax(both)) + 1


def _log_likelihood(hits: np.ndarray, totals: np.ndarray) -> np.ndarray:
    """Greatest binomial log-likelihood of `hits` among `totals`."""
    from scipy.special import xlogy

    rate = hits / np.maximum(totals, 1)
    log_likelihood: np.ndarray = xlogy(hits, rate) + xlogy(totals - hits, 1 - rate)
    return log_likelihood


Label = TypeVar("Label", bound=Hashable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """Units compared, those that agree, and the share that would agree by chance.

    Chance is the sum over labels of the product of both sides' shares.
    """

    n: int
    agreeing: int
    chance: float

    @classmethod
    def of(cls, pairs: Iterable[tuple[Label, Label]]) -> Agreement:
        """Agreement of pairs of labels.

        >>> Agreement.of([("a", "a"), ("a", "b"), ("b", "b"), ("b", "b")])
        Agreement(n=4, agreeing=3, chance=0.5)
        """
        return cls.counted(Counter(pairs))

    @classmethod
    def counted(cls, counted: Mapping[tuple[Label, Label], int]) -> Agreement:
        """Agreement of pairs of labels that are counted already."""
        n = sum(counted.values())
        left: Counter[Label] = Counter()
        right: Counter[Label] = Counter()
        for (first, second), count in counted.items():
            left[first] += count
            right[second] += count
        return cls(
            n=n,
            agreeing=sum(
                k for (first, second), k in counted.items() if first == second
            ),
            chance=sum(left[label] * right[label] for label in left) / n**2 if n else 0,
        )

    @property
    def share(self) -> float:
        """Share of the units that agree; 0 for no units."""
        return self.agreeing / self.n if self.n else 0.0

    @property
    def kappa(self) -> float:
        """Agreement beyond chance, of what chance leaves: 1 is perfect, 0 is chance.

        0 where chance alone agrees always.

        References
        ----------
        Cohen (1960), "A Coefficient of Agreement for Nominal Scales", Educational and
        Psychological Measurement 20, equation 1.
        """
        left = 1 - self.chance
        return (self.share - self.chance) / left if left > 0 else 0.0

    @property
    def p_value(self) -> float:
        """Probability of so much agreement if each unit agreed by chance alone.

        The upper tail of a binomial distribution.
        """
        if self.agreeing == 0:
            return 1.0
        from scipy.special import bdtrc

        return float(bdtrc(self.agreeing - 1, self.n, self.chance))
