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
from scipy.special import betaln, psi

from holdback.errors import Problem, StatsError
from holdback.stats.lifetime.lifetime_value import (
    LEAST_VARIANCE,
    SHAPES,
    by_shapes,
    discounts,
    log_prior,
    shapes_of,
)
from holdback.stats.posterior.laplace import GRADIENT_TOLERANCE, Mode, mode_of

__all__ = ["ShiftedBetaGeometric", "Subscriptions", "Tenures"]

Vector = npt.NDArray[np.float64]


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
        """Share that renews at least so many times, S(0) = 1: (n,) for periods (n,).

        B(alpha, beta + t) / B(alpha, beta).
        """
        t = np.asarray(periods, dtype=float)
        return np.asarray(
            np.exp(betaln(self.alpha, self.beta + t) - betaln(self.alpha, self.beta))
        )

    @classmethod
    def fit(cls, tenures: Tenures) -> Self:
        """Maximum likelihood. Raises StatsError where nobody left, or everyone did."""
        from scipy.optimize import minimize

        left = float(tenures.units @ tenures.left)
        stayed = float(tenures.units @ (~tenures.left | (tenures.periods > 1)))
        if left == 0 or stayed == 0:
            raise StatsError(
                Problem(
                    where="the subscriptions",
                    what="nobody has left." if left == 0 else "nobody has stayed.",
                    why="How long subscribers stay is learned from both.",
                )
            )
        n = tenures.units.sum()

        def loss(theta: Vector) -> tuple[float, Vector]:
            at = np.exp(np.clip(theta, -20, 20))
            value, scores = likelihood(at, tenures)
            weight = tenures.units / n
            return -float(weight @ value), -(weight @ scores) * at

        best = minimize(
            loss,
            np.zeros(2),
            jac=True,
            method="BFGS",
            options={"gtol": GRADIENT_TOLERANCE},
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


def likelihood(at: Vector, tenures: Tenures) -> tuple[Vector, Vector]:
    """Log-likelihood (k,) of each tenure and its gradient (k, 2) in alpha, beta.

    at: (2,), these two. Leaving at renewal t: B(alpha + 1, beta + t − 1) / B(alpha,
    beta); still there after t: B(alpha, beta + t) / B(alpha, beta), as in the
    log-likelihood of Fader & Hardie 2007, appendix B; the gradient is derived here.
    """
    alpha, beta = at
    t, left = tenures.periods, tenures.left
    up, stay = np.where(left, 1.0, 0.0), np.where(left, t - 1, t)
    value = betaln(alpha + up, beta + stay) - betaln(alpha, beta)
    whole = psi(alpha + beta) - psi(alpha + beta + up + stay)
    by_alpha = psi(alpha + up) - psi(alpha) + whole
    by_beta = psi(beta + stay) - psi(beta) + whole
    return value, np.column_stack([by_alpha, by_beta])


TENURE = 4
"""Parameters of how long units stay."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Subscriptions:
    """Renewals of subscribers: shifted beta-geometric in both arms, in periods.

    Parameters: logit and ln of alpha/(alpha + beta) and alpha + beta of control, the
    treatment's effects on both, and each arm's share of assigned units that subscribed
    (`totals` are the assigned units).
    """

    arms: tuple[Tenures, Tenures]
    totals: tuple[float, float]
    horizon: int
    years: float
    discount: float
    mode: Mode

    @classmethod
    def fit(
        cls,
        arms: tuple[Tenures, Tenures],
        totals: tuple[float, float],
        *,
        horizon: int,
        years: float,
        discount: float,
    ) -> Subscriptions:
        """The posterior of both arms; raises StatsError where it has no mode."""
        middle = np.array([SHAPES[0][0], SHAPES[1][0]])
        spread = np.array([SHAPES[0][1], SHAPES[1][1]])

        def loss(theta: Vector) -> tuple[float, Vector]:
            value, slope = log_prior(theta, middle, spread)
            for arm, tenures in enumerate(arms):
                log_likelihood, scores = _tenure_scores(theta, arm, tenures)
                value -= float(tenures.units @ log_likelihood)
                slope = slope - tenures.units @ scores
            return value, slope

        start = np.concatenate([middle, np.zeros(2)])
        tenure = mode_of(loss, start, scale=sum(totals))
        share = np.array([tenures.units.sum() for tenures in arms]) / totals
        spread_of_share = np.maximum(share * (1 - share) / totals, LEAST_VARIANCE)
        covariance = np.zeros((TENURE + 2, TENURE + 2))
        covariance[:TENURE, :TENURE] = tenure.covariance
        covariance[TENURE:, TENURE:] = np.diag(spread_of_share)
        mode = Mode(at=np.append(tenure.at, share), covariance=covariance)
        return cls(
            arms=arms,
            totals=totals,
            horizon=horizon,
            years=years,
            discount=discount,
            mode=mode,
        )

    @property
    def control(self) -> dict[str, float]:
        """The shapes alpha and beta of control."""
        alpha, beta = shapes_of(self.mode.at[None, :], 0, 0)
        return {"alpha": float(alpha[0]), "beta": float(beta[0])}

    def ahead(self, draws: Vector) -> Vector:
        """Payments still to come per assigned unit, discounted to as-of, (n, 2).

        draws: (n, 6), of the parameters. Of the subscribers of an arm as many pay the
        later renewals as the model says; how long they have been watched is taken from
        both arms together.
        """
        due = np.concatenate([tenures.due for tenures in self.arms])
        units = np.concatenate([tenures.units for tenures in self.arms])
        later = np.arange(1, self.horizon + 1)
        wait = (later[None, :] - due[:, None]) * self.years
        ahead = np.where(wait > 0, discounts(self.discount, wait), 0.0)
        weight = units @ ahead / units.sum()
        values = []
        for arm in (0, 1):
            alpha, beta = (
                shape[:, None] for shape in shapes_of(draws[:, :TENURE], arm, 0)
            )
            kept = np.exp(betaln(alpha, beta + later) - betaln(alpha, beta))
            values.append(draws[:, TENURE + arm] * (kept @ weight))
        return np.column_stack(values)

    def scores(self) -> tuple[Vector, Vector]:
        """Each row's gradient of its log-likelihood at the mode, (k, p).

        That of the share is told without what all units of an arm have in common.
        """
        first, second = (
            self._scores_of(arm, tenures) for arm, tenures in enumerate(self.arms)
        )
        return first, second

    def _scores_of(self, arm: int, tenures: Tenures) -> Vector:
        tenure = _tenure_scores(self.mode.at[:TENURE], arm, tenures)[1]
        share = np.zeros((len(tenure), 2))
        variance = self.mode.covariance[TENURE + arm, TENURE + arm]
        share[:, arm] = 1 / (variance * self.totals[arm])
        return np.column_stack([tenure, share])


def _tenure_scores(theta: Vector, arm: int, tenures: Tenures) -> tuple[Vector, Vector]:
    alpha, beta = (float(score[0]) for score in shapes_of(theta[None, :], arm, 0))
    log_likelihood, by = likelihood(np.array([alpha, beta]), tenures)
    common = by_shapes(alpha, beta, by)
    return log_likelihood, np.column_stack(
        [*common, *(arm * score for score in common)]
    )
