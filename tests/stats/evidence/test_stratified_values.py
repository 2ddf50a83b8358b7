"""Quantiles, trimmed means and times of strata, against units repeated by weight.

The oracles know no strata: each unit stands as often as its weight asks for, in a plain
sample, and standard errors are those of drawing the strata again and again.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from holdback.experiments.metrics.trimmed_mean import Middle
from holdback.stats.evidence.arm_evidence import StratifiedCounts, ValueCounts
from holdback.stats.evidence.life_table import (
    StratifiedLifeTable,
    life_table,
    log_rank_z,
)
from holdback.stats.evidence.order_statistics import CountedValues, StratifiedValues
from holdback.stats.methods.quantile import compare_quantiles

Values = np.ndarray
WEIGHTS = (0.5, 0.5)
REPEATED = (1, 4)
"""Of 400 units and of 100 with equal weights: how often each stands in the oracle."""


def strata(seed: int) -> list[Values]:
    """400 units of the first days and 100 of the others, who spend more."""
    rng = np.random.default_rng(seed)
    return [
        np.round(rng.lognormal(mean, 0.8, size), 2)
        for mean, size in zip((3.0, 3.6), (400, 100), strict=True)
    ]


def repeated(parts: list[Values]) -> Values:
    """The plain sample in which each unit stands by its weight."""
    return np.concatenate(
        [np.repeat(part, times) for part, times in zip(parts, REPEATED, strict=True)]
    )


def counted(values: Values) -> CountedValues:
    """Each unit once."""
    return CountedValues.of(values, np.ones(len(values)))


def together(parts: list[Values]) -> StratifiedValues:
    """Strata in which every unit has a value."""
    return StratifiedValues.of(
        [
            (weight, len(part), counted(part))
            for weight, part in zip(WEIGHTS, parts, strict=True)
        ]
    )


def counts(parts: list[Values]) -> StratifiedCounts:
    """The same as a metric gets them."""
    return StratifiedCounts.of_parts(
        [
            ValueCounts(
                values=part[:, None],
                units=np.ones(len(part), dtype=np.int64),
                watched=np.zeros(len(part), dtype=np.int64),
            )
            for part in parts
        ],
        WEIGHTS,
    )


@pytest.mark.parametrize("q", [0.1, 0.5, 0.9])
def test_quantiles_against_repeated_units(q: float) -> None:
    """The same value; the error is that of drawing the strata anew."""
    parts = strata(1)
    found = together(parts)
    assert found.quantile(q) == counted(repeated(parts)).quantile(q)
    drawn = [counted(repeated(strata(seed))).quantile(q) for seed in range(2, 602)]
    told = [together(strata(seed)).placed(q).std() for seed in range(2, 42)]
    assert np.mean(told) == pytest.approx(np.std(drawn), rel=0.15)


def test_one_stratum_is_a_plain_sample_in_the_limit() -> None:
    """With all the weight on one stratum the law is the binomial's."""
    values = strata(3)[0]
    alone = StratifiedValues.of([(1.0, len(values), counted(values))])
    assert alone.effective(0.5) == pytest.approx(400)
    assert alone.placed(0.5) == pytest.approx(counted(values).placed(0.5))


def test_units_without_a_value_make_the_strata_less_sure() -> None:
    """Half of the units have none: as sure as the half that has one."""
    values = strata(4)[0]
    some = StratifiedValues.of([(1.0, 800, counted(values))])
    assert some.effective(0.5) == pytest.approx(400, rel=0.01)


@pytest.mark.parametrize(
    "runs", [120, pytest.param(2_000, marks=pytest.mark.calibration)]
)
def test_ranges_of_stratified_quantiles_hold(runs: int) -> None:
    """No difference, shares 50/50 and then 90/10: 95 %, within 3.3 errors."""
    rng, held = np.random.default_rng(5), 0
    for _ in range(runs):
        arms = [
            together([rng.lognormal(3.0, 0.8, a), rng.lognormal(3.6, 0.8, b)])
            for a, b in ((200, 60), (200, 540))
        ]
        contrast = compare_quantiles(arms[0], arms[1], q=0.5, level=0.95).absolute
        assert contrast is not None
        low, high = contrast.interval.lower, contrast.interval.upper
        held += (low or 0) <= 0 <= (high or 0)
    assert held / runs == pytest.approx(0.95, abs=3.3 * (0.05 * 0.95 / runs) ** 0.5)


def test_trimmed_means_against_repeated_units() -> None:
    """The same mean; the error is that of drawing the strata anew."""
    trim = Fraction(1, 10)
    parts = strata(6)
    found = Middle.of(counts(parts), trim)
    plain = counts([repeated(parts)] * 2).parts[0]
    assert found.mean == pytest.approx(Middle.of(plain, trim).mean, rel=1e-12)
    drawn = [Middle.of(counts(strata(seed)), trim) for seed in range(7, 407)]
    told = np.mean([one.variance for one in drawn]) ** 0.5
    assert told == pytest.approx(np.std([one.mean for one in drawn]), rel=0.12)
    assert found.kept == int(0.8 / (0.25 / 400 + 0.25 / 100))


def test_times_of_strata_are_weighted_means() -> None:
    """Σ w μ and Σ w² σ²; the log-rank sums observed, expected and variance."""
    rng = np.random.default_rng(8)
    arms = [
        [
            life_table(
                np.where(rng.random(size) < share, rng.integers(1, 15, size), 0),
                np.full(size, 14),
                np.ones(size, dtype=np.int64),
                14,
            )
            for size, share in ((300, 0.5), (90, 0.3))
        ]
        for _ in "ab"
    ]
    control, treated = (
        StratifiedLifeTable(parts=tuple(parts), weights=(0.7, 0.3)) for parts in arms
    )
    first, second = (table.restricted_mean() for table in control.parts)
    found = control.restricted_mean()
    assert found.value == pytest.approx(0.7 * first.value + 0.3 * second.value)
    assert found.se**2 == pytest.approx(0.49 * first.se**2 + 0.09 * second.se**2)
    excess, variance = 0.0, 0.0
    for one, other in zip(*arms, strict=True):
        d, r = one.events + other.events, one.at_risk + other.at_risk
        share = other.at_risk / r
        excess += float((other.events - d * share).sum())
        variance += float((d * share * (1 - share) * (r - d) / (r - 1)).sum())
    assert log_rank_z(control, treated) == pytest.approx(excess / variance**0.5)
