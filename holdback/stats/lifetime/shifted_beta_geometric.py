"""How long subscribers stay: the shifted beta-geometric model.

Each period a subscriber cancels with a probability of their own, which is beta with
`alpha` and `beta` (Fader & Hardie 2007, How to project customer retention, Journal of
Interactive Marketing 21: 76–90). Retention rises with tenure because those who leave
easily leave first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from scipy.special import betaln, psi

from holdback.errors import Problem, StatsError

__all__ = ["ShiftedBetaGeometric", "Tenures"]

Vector = npt.NDArray[np.float64]
GTOL = 1e-9


@dataclass(frozen=True, kw_only=True, eq=False)
class Tenures:
    """Subscribers grouped by tenure, each array (k,).

    `periods` is the renewal at which they `left`, or how many renewals they are past
    and still there; `due` how many renewals have come due, which may be more where the
    last ones are not settled; `units` how many share that.
    """

    periods: Vector
    left: npt.NDArray[np.bool_]
    due: Vector
    units: Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftedBetaGeometric:
    """The two parameters."""

    alpha: float
    beta: float

    def survival(self, periods: npt.ArrayLike) -> Vector:
        """Share that renews at least so many times, S(0) = 1."""
        t = np.asarray(periods, dtype=float)
        return np.asarray(
            np.exp(betaln(self.alpha, self.beta + t) - betaln(self.alpha, self.beta))
        )

    @classmethod
    def fit(cls, found: Tenures) -> Self:
        """Maximum likelihood. Raises StatsError where nobody left, or everyone did."""
        left = float(found.units @ found.left)
        stayed = float(found.units @ (~found.left | (found.periods > 1)))
        if left == 0 or stayed == 0:
            raise StatsError(
                Problem(
                    where="the subscriptions",
                    what="nobody has left." if left == 0 else "nobody has stayed.",
                    why="How long subscribers stay is learned from both.",
                )
            )
        n = found.units.sum()

        def loss(theta: Vector) -> tuple[float, Vector]:
            at = np.exp(np.clip(theta, -20, 20))
            value, scores = likelihood(at, found)
            weight = found.units / n
            return -float(weight @ value), -(weight @ scores) * at

        best = minimize(
            loss, np.zeros(2), jac=True, method="BFGS", options={"gtol": GTOL}
        )
        if not np.isfinite(best.fun) or np.abs(best.jac).max() > 1e-3:
            raise StatsError(
                Problem(
                    where="the subscriptions",
                    what="no model of their length fits.",
                    why="Tenures are too few, or all alike.",
                )
            )
        alpha, beta = np.exp(best.x)
        return cls(alpha=float(alpha), beta=float(beta))


def likelihood(at: Vector, found: Tenures) -> tuple[Vector, Vector]:
    """Log-likelihood (k,) of each tenure and its gradient (k, 2) in alpha, beta.

    Leaving at renewal t: B(alpha + 1, beta + t − 1) / B(alpha, beta); still there after
    t: B(alpha, beta + t) / B(alpha, beta).
    """
    alpha, beta = at
    t, left = found.periods, found.left
    up, stay = np.where(left, 1.0, 0.0), np.where(left, t - 1, t)
    value = betaln(alpha + up, beta + stay) - betaln(alpha, beta)
    whole = psi(alpha + beta) - psi(alpha + beta + up + stay)
    by_alpha = psi(alpha + up) - psi(alpha) + whole
    by_beta = psi(beta + stay) - psi(beta) + whole
    return value, np.column_stack([by_alpha, by_beta])
