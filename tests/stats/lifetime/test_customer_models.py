"""Models of customers, against published figures, quadrature and finite differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import integrate, special

from holdback.errors import StatsError
from holdback.stats.lifetime import (
    bg_nbd,
    gamma_gamma,
    shifted_beta_geometric,
)
from holdback.stats.lifetime.bg_nbd import BgNbd, OrderHistories
from holdback.stats.lifetime.gamma_gamma import BuyerSpend, GammaGamma
from holdback.stats.lifetime.shifted_beta_geometric import ShiftedBetaGeometric, Tenures

MODELS = [
    BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426),
    BgNbd(r=0.6, alpha=8.0, a=1.0, b=2.0),
    BgNbd(r=1.4, alpha=3.0, a=0.3, b=0.5),
    BgNbd(r=2.0, alpha=10.0, a=2.5, b=4.0),
]
"""The first is CDNOW's (Fader, Hardie & Lee 2005); one lies where a − 1 is 0."""
TINY = 1e-12
CUSTOMERS = [(0, 0.0, 20.0), (1, 3.0, 20.0), (2, 30.43, 38.86), (9, 19.0, 20.0)]


def over_stops(model: BgNbd, told: Callable[[float], float]) -> float:
    """A function of the chance of stopping, averaged over customers."""
    found, _ = integrate.quad(
        lambda p: told(max(p, TINY)),
        0,
        1,
        weight="alg",
        wvar=(model.a - 1, model.b - 1),
        limit=200,
    )
    return float(found) / float(special.beta(model.a, model.b))


def odds_of(model: BgNbd, x: int, last: float, watched: float) -> tuple[float, float]:
    """Likelihood of a history while going on, and with a stop after the last order.

    Rates are integrated out by E[λ^x e^(−λs)] = Γ(r+x)/Γ(r) · α^r / (α+s)^(r+x).
    """

    def rate(s: float) -> float:
        scale = special.gammaln(model.r + x) - special.gammaln(model.r)
        scale += model.r * np.log(model.alpha)
        return float(np.exp(scale - (model.r + x) * np.log(model.alpha + s)))

    going = over_stops(model, lambda p: (1 - p) ** x) * rate(watched)
    if x == 0:
        return going, 0.0
    return going, over_stops(model, lambda p: p * (1 - p) ** (x - 1)) * rate(last)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("weeks", [0.5, 4.0, 39.0, 156.0])
def test_expected_orders_against_quadrature(model: BgNbd, weeks: float) -> None:
    """E[X(t)] = E[(1 − e^(−λpt)) / p], rates integrated out by hand."""

    def told(p: float) -> float:
        kept = np.expm1(-model.r * np.log1p(p * weeks / model.alpha))
        return float(-kept / p)

    expected = over_stops(model, told)
    assert float(model.expected(weeks)) == pytest.approx(expected, rel=2e-5)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("x", "last", "watched"), CUSTOMERS)
def test_one_customer_against_quadrature(
    model: BgNbd, x: int, last: float, watched: float
) -> None:
    """Likelihood, chance of being active, and orders within 39 weeks."""
    found = OrderHistories.of([x], [last], [watched])
    going, stopped = odds_of(model, x, last, watched)
    assert model.log_likelihood(found) == pytest.approx(np.log(going + stopped))
    assert float(model.alive(found)[0]) == pytest.approx(going / (going + stopped))

    def told(p: float) -> float:
        s = model.alpha + watched
        later = -np.expm1(-(model.r + x) * np.log1p(p * 39 / s)) / p
        return float((1 - p) ** x * later)

    active = over_stops(model, lambda p: (1 - p) ** x)
    ahead = over_stops(model, told) / active * going / (going + stopped)
    assert float(model.ahead(found, 39.0)[0]) == pytest.approx(ahead, rel=2e-5)


def test_customers_with_thousands_of_orders() -> None:
    """Close to a rate that is known: x/T orders a week, and hardly any stop."""
    found = OrderHistories.of([4_000, 4_000], [199.9, 20.0], [200.0, 200.0])
    ahead = MODELS[0].ahead(found, 10.0)
    assert ahead[0] == pytest.approx(10 * 4_000 / 204.4, rel=0.1)
    assert ahead[1] == 0
    np.testing.assert_allclose(MODELS[0].alive(found), [1, 0], atol=0.1)


def test_published_figures_of_cdnow() -> None:
    """E[Y(39) | x = 2, t = 30.43, T = 38.86] = 1.226, and E[X(78)] = 1.858."""
    model = BgNbd(r=0.2426, alpha=4.4136, a=0.7930, b=2.4260)
    found = OrderHistories.of([2], [30.43], [38.86])
    assert float(model.ahead(found, 39.0)[0]) == pytest.approx(1.226, abs=5e-4)
    weeks = np.array([1 / 7, 1.0, 3.0, 32.0, 78.0])
    spreadsheet = [0.0078, 0.0532, 0.1506, 1.0437, 1.8576]
    np.testing.assert_allclose(model.expected(weeks), spreadsheet, atol=1e-3)


def test_published_figures_of_spend() -> None:
    """Fader & Hardie 2013: a mean of 35.22, and 22.74 after two orders of 20."""
    model = GammaGamma(p=6.25, q=3.74, gamma=15.44)
    assert model.mean == pytest.approx(35.21898, abs=1e-5)
    two = BuyerSpend.of([2], [20.0])
    assert float(model.of_customers(two)[0]) == pytest.approx(22.73622, abs=1e-5)
    assert GammaGamma(p=6.25, q=0.9, gamma=15.44).mean == float("inf")


