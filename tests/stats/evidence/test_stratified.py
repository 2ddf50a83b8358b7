"""Strata put together: against weighted rows written out."""

from __future__ import annotations

from itertools import starmap

import numpy as np
import pytest

from holdback.stats.evidence.delta_method import estimate
from holdback.stats.evidence.moments import Moments
from holdback.stats.evidence.stratified import StratifiedMoments
from holdback.stats.variance_reduction.cuped import adjust

COLUMNS, DIGITS = ("a", "b"), (2, 2)
WEIGHTS = (0.5, 0.3, 0.2)


def rows(seed: int, sizes: tuple[int, ...] = (40, 25, 60)) -> list[np.ndarray]:
    """Strata of two measures, to the cent, that differ in level and spread."""
    rng = np.random.default_rng(seed)
    return [
        np.round(rng.gamma(1 + i, 2.0, (n, 2)) + np.array([0, 3 * i]), 2)
        for i, n in enumerate(sizes)
    ]


def stratified(parts: list[np.ndarray]) -> StratifiedMoments:
    """Their moments."""
    return StratifiedMoments.of(
        [Moments.of_rows(part, COLUMNS, DIGITS) for part in parts], WEIGHTS
    )


def test_a_ratio_of_strata_against_closed_form() -> None:
    """Value, error and third cumulant from the weighted linearized rows."""
    parts = rows(1)
    mean = sum(w * p.mean(axis=0) for w, p in zip(WEIGHTS, parts, strict=True))
    seen = estimate(stratified(parts), lambda m: m[0] / m[1], COLUMNS)
    gradient = np.array([1 / mean[1], -mean[0] / mean[1] ** 2])
    lines = [p @ gradient for p in parts]
    variance = sum(
        w**2 * line.var(ddof=1) / len(line)
        for w, line in zip(WEIGHTS, lines, strict=True)
    )
    third = sum(
        w**3 * ((line - line.mean()) ** 3).mean() / len(line) ** 2
        for w, line in zip(WEIGHTS, lines, strict=True)
    )
    assert seen.value == pytest.approx(mean[0] / mean[1], rel=1e-12)
    assert seen.se**2 == pytest.approx(variance, rel=1e-9)
    assert seen.third == pytest.approx(third, rel=1e-9)
    assert seen.n == 125
    kish = 1 / sum(w**2 / len(p) for w, p in zip(WEIGHTS, parts, strict=True))
    assert seen.size == pytest.approx(kish, rel=1e-12)


def test_equal_shares_invariance() -> None:
    """Strata weighted as their sizes have the mean of all units, and less spread."""
    parts = rows(2, (50, 30, 20))
    together = Moments.of_rows(np.concatenate(parts), COLUMNS, DIGITS)
    apart = stratified(parts)
    assert apart.mean == pytest.approx(together.mean, rel=1e-12)
    assert apart.total == pytest.approx(together.total, rel=1e-12)
    assert (np.diag(apart.cov) < np.diag(together.cov)).all()
    assert (apart.n, apart.nonzero) == (together.n, together.nonzero)


def test_selecting_and_adding_go_by_stratum() -> None:
    """Fewer measures, and both arms together, are those of each stratum."""
    first, second = rows(3), rows(4, (20, 30, 40))
    both = stratified(first) + stratified(second)
    expected = [
        np.concatenate(pair).mean(axis=0) for pair in zip(first, second, strict=True)
    ]
    mean = sum(w * m for w, m in zip(WEIGHTS, expected, strict=True))
    assert both.mean == pytest.approx(mean, rel=1e-12)
    assert both.select(["b"]).mean == pytest.approx(mean[1:], rel=1e-12)
    with pytest.raises(ValueError, match="same strata"):
        both + Moments.of_rows(first[0], COLUMNS, DIGITS)


def test_covariates_within_strata_against_regression() -> None:
    """A slope on rows centred in their stratum and arm, weighted as the means are."""
    rng = np.random.default_rng(8)
    arms = []
    for sizes in ((60, 20, 30), (15, 70, 40)):
        parts = []
        for i, n in enumerate(sizes):
            before = rng.gamma(2.0, 2.0, n)
            after = before * 0.8 + rng.gamma(1.0, 1.0, n) + 2 * i
            parts.append(np.round(np.column_stack([after, before]), 2))
        arms.append(parts)
    control, treated = map(stratified, arms)
    net = adjust(
        control, treated, formula=lambda m: m[0], columns=["a"], covariates=["b"]
    )
    pooled = sum(
        (len(np.concatenate(parts)) - 1)
        * len(np.concatenate(parts))
        * sum(
            w**2 * np.cov(part.T) / len(part)
            for w, part in zip(WEIGHTS, parts, strict=True)
        )
        for parts in arms
    )
    theta = pooled[0, 1] / pooled[1, 1]
    means = [
        sum(starmap(lambda w, p: w * p.mean(axis=0), zip(WEIGHTS, parts, strict=True)))
        for parts in arms
    ]
    plain, off = (means[1] - means[0])[0], (means[1] - means[0])[1]
    assert net.treatment.value - net.control.value == pytest.approx(
        plain - theta * off, rel=1e-9
    )
    assert net.variance_reduction > 0.5
