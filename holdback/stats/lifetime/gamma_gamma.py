"""Money per order of customers who differ: the gamma–gamma model.

A customer's orders are gamma with shape p and a rate of their own, and rates are gamma
with shape q and rate gamma (Fader, Hardie & Lee 2005, RFM and CLV: using iso-value
curves for customer base analysis, Journal of Marketing Research 42: 415–430; Fader &
Hardie 2013, The gamma–gamma model of monetary value). It takes spend per order to have
nothing to do with how often somebody orders.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, psi

from holdback.errors import Problem, StatsError
from holdback.stats.lifetime.lifetime_value import (
    LEAST_VARIANCE,
    WEAK_PRIOR_SD,
    log_prior,
)
from holdback.stats.posterior.laplace import GRADIENT_TOLERANCE, Mode, mode_of

__all__ = ["BuyerSpend", "GammaGamma", "ObservedPrices", "Prices"]

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class BuyerSpend:
    """Buyers grouped by orders and mean amount of an order, each array (k,)."""

    orders: Vector
    mean: Vector
    units: Vector

    @classmethod
    def of(
        cls,
        orders: npt.ArrayLike,
        mean: npt.ArrayLike,
        units: npt.ArrayLike | None = None,
    ) -> Self:
        """From orders (k,), their mean (k,) in money, and units (k,) or one each."""
        x = np.asarray(orders, dtype=float)
        return cls(
            orders=x,
            mean=np.asarray(mean, dtype=float),
            units=np.ones_like(x) if units is None else np.asarray(units, dtype=float),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class GammaGamma:
    """The three parameters; `gamma` is in the unit of money."""

    p: float
    q: float
    gamma: float

    @property
    def mean(self) -> float:
        """The average customer's mean amount; infinite where q is at or below 1."""
        return self.p * self.gamma / (self.q - 1) if self.q > 1 else float("inf")

    def of_customers(self, spend: BuyerSpend) -> Vector:
        """Mean amount expected of each group, between its own and everyone's, (k,).

        Fader & Hardie 2013, equation 5; in money.
        """
        x = spend.orders
        own = self.gamma + x * spend.mean
        return np.asarray(self.p * own / (self.p * x + self.q - 1))

    @classmethod
    def fit(cls, spend: BuyerSpend) -> Self:
        """Maximum likelihood, by its gradient on the log scale.

        Raises StatsError for fewer than two buyers, amounts at or below 0, or where
        no maximum is found.
        """
        from scipy.optimize import minimize

        if spend.units.sum() < 2 or (spend.mean <= 0).any():
            raise StatsError(
                Problem(
                    where="the orders",
                    what="amounts of two or more buyers are needed, all above 0.",
                    why="How customers differ in spend cannot be learned from less.",
                )
            )
        n = spend.units.sum()
        average = float(spend.units @ spend.mean / n)

        def loss(theta: Vector) -> tuple[float, Vector]:
            at = np.exp(np.clip(theta, -20, 20))
            value, scores = likelihood(at, spend)
            weight = spend.units / n
            return -float(weight @ value), -(weight @ scores) * at

        start = np.log([4.0, 3.0, average / 2])
        best = minimize(
            loss, start, jac=True, method="BFGS", options={"gtol": GRADIENT_TOLERANCE}
        )
        if not np.isfinite(best.fun) or np.abs(best.jac).max() > 1e-3:
            raise StatsError(
                Problem(
                    where="the orders",
                    what="no model of spend fits them.",
                    why="Buyers are too few, or all spend the same.",
                )
            )
        return cls(**dict(zip(("p", "q", "gamma"), np.exp(best.x), strict=True)))

    def log_likelihood(self, spend: BuyerSpend) -> float:
        """Of all buyers together."""
        at = np.array([self.p, self.q, self.gamma])
        return float(spend.units @ likelihood(at, spend)[0])


def likelihood(at: Vector, spend: BuyerSpend) -> tuple[Vector, Vector]:
    """Log-likelihood (k,) of each group and its gradient (k, 3) in p, q, gamma.

    at: (3,), these three. The likelihood of Fader & Hardie 2013; the gradient is
    derived here.
    """
    p, q, gamma = at
    x, z = spend.orders, spend.mean
    own = gamma + x * z
    value = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(gamma)
    value = value + (p * x - 1) * np.log(z) + p * x * np.log(x)
    value = value - (p * x + q) * np.log(own)
    common = psi(p * x + q) - np.log(own)
    by_p = x * (common - psi(p * x) + np.log(z) + np.log(x))
    by_q = common - psi(q) + np.log(gamma)
    by_gamma = q / gamma - (p * x + q) / own
    return value, np.column_stack([by_p, by_q, by_gamma])