def test_spend_against_quadrature() -> None:
    """The density of a mean of x orders, the customer's own rate integrated out."""
    model = GammaGamma(p=2.5, q=3.0, gamma=12.0)
    for orders, mean in ((1, 4.0), (3, 22.0), (7, 9.5)):
        shape = model.p * orders

        def density(rate: float, shape: float = shape, mean: float = mean) -> float:
            scale = rate * shape / model.p
            log = shape * np.log(scale) + (shape - 1) * np.log(mean) - scale * mean
            log += model.q * np.log(model.gamma) + (model.q - 1) * np.log(rate)
            log -= model.gamma * rate
            return float(np.exp(log - special.gammaln([shape, model.q]).sum()))

        expected, _ = integrate.quad(density, 0, np.inf, limit=400)
        found = model.log_likelihood(BuyerSpend.of([orders], [mean]))
        assert found == pytest.approx(np.log(expected), rel=1e-7)


@pytest.mark.parametrize(
    ("kept", "alpha", "beta"),
    [
        ((100, 86.9, 74.3, 65.3, 59.3, 55.1, 51.7, 49.1), 0.668, 3.806),
        ((100, 63.1, 46.8, 38.2, 32.6, 28.9, 26.2, 24.1), 0.704, 1.182),
    ],
)
def test_published_figures_of_subscriptions(
    kept: tuple[float, ...], alpha: float, beta: float
) -> None:
    """Fader & Hardie 2007: the high-end and the regular segment, seven years."""
    share = 10 * np.array(kept)
    years = np.arange(1.0, 8.0)
    found = Tenures(
        periods=np.append(years, 7.0),
        left=np.append(np.ones(7, dtype=bool), False),
        due=np.append(years, 7.0),
        units=np.append(share[:-1] - share[1:], share[-1]),
    )
    model = ShiftedBetaGeometric.fit(found)
    assert model.alpha == pytest.approx(alpha, abs=1e-3)
    assert model.beta == pytest.approx(beta, abs=1.5e-3)
    for periods in (0, 1, 5, 12):
        expected, _ = integrate.quad(
            lambda p, t=periods: (1 - p) ** t,
            0,
            1,
            weight="alg",
            wvar=(model.alpha - 1, model.beta - 1),
        )
        expected /= float(special.beta(model.alpha, model.beta))
        assert float(model.survival(periods)) == pytest.approx(expected)


def slopes(told: Callable[[Any], Any], at: np.ndarray[Any, Any]) -> Any:
    """Central differences of a function of parameters, one column each."""
    found = []
    for i, value in enumerate(at):
        step = np.zeros_like(at)
        step[i] = 1e-6 * value
        found.append((told(at + step) - told(at - step)) / (2e-6 * value))
    return np.column_stack(found)


def test_gradients_against_finite_differences() -> None:
    """What the fits climb by."""
    x, last, watched = (np.array(one, dtype=float) for one in zip(*CUSTOMERS))  # noqa: B905
    histories = OrderHistories.of(x, last, watched)
    spend = BuyerSpend.of([1, 3, 8], [12.0, 5.5, 80.0])
    tenures = Tenures(
        periods=np.array([1.0, 4.0, 6.0]),
        left=np.array([True, True, False]),
        due=np.array([1.0, 4.0, 6.0]),
        units=np.ones(3),
    )
    for module, at, data in (
        (bg_nbd, np.array([0.3, 5.0, 0.9, 2.2]), histories),
        (gamma_gamma, np.array([5.0, 3.5, 14.0]), spend),
        (shifted_beta_geometric, np.array([0.7, 2.0]), tenures),
    ):
        told: Any = module.likelihood
        by_hand = slopes(lambda one, f=told, d=data: f(one, d)[0], at)
        np.testing.assert_allclose(told(at, data)[1], by_hand, rtol=1e-6, atol=1e-8)


def test_grouped_rows_fit_as_single_ones() -> None:
    """Units that share a history may stand in one row."""
    one = OrderHistories.of([0, 0, 1, 3, 3, 2], [0, 0, 2, 8, 8, 7], [10] * 6)
    grouped = OrderHistories.of([0, 1, 3, 2], [0, 2, 8, 7], [10] * 4, [2, 1, 2, 1])
    model = MODELS[3]
    assert model.log_likelihood(one) == pytest.approx(model.log_likelihood(grouped))


def test_what_cannot_be_fitted_says_why() -> None:
    """Nobody ordered, one buyer, amounts of 0, nobody left: a sentence each."""
    with pytest.raises(StatsError, match="nobody ordered"):
        BgNbd.fit(OrderHistories.of([0, 0], [0, 0], [10, 10]))
    for last, watched in ((-1.0, 10.0), (12.0, 10.0), (0.0, -3.0)):
        with pytest.raises(StatsError, match="before its start or after its end"):
            OrderHistories.of([1], [last], [watched])
    with pytest.raises(StatsError, match="two or more buyers"):
        GammaGamma.fit(BuyerSpend.of([3], [20.0]))
    with pytest.raises(StatsError, match="all above 0"):
        GammaGamma.fit(BuyerSpend.of([3, 2], [20.0, 0.0]))
    with pytest.raises(StatsError, match="no model of spend"):
        GammaGamma.fit(BuyerSpend.of([2, 3, 4], [20.0, 20.0, 20.0]))
    three, one = np.array([3.0]), np.ones(1)
    stayed = Tenures(periods=three, left=np.array([False]), due=three, units=one)
    with pytest.raises(StatsError, match="nobody has left"):
        ShiftedBetaGeometric.fit(stayed)
    left = Tenures(periods=one, left=np.array([True]), due=three, units=one)
    with pytest.raises(StatsError, match="nobody has stayed"):
        ShiftedBetaGeometric.fit(left)
