"""Replays: the truth is known, so every count can be checked."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from holdback.stats.design.aa_replays import replay
from holdback.stats.evidence.delta_method import estimate_rows
from holdback.stats.evidence.sample import Sample
from tests.calibration.shops import Shop, exact, mean, ratio


@pytest.mark.parametrize("orders", [0.0, 0.45])
def test_rows_against_exact_moments(orders: float) -> None:
    """Value, error and third cumulant equal those of exact integers."""
    columns, formula = (2, ratio) if orders else (1, mean)
    sample = Shop(n=3_000, orders=orders).sample(np.random.default_rng(1), columns)
    found, expected = estimate_rows(sample, formula), exact(sample, formula)
    assert found.n == expected.n
    assert found.nonzero == expected.nonzero
    for name in ("value", "se", "third"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-4)


def test_rows_refuse_what_has_no_number() -> None:
    """One unit has no spread; no orders, no order value."""
    with pytest.raises(ValueError, match="2 units"):
        estimate_rows(Sample(columns=("y",), rows=np.ones((1, 1)), n=1), mean)
    nothing = Sample(columns=("y", "z"), rows=np.empty((0, 2)), n=10)
    with pytest.raises(ZeroDivisionError):
        estimate_rows(nothing, ratio)


def buyers(n: int, k: int, sigma: float, seed: int = 2) -> Sample:
    """N units of whom k spent lognormal amounts."""
    rows = np.exp(sigma * np.random.default_rng(seed).standard_normal((k, 1)))
    return Sample(columns=("revenue",), rows=rows, n=n)


def test_small_holdback_shows_what_welch_does() -> None:
    """90/10, 600 buyers of a heavy tail: Welch cries win, ours does not."""
    found = replay(
        buyers(20_000, 600, 1.5),
        sizes=(2_000, 18_000),
        formula=mean,
        family="mean",
        level=0.95,
        lift=0.5,
        replays=(240, 40),
        seed=(3,),
    )
    low, high = stats.binom.ppf((0.0005, 0.9995), 240, 0.025)
    assert low <= found.chosen.wins <= high
    assert low <= found.chosen.losses <= high
    assert found.welch.wins > high
    assert found.methods == {"permutation": 280}
    assert found.chosen.missed <= 8
    assert 1 <= found.chosen.found <= 40


@pytest.mark.parametrize("lift", [0.3, -0.4])
def test_rates_gain_or_lose_conversions(lift: float) -> None:
    """With a large effect on a rate nearly every replay finds it, on its side."""
    units = Sample(columns=("y",), rows=np.ones((2_000, 1)), n=20_000)
    found = replay(
        units,
        sizes=(10_000, 10_000),
        formula=mean,
        family="proportion",
        level=0.95,
        lift=lift,
        replays=(300, 100),
        seed=(4,),
    )
    assert found.methods == {"skewness_corrected_score": 400}
    assert found.chosen.found >= 95
    assert found.chosen.missed <= 14
    assert found.chosen.wins + found.chosen.losses <= 33


def test_the_same_seed_gives_the_same_replays() -> None:
    """Deterministic in the seed."""
    units = buyers(5_000, 200, 1.0)
    one, other = (
        replay(
            units,
            sizes=(1_000, 4_000),
            formula=mean,
            family="mean",
            level=0.9,
            lift=0.2,
            replays=(20, 10),
            seed=(5,),
        )
        for _ in range(2)
    )
    assert one == other


def test_sizes_must_be_those_of_the_units() -> None:
    """Arms that do not add up are refused."""
    with pytest.raises(ValueError, match="cannot be split"):
        replay(
            buyers(100, 50, 1.0),
            sizes=(10, 80),
            formula=mean,
            family="mean",
            level=0.95,
            lift=0.1,
            replays=(1, 1),
            seed=(1,),
        )
