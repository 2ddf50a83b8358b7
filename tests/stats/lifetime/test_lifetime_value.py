"""What is ahead of two arms, against sums over single units; and the simple formula."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from oracles.customers import Customers

from holdback.errors import StatsError
from holdback.stats.lifetime.bg_nbd import BgNbd, OrderHistories, Orders
from holdback.stats.lifetime.gamma_gamma import BuyerSpend, ObservedPrices, Prices
from holdback.stats.lifetime.lifetime_value import RealizedValue, carried_on, worth
from holdback.stats.lifetime.shifted_beta_geometric import (
    ShiftedBetaGeometric,
    Subscriptions,
    Tenures,
)
from holdback.stats.posterior.laplace import Mode, mode_of

Vector = npt.NDArray[np.float64]
HORIZON = 52.0


def histories(seed: int, units: int = 1500) -> tuple[OrderHistories, OrderHistories]:
    """Two arms drawn from the same customers."""
    rng = np.random.default_rng(seed)
    arms = [
        Customers().arm(rng, np.round(rng.uniform(4, 30, units) * 7) / 7)
        for _ in range(2)
    ]
    first, second = (arm.histories()[0] for arm in arms)
    return first, second


@pytest.mark.parametrize("discount", [0.0, 0.1])
def test_orders_ahead_against_a_sum_over_units(discount: float) -> None:
    """Each unit's expected orders, day by day from as-of to its horizon."""
    arms = histories(3)
    fitted = Orders.fit(arms, horizon=HORIZON, discount=discount)
    found = fitted.ahead(fitted.mode.at[None, :])[0]
    control = BgNbd(**fitted.control)
    days = np.arange(0, HORIZON * 7 + 1) / 7
    daily = np.diff(control.expected(days))
    middle = (days[1:] + days[:-1]) / 2
    total = units = 0.0
    for arm in arms:
        for watched, count in zip(arm.watched, arm.units, strict=True):
            later = middle > watched
            wait = (middle[later] - watched) * 7 / 365.25
            total += count * float(daily[later] @ (1 + discount) ** -wait)
            units += count
    assert found[0] == pytest.approx(total / units, rel=2e-3)


def test_the_mode_is_that_of_the_likelihood_where_the_prior_is_weak() -> None:
    """Both arms alike and many: the shared model is close to the fit of all."""
    first, _ = histories(4, units=20_000)
    fitted = Orders.fit((first, first), horizon=HORIZON, discount=0.0)
    alone = BgNbd.fit(first)
    for name, value in fitted.control.items():
        assert value == pytest.approx(getattr(alone, name), rel=0.05)
    ahead = fitted.ahead(fitted.mode.at[None, :])[0]
    assert ahead[0] == pytest.approx(ahead[1], rel=2e-3)
    np.testing.assert_allclose(fitted.mode.at[4:], 0, atol=5e-3)


def test_payments_ahead_against_a_sum_over_subscribers() -> None:
    """Of 960 subscribers among 1,200 units as many pay as the model says."""
    tenures = Tenures(
        periods=np.array([1.0, 2.0, 3.0, 4.0, 2.0, 4.0]),
        left=np.array([True, True, True, True, False, False]),
        due=np.array([4.0, 4.0, 4.0, 4.0, 3.0, 4.0]),
        units=np.array([300.0, 120.0, 60.0, 30.0, 200.0, 250.0]),
    )
    fitted = Subscriptions.fit(
        (tenures, tenures), (1200.0, 1200.0), horizon=12, years=1 / 12, discount=0.1
    )
    model = ShiftedBetaGeometric(**fitted.control)
    expected = 0.0
    for due, units in zip(tenures.due, tenures.units, strict=True):
        for renewal in range(int(due) + 1, 12 + 1):
            wait = (renewal - due) / 12
            expected += units * float(model.survival(renewal)) * 1.1**-wait
    found = fitted.ahead(fitted.mode.at[None, :])[0]
    assert found[0] == pytest.approx(expected / 1200, rel=1e-9)
    assert found[1] == pytest.approx(found[0], rel=5e-3)
    alone = ShiftedBetaGeometric.fit(tenures)
    assert model.alpha == pytest.approx(alone.alpha, rel=0.05)
    assert fitted.mode.at[4] == pytest.approx(960 / 1200)
    spread = np.sqrt(0.8 * 0.2 / 1200)
    assert np.sqrt(fitted.mode.covariance[4, 4]) == pytest.approx(spread)


