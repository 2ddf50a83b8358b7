"""Two spreads of one shape, against figures computed apart and brute force."""

from __future__ import annotations

from math import log

import numpy as np
import numpy.typing as npt
import pytest
from scipy import stats

from holdback.stats.evidence.resplits import Adjustment, TwoSamples
from holdback.stats.evidence.sample import Sample
from holdback.stats.methods.own_spread import OwnSpread, own_draws, own_spread
from tests.calibration.shops import mean

Vector = npt.NDArray[np.float64]

CONTROL = np.array([12.0, 30.0, 45.0, 20.0])
TREATED = np.array([25.0, 60.0, 15.0, 80.0, 33.0, 41.0])


def two(control: Vector, treated: Vector, n: tuple[int, int]) -> TwoSamples:
    """Two arms of one amount."""
    sides = [
        Sample(columns=("y",), rows=np.asarray(side, dtype=float)[:, None], n=units)
        for side, units in zip((control, treated), n, strict=True)
    ]
    return TwoSamples(control=sides[0], treatment=sides[1], formula=mean)


def tiny() -> OwnSpread:
    """Eight and ten units, half of them buyers."""
    spread = own_spread(two(CONTROL, TREATED, (8, 10)), least=2)
    assert spread is not None
    return spread


def test_the_parts_against_figures_computed_apart() -> None:
    """Spreads, their test and control's values, from a script that shares no code."""
    spread = tiny()
    assert spread.sigma == pytest.approx((0.565242, 0.603382), abs=5e-7)
    assert spread.z == pytest.approx(0.28612, abs=5e-6)
    assert spread.weight == 0
    assert not spread.outermost
    expected = """.445373 1.113433 1.670149 .742288 .618322
                  1.404081 .383168 1.838372 .801986 .982829"""
    known = sorted(map(float, expected.split()), reverse=True)
    assert spread.values[0] == pytest.approx(known, abs=5e-7)


def test_draws_against_figures_computed_apart() -> None:
    """Quantiles and the tail beyond what was seen, by 400,000 draws made apart."""
    t = own_draws(tiny(), draws=100_000, seed=(1,))
    error = np.sqrt(0.125 * 0.875 * (1 / 100_000 + 1 / 400_000))
    assert np.mean(t >= 1.121783) == pytest.approx(0.125, abs=4 * error + 5e-4)
    assert np.quantile(t, [0.025, 0.975]) == pytest.approx([-2.016, 1.899], abs=0.03)


def test_draws_against_one_arm_at_a_time() -> None:
    """Buyers drawn one by one from each arm's values have the same law of t."""
    rng = np.random.default_rng(3)
    amounts = rng.lognormal(3, 1.5, 40), rng.lognormal(3, 1.0, 200)
    spread = own_spread(two(*amounts, (400, 2_000)))
    assert spread is not None
    logs = [np.log(side) for side in amounts]
    sigma = [float(np.std(side, ddof=1)) for side in logs]
    shape = np.concatenate(
        [(side - side.mean()) / s for side, s in zip(logs, sigma, strict=True)]
    )
    found = []
    for _ in range(4_000):
        sides = []
        for n, k, s in zip((400, 2_000), (40, 200), sigma, strict=True):
            values = np.exp(s * shape)
            units = np.zeros(n)
            bought = rng.binomial(n, k / n)
            units[:bought] = rng.choice(values / values.mean(), bought)
            sides.append((units.mean() / (k / n), units.var(ddof=1) / n, units.mean()))
        error = sum(variance / middle**2 for _, variance, middle in sides)
        found.append(log(sides[1][0] / sides[0][0]) / np.sqrt(error))
    mine = own_draws(spread, draws=20_000, seed=(2,))
    assert stats.ks_2samp(mine, found).pvalue > 1e-3


@pytest.mark.parametrize("sigma", [0.5, 1.5])
def test_a_large_arm_against_buyers_drawn_one_by_one(
    sigma: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the largest values drawn one by one: the law of t stays what it is."""
    rng = np.random.default_rng(4)
    amounts = rng.lognormal(3, sigma, 300), rng.lognormal(3, sigma, 2_000)
    spread = own_spread(two(*amounts, (3_000, 20_000)))
    assert spread is not None
    quick = own_draws(spread, draws=30_000, seed=(1,))
    monkeypatch.setattr("holdback.stats.methods.own_spread.BUYERS_ONE_BY_ONE", 10**6)
    whole = own_draws(spread, draws=10_000, seed=(2,))
    assert stats.ks_2samp(quick, whole).pvalue > 1e-3
    for q in (0.005, 0.025, 0.975, 0.995):
        share = np.mean(quick <= np.quantile(whole, q))
        assert share == pytest.approx(q, abs=4 * np.sqrt(q * (1 - q) * 4 / 30_000))


def test_the_shape_does_not_depend_on_units_of_money() -> None:
    """Cents in place of euros, in one arm or both, change no part of it."""
    rng = np.random.default_rng(5)
    control, treated = rng.lognormal(3, 1.5, 30), rng.lognormal(3, 1.0, 90)
    plain = own_spread(two(control, treated, (300, 900)))
    cents = own_spread(two(control, 100 * treated, (300, 900)))
    assert plain is not None
    assert cents is not None
    assert cents.z == pytest.approx(plain.z)
    assert cents.outermost == plain.outermost
    assert cents.values[1] == pytest.approx(plain.values[1])


def test_it_is_not_asked_where_it_cannot_be_told() -> None:
    """Few buyers, a refund, one price, several columns: the splits decide alone."""
    rng = np.random.default_rng(6)
    many = rng.lognormal(3, 1.0, 50)
    refunds = np.append(many, -5.0)
    assert own_spread(two(many, many * 1.1, (500, 500))) is not None
    assert own_spread(two(many[:19], many, (500, 500))) is None
    assert own_spread(two(many, refunds, (500, 500))) is None
    assert own_spread(two(np.full(30, 9.99), many, (500, 500))) is None
    wide = Sample(columns=("y", "x"), rows=np.column_stack([many, many]), n=500)
    adjusted = TwoSamples(
        control=wide,
        treatment=wide,
        formula=mean,
        adjustment=Adjustment(theta=np.array([0.5]), centre=np.array([1.0])),
    )
    assert own_spread(adjusted) is None
