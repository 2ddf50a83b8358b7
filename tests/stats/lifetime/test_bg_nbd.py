"""The expected orders of BG/NBD where its closed form overflows."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from holdback.stats.lifetime import bg_nbd
from holdback.stats.lifetime.bg_nbd import BgNbd, OrderHistories, expected


@pytest.mark.parametrize(
    ("r", "alpha", "a", "b"),
    [
        (0.2877, 0.00471, 1.976, 171.3),
        (0.8917, 0.0255, 8.796, 246.3),
        (1.268, 0.04, 0.4624, 938.7),
        (2.902, 0.01, 0.2558, 462.4),
    ],
)
def test_many_orders_in_next_to_no_time(
    r: float, alpha: float, a: float, b: float
) -> None:
    """Where scipy's hypergeometric function overflows, against adaptive quadrature."""
    from scipy.integrate import quad
    from scipy.special import betaln, expit

    def integrand(logit: float, t: float) -> float:
        p = expit(logit)
        weight = np.exp(a * logit - (a + b) * np.logaddexp(0, logit) - betaln(a, b))
        return float(-weight * np.expm1(-r * np.log1p(p * t / alpha)) / p)

    for t in (1.0, 104.0):
        pieces = [-160.0, -60.0, -30.0, -20.0, -15.0, -10.0, -5.0, 0.0, 20.0]
        brute = sum(
            quad(integrand, low, high, (t,), epsabs=0, epsrel=1e-10, limit=400)[0]
            for low, high in itertools.pairwise(pieces)
        )
        assert expected(t, r, alpha, a, b) == pytest.approx(brute, rel=1e-7)


def test_both_ways_to_the_expected_orders_agree() -> None:
    """Where the hypergeometric function is finite, equal steps give the same."""
    rng = np.random.default_rng(3)
    r, a, b = (np.exp(rng.uniform(low, 3, 300)) for low in (-2, -1, -1))
    alpha, t = np.exp(rng.uniform(-3, 4, 300)), np.exp(rng.uniform(-1, 5, 300))
    direct = expected(t, r, alpha, a, b)
    steps = bg_nbd._by_quadrature(t, r, alpha, a, b)
    away = np.abs(a - 1) > 1e-3
    assert direct[away] == pytest.approx(steps[away], rel=1e-6)


def test_customers_who_are_all_alike() -> None:
    """Huge a and b are one chance to stop, p: E[X(t)] = E[(1 − e^(−λ p t))] / p.

    Scipy's hypergeometric function has lost its digits there.
    """
    r, alpha, p, t = 0.8, 6.0, 0.3, np.array([1.0, 12.0, 52.0])
    for whole in (1e6, 1e8, 4e8):
        known = (1 - (alpha / (alpha + p * t)) ** r) / p
        found = expected(t, r, alpha, p * whole, (1 - p) * whole)
        assert found == pytest.approx(known, rel=1e-4)
    never = expected(t, r, alpha, 0.1, 1e8)
    assert never == pytest.approx(r * t / alpha, rel=1e-4)


def test_orders_ahead_where_all_customers_are_alike() -> None:
    """A fit at the edge of what is possible still foresees a finite number."""
    rng = np.random.default_rng(8)
    orders = rng.poisson(0.2 * 4, 2_000)
    last = np.where(orders > 0, 4 * rng.uniform(size=2_000) ** (1 / (orders + 1)), 0)
    found = OrderHistories.of(orders, last, np.full(2_000, 4.0))
    model = BgNbd.fit(found)
    ahead = float(found.units @ model.ahead(found, np.full(2_000, 4.0)))
    assert ahead == pytest.approx(orders.sum(), rel=0.2)