def test_amounts_of_two_arms() -> None:
    """Gamma–gamma keeps the arms' ratio; the plain mean is Σ amount / Σ orders."""
    rng = np.random.default_rng(8)
    arms = []
    for scale in (1.0, 1.1):
        orders = 1.0 + rng.poisson(1.5, 4000)
        own = rng.gamma(3.74, 1 / (15.44 * scale), 4000)
        arms.append(BuyerSpend.of(orders, rng.gamma(6.25 * orders) / own / orders))
    pair = arms[0], arms[1]
    fitted = Prices.fit(pair)
    means = fitted.means(fitted.mode.at[None, :])[0]
    assert means[0] == pytest.approx(35.2, rel=0.05)
    assert means[1] / means[0] == pytest.approx(1.1, abs=0.03)
    plain = ObservedPrices.fit(pair)
    for arm, found, one in zip(pair, plain.means(plain.mode.at), range(2), strict=True):
        amount = arm.orders * arm.mean
        ratio = amount.sum() / arm.orders.sum()
        assert found == pytest.approx(ratio)
        off = (amount - ratio * arm.orders) / arm.orders.sum()
        error = np.sqrt((off**2).sum()) / ratio
        assert np.sqrt(plain.mode.covariance[one, one]) == pytest.approx(error)


def test_same_amounts_have_no_error() -> None:
    """A subscription of one price: the mean is that price, in every draw."""
    spend = BuyerSpend.of([2, 3, 5], [20.0, 20.0, 20.0])
    paid = ObservedPrices.fit((spend, spend))
    np.testing.assert_allclose(paid.means(paid.mode.draws(50, (1,))), 20.0, rtol=1e-6)
    with pytest.raises(StatsError, match="fewer than two"):
        ObservedPrices.fit((spend, BuyerSpend.of([2], [20.0])))


def test_the_simple_formula_against_its_jackknife() -> None:
    """Order value × frequency × lifespan is Σ came / Σ watched × lifespan."""
    rng = np.random.default_rng(9)
    watched = rng.integers(10, 60, 800).astype(float)
    orders = rng.poisson(watched / 30)
    came = np.round(rng.gamma(2, 20, 800) * orders, 2)
    units = np.ones(800)
    value, error = carried_on(came, watched, units, until=365.0)
    average = came.sum() / orders.sum()
    frequency = orders.sum() / watched.sum()
    assert value == pytest.approx(average * frequency * 365.0)
    left = (came.sum() - came) / (watched.sum() - watched) * 365
    jackknife = np.sqrt(799 / 800 * ((left - left.mean()) ** 2).sum())
    assert error == pytest.approx(jackknife, rel=0.01)


class Sure:
    """A model that knows its one number in each arm."""

    def __init__(self, *values: float) -> None:
        self.mode = Mode(at=np.array(values), covariance=np.eye(2) * 1e-18)
        self.control: dict[str, float] = {}

    def ahead(self, draws: Vector) -> Vector:
        """The number itself."""
        return draws

    means = ahead

    def scores(self) -> tuple[Vector, Vector]:
        """A row that teaches nothing."""
        return np.zeros((1, 2)), np.zeros((1, 2))


def test_what_is_given_back_is_each_arms_own() -> None:
    """A share kept of 0.7 (SE 0.1) scales what is ahead and moves with what came."""
    nothing = np.zeros(1)
    plain = RealizedValue(
        units=100.0, mean=20.0, variance=400.0, by_history=nothing, by_spend=nothing
    )
    some = replace(plain, kept=(0.7, 0.01, 0.08))
    found = worth((plain, some), Sure(3.0, 3.0), Sure(10.0, 10.0), seed=(1,))
    ahead, came = found.ahead, found.came
    np.testing.assert_allclose(ahead[:, 0], 30.0, rtol=1e-6)
    assert ahead[:, 1].mean() == pytest.approx(21.0, abs=4 * 3 / 4000**0.5)
    assert ahead[:, 1].std() == pytest.approx(3.0, rel=0.04)
    assert came[:, 1].std() == pytest.approx(2.0, rel=0.04)
    together = np.corrcoef(came[:, 1], ahead[:, 1])[0, 1]
    assert together == pytest.approx(0.08 / (0.1 * 2.0), abs=0.06)


def test_no_mode_is_no_answer() -> None:
    """A loss without a least point, or flat in one direction, is refused."""

    def downhill(theta: np.ndarray) -> tuple[float, np.ndarray]:
        return float(-theta.sum()), -np.ones_like(theta)

    def flat(theta: np.ndarray) -> tuple[float, np.ndarray]:
        slope = np.array([2 * theta[0], 0.0])
        return float(theta[0] ** 2), slope

    for loss in (downhill, flat):
        with pytest.raises(StatsError, match="no clear best fit"):
            mode_of(loss, np.ones(2), scale=1.0)