@dataclass(frozen=True, kw_only=True, eq=False)
class Prices:
    """Money per order: gamma–gamma in both arms, its scale moved by the treatment.

    Parameters: ln p, ln(q − 1), ln gamma of control, and the effect on ln gamma.
    """

    arms: tuple[BuyerSpend, BuyerSpend]
    mode: Mode

    @classmethod
    def fit(cls, arms: tuple[BuyerSpend, BuyerSpend]) -> Prices:
        """The posterior of both arms; raises StatsError where it has no mode."""
        together = BuyerSpend.of(
            *(
                np.concatenate([getattr(spend, name) for spend in arms])
                for name in ("orders", "mean", "units")
            )
        )
        pooled = GammaGamma.fit(together)
        middle = np.log([pooled.p, max(pooled.q - 1, 0.05), pooled.gamma])
        spread = np.full(3, WEAK_PRIOR_SD)

        def loss(theta: Vector) -> tuple[float, Vector]:
            value, slope = log_prior(theta, middle, spread)
            for arm, spend in enumerate(arms):
                log_likelihood, scores = _price_scores(theta, arm, spend)
                value -= float(spend.units @ log_likelihood)
                slope = slope - spend.units @ scores
            return value, slope

        units = float(together.units.sum())
        mode = mode_of(loss, np.append(middle, 0.0), scale=units)
        return cls(arms=arms, mode=mode)

    @property
    def control(self) -> dict[str, float]:
        """p, q and gamma of control."""
        p, above, gamma = np.exp(self.mode.at[:3])
        return {"p": float(p), "q": float(1 + above), "gamma": float(gamma)}

    def means(self, draws: Vector) -> Vector:
        """Mean amount of an order in both arms, (n, 2), from draws (n, 4)."""
        p, above, gamma = (np.exp(logs) for logs in draws.T[:3])
        control = p * gamma / above
        return np.column_stack([control, control * np.exp(draws[:, 3])])

    def scores(self) -> tuple[Vector, Vector]:
        """Each row's gradient of its log-likelihood at the mode, (k, p)."""
        first, second = (
            _price_scores(self.mode.at, arm, spend)[1]
            for arm, spend in enumerate(self.arms)
        )
        return first, second


@dataclass(frozen=True, kw_only=True, eq=False)
class ObservedPrices:
    """Money per payment of each arm as it was, without a model.

    Parameters: ln of the mean of control and of treated.
    """

    arms: tuple[BuyerSpend, BuyerSpend]
    mode: Mode

    @classmethod
    def fit(cls, arms: tuple[BuyerSpend, BuyerSpend]) -> ObservedPrices:
        """Sum by count over the buyers of each arm, by the delta method.

        Raises StatsError where an arm has fewer than two buyers.
        """
        at, variance = np.empty(2), np.empty(2)
        for arm, spend in enumerate(arms):
            if spend.units.sum() < 2:
                raise StatsError(
                    Problem(
                        where="the payments",
                        what="an arm has fewer than two units that paid.",
                        why="What they pay cannot be learned from fewer.",
                    )
                )
            at[arm] = np.log(_paid(spend))
            pull = _pulls(spend)
            variance[arm] = max(float(spend.units @ pull**2), LEAST_VARIANCE)
        return cls(arms=arms, mode=Mode(at=at, covariance=np.diag(variance)))

    @property
    def control(self) -> dict[str, float]:
        """The mean amount of control."""
        return {"mean": float(np.exp(self.mode.at[0]))}

    def means(self, draws: Vector) -> Vector:
        """Mean amount of a payment in both arms, (n, 2), from draws (n, 2)."""
        return np.exp(draws)

    def scores(self) -> tuple[Vector, Vector]:
        """Each row's pull by the variance, (k, 2): the gradient of a likelihood."""
        first, second = (
            np.outer(_pulls(spend) / self.mode.covariance[arm, arm], np.eye(2)[arm])
            for arm, spend in enumerate(self.arms)
        )
        return first, second


def _paid(spend: BuyerSpend) -> float:
    return float(spend.units @ (spend.orders * spend.mean)) / float(
        spend.units @ spend.orders
    )


def _pulls(spend: BuyerSpend) -> Vector:
    """How far one unit of each row moves ln of sum by count, (k,)."""
    paid, count = _paid(spend), float(spend.units @ spend.orders)
    return np.asarray(spend.orders * (spend.mean - paid) / (count * paid))


def _price_scores(theta: Vector, arm: int, spend: BuyerSpend) -> tuple[Vector, Vector]:
    p, above, gamma = np.exp(theta[:3])
    gamma = gamma * np.exp(arm * theta[3])
    log_likelihood, by = likelihood(np.array([p, 1 + above, gamma]), spend)
    by_gamma = gamma * by[:, 2]
    return log_likelihood, np.column_stack(
        [p * by[:, 0], above * by[:, 1], by_gamma, arm * by_gamma]
    )
