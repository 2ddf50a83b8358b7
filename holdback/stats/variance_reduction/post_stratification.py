"""Post-stratification: arms compared within strata, which are then put together."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from holdback.errors import StatsError
from holdback.stats.evidence.delta_method import Formula, estimate
from holdback.stats.evidence.effect import Estimate
from holdback.stats.evidence.moments import Moments
from holdback.stats.evidence.stratified import LEAST_IN_STRATUM, StratifiedMoments
from holdback.stats.numeric import upper_tail

__all__ = ["same_split", "stratified"]


def stratified(
    strata: Sequence[tuple[Moments, Moments]],
    *,
    formula: Formula,
    columns: Sequence[str],
) -> tuple[Estimate, Estimate]:
    """Control and treatment as if both had the strata's common mix of units.

    strata: (control, treatment) of each. Means are Σ w m with w the stratum's share of
    all units, and their covariance Σ w² Σ/n (Miratrix, Sekhon & Yu 2013, Journal of
    the Royal Statistical Society B 75: 369–396, whose error of the weights is of a
    smaller order). Raises StatsError where an arm has fewer than 20 units in a
    stratum or the formula has no value.
    """
    chosen = [(c.select(columns), t.select(columns)) for c, t in strata]
    if not chosen or min(side.n for pair in chosen for side in pair) < LEAST_IN_STRATUM:
        raise StatsError(
            f"An arm has fewer than {LEAST_IN_STRATUM} units in a stratum."
        )
    whole = sum(c.n + t.n for c, t in chosen)
    weights = [(c.n + t.n) / whole for c, t in chosen]
    try:
        control, treated = (
            estimate(
                StratifiedMoments.of([pair[at] for pair in chosen], weights),
                formula,
                columns,
            )
            for at in (0, 1)
        )
    except ZeroDivisionError as error:
        raise StatsError("The denominator is 0 in an arm.") from error
    return control, treated


def same_split(counts: Sequence[Sequence[int]]) -> float:
    """P-value of "every stratum has the same shares of the arms".

    counts: (strata, arms) of units. Pearson's chi-square of homogeneity, with
    (strata − 1)(arms − 1) degrees. Strata and arms
    without units are left out; 1 where fewer than two of either remain.
    """
    table = np.array([row for row in counts if sum(row)], dtype=float)
    if len(table) < 2:
        return 1.0
    table = table[:, table.sum(axis=0) > 0]
    if table.shape[1] < 2:
        return 1.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    chi2 = float(np.sum((table - expected) ** 2 / expected))
    return upper_tail(chi2, (table.shape[0] - 1) * (table.shape[1] - 1))
