"""Balance before the test: enumerated splits, and false alarms of honest ones."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from holdback.stats.evidence.moments import Moments
from holdback.stats.evidence.stratified import StratifiedMoments
from holdback.stats.srm import balance as module
from holdback.stats.srm.agreement import fisher, independent
from holdback.stats.srm.balance import balance, pearson_tails

LONG = pytest.mark.calibration


def moments(values: npt.ArrayLike, digits: int = 2) -> Moments:
    """Moments of one measure."""
    return Moments.of_rows(np.reshape(values, (-1, 1)), ("x",), (digits,))


def test_moments_against_enumerated_splits() -> None:
    """Two of 0 0 0 0 0 0 0 5 12 40: all 45 means have this deviation and skewness."""
    values = np.array([0, 0, 0, 0, 0, 0, 0, 5, 12, 40.0])
    means = [np.mean(pair) for pair in combinations(values, 2)]
    variance, third = module._split_moments(moments(values), 2)
    assert np.sqrt(variance) == pytest.approx(np.std(means), rel=1e-12)
    assert third / variance**1.5 == pytest.approx(stats.skew(means), rel=1e-12)
    assert np.sqrt(variance) == pytest.approx(8.011381, abs=1e-6)


def test_p_value_against_worked_example(monkeypatch: pytest.MonkeyPatch) -> None:
    """Control holds 12 and 40 of those ten: twice .0233545, by scipy's Pearson III."""
    monkeypatch.setattr(module, "LEAST_EXPECTED_VALUES", 0)
    p_value = balance(moments([12, 40]), moments([0, 0, 0, 0, 0, 0, 0, 5]))
    assert p_value == pytest.approx(0.046709, abs=1e-6)


@given(st.floats(-4, 6), st.floats(0.05, 0.5))
def test_tails_against_scipy(z: float, skewness: float) -> None:
    """Both tails are scipy's, and mirrored for a negative skewness."""
    expected = stats.pearson3.cdf(z, skewness), stats.pearson3.sf(z, skewness)
    assert pearson_tails(z, skewness) == pytest.approx(expected, rel=1e-6, abs=1e-12)
    assert pearson_tails(-z, -skewness) == pytest.approx(expected[::-1], abs=1e-12)


def test_the_thin_side_does_not_end() -> None:
    """A mean half a deviation low is no proof where the skewness is 3."""
    assert pearson_tails(-0.7, 3.0)[0] == pytest.approx(stats.norm.cdf(-0.7))


def test_shares_against_fisher() -> None:
    """A measure of 0 and 1: the exact test of the two by two table."""
    control, treated = np.repeat([1, 0], [12, 88]), np.repeat([1, 0], [60, 840])
    assert balance(moments(control, 0), moments(treated, 0)) == pytest.approx(
        fisher((12, 60), (100, 900))
    )


