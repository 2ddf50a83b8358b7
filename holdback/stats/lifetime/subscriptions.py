"""What subscribers will still pay, arm against arm: tenure with an effect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaln

from holdback.stats.lifetime import shifted_beta_geometric
from holdback.stats.lifetime.arm_shrinkage import (
    SHAPES,
    by_shapes,
    discounts,
    log_prior,
    shapes_of,
)
from holdback.stats.lifetime.shifted_beta_geometric import Tenures
from holdback.stats.posterior.laplace import Mode, mode_of

__all__ = ["Subscriptions"]

Vector = npt.NDArray[np.float64]
TENURE = 4
"""Parameters of how long units stay."""
TINY = 1e-18
"""Variance of a share where all subscribed."""


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
            for arm, found in enumerate(arms):
                told, scores = _tenure_scores(theta, arm, found)
                value -= float(found.units @ told)
                slope = slope - found.units @ scores
            return value, slope

        start = np.concatenate([middle, np.zeros(2)])
        tenure = mode_of(loss, start, scale=sum(totals))
        share = np.array([one.units.sum() for one in arms]) / totals
        spread_of_share = np.maximum(share * (1 - share) / totals, TINY)
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
        """Payments still to come per assigned unit, discounted to as-of.

        Of the subscribers of an arm as many pay the later renewals as the model says;
        how long they have been watched is taken from both arms together.
        """
        due = np.concatenate([found.due for found in self.arms])
        units = np.concatenate([found.units for found in self.arms])
        later = np.arange(1, self.horizon + 1)
        wait = (later[None, :] - due[:, None]) * self.years
        ahead = np.where(wait > 0, discounts(self.discount, wait), 0.0)
        weight = units @ ahead / units.sum()
        values = []
        for arm in (0, 1):
            alpha, beta = (one[:, None] for one in shapes_of(draws[:, :TENURE], arm, 0))
            kept = np.exp(betaln(alpha, beta + later) - betaln(alpha, beta))
            values.append(draws[:, TENURE + arm] * (kept @ weight))
        return np.column_stack(values)

    def scores(self) -> tuple[Vector, Vector]:
        """Each row's gradient of its log-likelihood at the mode, (k, p).

        That of the share is told without what all units of an arm have in common.
        """
        first, second = (
            self._scores_of(arm, found) for arm, found in enumerate(self.arms)
        )
        return first, second

    def _scores_of(self, arm: int, found: Tenures) -> Vector:
        tenure = _tenure_scores(self.mode.at[:TENURE], arm, found)[1]
        share = np.zeros((len(tenure), 2))
        variance = self.mode.covariance[TENURE + arm, TENURE + arm]
        share[:, arm] = 1 / (variance * self.totals[arm])
        return np.column_stack([tenure, share])


def _tenure_scores(theta: Vector, arm: int, found: Tenures) -> tuple[Vector, Vector]:
    alpha, beta = (float(one[0]) for one in shapes_of(theta[None, :], arm, 0))
    told, by = shifted_beta_geometric.likelihood(np.array([alpha, beta]), found)
    common = by_shapes(alpha, beta, by)
    return told, np.column_stack([*common, *(arm * one for one in common)])
