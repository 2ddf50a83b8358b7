"""Post-stratification against row-level weights, scipy, and a Simpson case."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from holdback.errors import StatsError
from holdback.stats.evidence.delta_method import estimate
from holdback.stats.evidence.moments import Moments
from holdback.stats.variance_reduction.post_stratification import same_split, stratified
from tests.calibration.shops import mean


def moments(values: object) -> Moments:
    """Moments of one column."""
    return Moments.of_rows(np.reshape(values, (-1, 1)), ["y"], [4])


def test_against_weighted_rows() -> None:
    """Means and errors are those of strata weighted by their share of all units."""
    rng = np.random.default_rng(70)
    rows = [
        (rng.normal(10 * s, 2, 40 + 30 * s), rng.normal(10 * s + 1, 3, 90))
        for s in (1, 2, 3)
    ]
    whole = sum(len(c) + len(t) for c, t in rows)
    weights = [(len(c) + len(t)) / whole for c, t in rows]
    found = stratified(
        [(moments(c), moments(t)) for c, t in rows], formula=mean, columns=["y"]
    )
    for at, side in enumerate(found):
        expected = sum(w * r[at].mean() for w, r in zip(weights, rows, strict=True))
        variance = sum(
            w**2 * r[at].var(ddof=1) / len(r[at])
            for w, r in zip(weights, rows, strict=True)
        )
        assert side.value == pytest.approx(expected, rel=1e-4)
        assert side.se == pytest.approx(np.sqrt(variance), rel=1e-4)


def test_days_of_different_split_are_never_pooled() -> None:
    """Half and half in a good week, then 10 %: pooling shows a lift that is none."""
    rng = np.random.default_rng(71)
    strata = []
    for level, control, treated in ((20.0, 5_000, 5_000), (10.0, 1_000, 9_000)):
        strata.append(
            (
                moments(rng.normal(level, 1, control)),
                moments(rng.normal(level, 1, treated)),
            )
        )
    pooled = [
        estimate(strata[0][at] + strata[1][at], mean, ["y"]).value for at in (0, 1)
    ]
    assert pooled[1] / pooled[0] < 0.80
    control, treated = stratified(strata, formula=mean, columns=["y"])
    assert treated.value / control.value == pytest.approx(1.0, abs=0.01)


def test_one_split_against_scipy() -> None:
    """The chi-square of homogeneity; empty strata and arms do not count."""
    counts = [[120, 880], [95, 905], [140, 860]]
    expected = stats.chi2_contingency(counts, correction=False).pvalue
    assert same_split(counts) == pytest.approx(expected)
    padded = [[120, 0, 880], [0, 0, 0], [95, 0, 905], [140, 0, 860]]
    assert same_split(padded) == pytest.approx(expected)
    assert same_split([[1, 2]]) == 1.0
    assert same_split([[3, 0], [4, 0]]) == 1.0


def test_thin_strata_are_refused() -> None:
    """An arm with 19 units of a stratum cannot speak for it."""
    thin = moments(np.arange(19.0))
    with pytest.raises(StatsError, match="fewer than 20"):
        stratified([(thin, moments(np.arange(50.0)))], formula=mean, columns=["y"])