def test_strata_against_enumerated_splits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Splits within two strata: variance and third moment of the weighted sum add."""
    parts = np.array([0, 1, 4, 9.0]), np.array([2, 3, 3, 10, 12.0])
    weights = (4 / 9, 5 / 9)
    found = [
        weights[0] * np.mean(a) + weights[1] * np.mean(b)
        for a in combinations(parts[0], 2)
        for b in combinations(parts[1], 3)
    ]
    control = StratifiedMoments.of(
        [moments(parts[0][:2]), moments(parts[1][:3])], weights
    )
    treated = StratifiedMoments.of(
        [moments(parts[0][2:]), moments(parts[1][3:])], weights
    )
    seen = weights[0] * parts[0][:2].mean() + weights[1] * parts[1][:3].mean()
    z = (seen - np.mean(found)) / np.std(found)
    tails = pearson_tails(z, float(stats.skew(found)))
    assert balance(control, treated) is None, "too few values"
    monkeypatch.setattr(module, "LEAST_EXPECTED_VALUES", 0)
    assert balance(control, treated) == pytest.approx(2 * min(tails), rel=1e-9)


def alarms(
    *, share: float, units: int, buyers: float, sigma: float, splits: int, seed: int
) -> tuple[int, int]:
    """Splits of lognormal spend with p below .001 and .01; 20 data sets."""
    rng = np.random.default_rng(seed)
    n, failed, warned = round(share * units), 0, 0
    for _ in range(20):
        spend = np.exp(rng.normal(0, sigma, units)) * (rng.random(units) < buyers)
        spend = np.round(np.minimum(spend, np.quantile(spend, 0.999)), 2)
        variance, third = module._split_moments(moments(spend), n)
        for _ in range(splits // 20):
            mean = rng.permutation(spend)[:n].mean()
            z = (mean - spend.mean()) / np.sqrt(variance)
            p_value = 2 * min(pearson_tails(z, third / variance**1.5))
            failed, warned = failed + (p_value < 0.001), warned + (p_value < 0.01)
    return failed, warned


CELLS = [
    (share, units, buyers, sigma)
    for share in (0.5, 0.1, 0.05)
    for units in (200, 1_000, 4_000, 20_000)
    for buyers in (0.05, 1.0)
    for sigma in (1.0, 2.0)
    if share * units * buyers >= 5
]
SHORT = [
    (0.5, 200, 1.0, 1.0),
    (0.1, 200, 1.0, 2.0),
    (0.05, 200, 1.0, 1.0),
    (0.05, 200, 1.0, 2.0),
    (0.1, 1_000, 0.05, 1.5),
    (0.05, 1_000, 1.0, 1.5),
]


@pytest.mark.parametrize(
    ("cell", "splits"),
    [(cell, 4_000) for cell in SHORT]
    + [pytest.param(cell, 40_000, marks=LONG) for cell in CELLS],
)
def test_false_alarms_stay_at_their_promise(
    cell: tuple[float, float, float, float], splits: int
) -> None:
    """Honest splits: at most 0.1 % fail and 1 % warn, in the 99.9 % band."""
    share, units, buyers, sigma = cell
    failed, warned = alarms(
        share=share,
        units=round(units),
        buyers=buyers,
        sigma=sigma,
        splits=splits,
        seed=31,
    )
    assert failed <= stats.binom.ppf(0.9995, splits, 0.001)
    assert warned <= stats.binom.ppf(0.9995, splits, 0.01)


def test_the_band_catches_the_plain_z_test() -> None:
    """Planted: each arm's own variance at 95/5 and σ 1.5 fails honest splits."""
    rng = np.random.default_rng(32)
    failed = 0
    spend = np.exp(rng.normal(0, 1.5, 4_000)) * (rng.random(4_000) < 0.05)
    for _ in range(1_000):
        mixed = rng.permutation(spend)
        control, treated = mixed[:200], mixed[200:]
        error = control.var(ddof=1) / 200 + treated.var(ddof=1) / 3_800
        z = (treated.mean() - control.mean()) / np.sqrt(error)
        failed += 2 * stats.norm.sf(abs(z)) < 0.001
    assert failed > stats.binom.ppf(0.9995, 1_000, 0.001)


@pytest.mark.parametrize("units", [200, 1_000, 4_000, 20_000])
@pytest.mark.parametrize("share", [0.5, 0.1, 0.05])
def test_phases_fail_as_promised_exactly(share: float, units: int) -> None:
    """Two independent phases: p below .001 in at most 0.13 % of tables (margins fixed).

    Chi-square alone has 0.9 % at 200 units of 95/5.
    """
    held = round(share * units)
    both = np.arange(held + 1)
    chances = stats.hypergeom.pmf(both, units, held, held)
    failed = sum(
        chance
        for k, chance in zip(both, chances, strict=True)
        if chance > 1e-12
        and independent(
            [[int(k), held - int(k)], [held - int(k), units - 2 * held + int(k)]]
        )
        < 0.001
    )
    assert failed < 0.0013


def test_several_arms_against_permutations() -> None:
    """Three arms of two phases: independent draws fail about once in a thousand."""
    rng = np.random.default_rng(33)
    before = np.repeat([0, 1, 2], [20, 190, 190])
    failed = 0
    for _ in range(600):
        now = rng.permutation(before)
        table = np.bincount(3 * before + now, minlength=9).reshape(3, 3)
        failed += independent(table.tolist()) < 0.001
    assert failed <= stats.binom.ppf(0.9995, 600, 0.001)
    assert independent(np.diag([20, 190, 190]).tolist()) < 1e-9
