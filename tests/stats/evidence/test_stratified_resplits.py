"""Re-splits within strata: against splits written out, and what they keep."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from holdback.stats.evidence.delta_method import estimate
from holdback.stats.evidence.moments import Moments
from holdback.stats.evidence.resplits import (
    StratifiedResplits,
    TwoSamples,
    resplits,
)
from holdback.stats.evidence.sample import Sample, StratifiedSample
from holdback.stats.evidence.stratified import StratifiedMoments
from holdback.stats.methods.compare import compare

WEIGHTS = (0.4, 0.6)


def sample(values: np.ndarray) -> Sample:
    """Units with these values, the zeros as a count."""
    return Sample(columns=("x",), rows=values[values != 0][:, None], n=len(values))


def samples(strata: list[tuple[np.ndarray, np.ndarray]]) -> TwoSamples:
    """Both arms over the strata."""
    control, treated = (
        StratifiedSample.of([sample(pair[arm]) for pair in strata], WEIGHTS)
        for arm in (0, 1)
    )
    return TwoSamples(control=control, treatment=treated, formula=lambda m: m[0])


def t_of(strata: list[tuple[np.ndarray, np.ndarray]]) -> float:
    """The t of arms over strata, from the values themselves."""
    value, error = [], []
    for arm in (0, 1):
        parts = [pair[arm] for pair in strata]
        mean = sum(w * p.mean() for w, p in zip(WEIGHTS, parts, strict=True))
        variance = sum(
            w**2 * p.var(ddof=1) / len(p) for w, p in zip(WEIGHTS, parts, strict=True)
        )
        value.append(mean)
        error.append(variance / mean**2)
    return float(np.log(value[1] / value[0]) / np.sqrt(sum(error)))


def test_the_law_of_t_against_every_split() -> None:
    """Small strata: the draws have the law of all splits within both strata."""
    first = np.array([3.0, 5.0, 0.0, 8.0]), np.array([4.0, 9.0, 1.0])
    second = np.array([30.0, 0.0, 50.0]), np.array([20.0, 44.0, 10.0, 61.0])
    every = []
    for one in combinations(range(7), 4):
        for two in combinations(range(7), 3):
            pools = [np.concatenate(first), np.concatenate(second)]
            split = [
                (pool[list(chosen)], np.delete(pool, list(chosen)))
                for pool, chosen in zip(pools, (one, two), strict=True)
            ]
            every.append(t_of(split))
    both = samples([first, second])
    splits = resplits(both, draws=20_000)
    assert splits.observed(1.0) == pytest.approx(t_of([first, second]), rel=1e-9)
    drawn = splits.drawn(1.0)
    for q in (0.05, 0.25, 0.5, 0.75, 0.95):
        point = np.quantile(every, q)
        share = np.mean(np.array(every) <= point + 1e-9)
        assert np.mean(drawn <= point + 1e-9) == pytest.approx(share, abs=0.015)
    assert splits.observed(2.0) == pytest.approx(
        t_of([(first[0], first[1] / 2), (second[0], second[1] / 2)]), rel=1e-9
    )


def ramped(rng: np.random.Generator, sigma: float) -> list[tuple[np.ndarray, ...]]:
    """A ramp from 50/50 to 90/10 with other buyers after it, and no effect."""
    strata = []
    for sizes, rate in (((300, 300), 0.3), ((1_800, 200), 0.06)):
        arms = []
        for n in sizes:
            buys = rng.random(n) < rate
            arms.append(np.round(buys * np.exp(rng.normal(3, sigma, n)), 2))
        strata.append(tuple(arms))
    return strata


def excluding(runs: int, sigma: float, seed: int) -> tuple[float, float]:
    """Share of intervals above and below no lift, where there is none."""
    rng = np.random.default_rng(seed)
    above = below = 0
    for _ in range(runs):
        strata = ramped(rng, sigma)
        units = [sum(map(len, pair)) for pair in strata]
        weights = [n / sum(units) for n in units]
        moments, rows = [], []
        for arm in (0, 1):
            parts = [pair[arm] for pair in strata]
            moments.append(
                StratifiedMoments.of(
                    [Moments.of_rows(p[:, None], ["x"], [2]) for p in parts], weights
                )
            )
            rows.append(StratifiedSample.of([sample(p) for p in parts], weights))
        inference = compare(
            *moments,
            formula=lambda m: m[0],
            columns=["x"],
            family="mean",
            level=0.95,
            samples=TwoSamples(
                control=rows[0], treatment=rows[1], formula=lambda m: m[0]
            ),
        )
        assert inference.method == "permutation"
        assert inference.relative is not None
        above += (inference.relative.interval.lower or 0) > 0
        upper = inference.relative.interval.upper
        below += upper is not None and upper < 0
    return above / runs, below / runs


def test_false_alarms_within_strata() -> None:
    """Each side of a 95 % interval errs as often as it may, skewed amounts and all.

    A short form: 60 tests, of which at most 6 err on a side at 2.5 % (99.9 %).
    """
    above, below = excluding(60, 1.0, 2)
    assert max(above, below) <= 6 / 60


@pytest.mark.calibration
@pytest.mark.parametrize("sigma", [0.5, 1.0, 1.5])
def test_many_false_alarms_within_strata(sigma: float) -> None:
    """1,500 tests: each side within 1.3 and 3.8 %."""
    above, below = excluding(1_500, sigma, 3)
    assert 0.013 <= above <= 0.038
    assert 0.013 <= below <= 0.038


def test_one_estimate_of_both_forms() -> None:
    """The rows' t is the moments' estimate over its error."""
    strata = ramped(np.random.default_rng(4), 1.0)
    first, second = (
        estimate(
            StratifiedMoments.of(
                [Moments.of_rows(pair[arm][:, None], ["x"], [2]) for pair in strata],
                WEIGHTS,
            ),
            lambda m: m[0],
            ["x"],
        )
        for arm in (0, 1)
    )
    errors = (first.se / first.value) ** 2 + (second.se / second.value) ** 2
    expected = np.log(second.value / first.value) / np.sqrt(errors)
    splits = resplits(samples([(p[0], p[1]) for p in strata]), draws=2)
    assert splits.observed(1.0) == pytest.approx(expected, rel=1e-9)


def test_strata_that_are_alike_are_split_apart() -> None:
    """The same units in both strata: their draws have nothing in common."""
    rng = np.random.default_rng(9)
    pair = rng.lognormal(3, 1, 200), rng.lognormal(3, 1, 200)
    found = resplits(samples([pair, pair]), draws=4_000)
    assert isinstance(found, StratifiedResplits)
    first, second = (part.picked[0, 0] for part in found.parts)
    assert abs(np.corrcoef(first, second)[0, 1]) < 4 / np.sqrt(4_000)
