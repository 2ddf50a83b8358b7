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
from scipy.optimize import minimize
from scipy.special import gammaln, psi

from holdback.errors import Problem, StatsError

__all__ = ["GammaGamma", "Spend"]

Vector = npt.NDArray[np.float64]
GTOL = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Spend:
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
        """From any sequences; units default to one each."""
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

    def of_customers(self, found: Spend) -> Vector:
        """Mean amount expected of each group, between its own and everyone's, (k,)."""
        x = found.orders
        own = self.gamma + x * found.mean
        return np.asarray(self.p * own / (self.p * x + self.q - 1))

    @classmethod
    def fit(cls, found: Spend) -> Self:
        """Maximum likelihood, by its gradient on the log scale.

        Raises StatsError for fewer than two buyers, amounts at or below 0, or where
        no maximum is found.
        """
        if found.units.sum() < 2 or (found.mean <= 0).any():
            raise StatsError(
                Problem(
                    where="the orders",
                    what="amounts of two or more buyers are needed, all above 0.",
                    why="How customers differ in spend cannot be learned from less.",
                )
            )
        n = found.units.sum()
        average = float(found.units @ found.mean / n)

        def loss(theta: Vector) -> tuple[float, Vector]:
            at = np.exp(np.clip(theta, -20, 20))
            value, scores = likelihood(at, found)
            weight = found.units / n
            return -float(weight @ value), -(weight @ scores) * at

        start = np.log([4.0, 3.0, average / 2])
        best = minimize(loss, start, jac=True, method="BFGS", options={"gtol": GTOL})
        if not np.isfinite(best.fun) or np.abs(best.jac).max() > 1e-3:
            raise StatsError(
                Problem(
                    where="the orders",
                    what="no model of spend fits them.",
                    why="Buyers are too few, or all spend the same.",
                )
            )
        return cls(**dict(zip(("p", "q", "gamma"), np.exp(best.x), strict=True)))

    def log_likelihood(self, found: Spend) -> float:
        """Of all buyers together."""
        at = np.array([self.p, self.q, self.gamma])
        return float(found.units @ likelihood(at, found)[0])


def likelihood(at: Vector, found: Spend) -> tuple[Vector, Vector]:
    """Log-likelihood (k,) of each group and its gradient (k, 3) in p, q, gamma."""
    p, q, gamma = at
    x, z = found.orders, found.mean
    own = gamma + x * z
    value = gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(gamma)
    value = value + (p * x - 1) * np.log(z) + p * x * np.log(x)
    value = value - (p * x + q) * np.log(own)
    common = psi(p * x + q) - np.log(own)
    by_p = x * (common - psi(p * x) + np.log(z) + np.log(x))
    by_q = common - psi(q) + np.log(gamma)
    by_gamma = q / gamma - (p * x + q) / own
    return value, np.column_stack([by_p, by_q, by_gamma])
