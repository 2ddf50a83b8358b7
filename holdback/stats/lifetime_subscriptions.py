"""What subscribers will still pay, arm against arm: tenure with an effect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import betaln

from holdback.stats import shifted_beta_geometric
from holdback.stats.laplace import Mode, mode_of
from holdback.stats.shifted_beta_geometric import Tenures
from holdback.stats.shrunken import (
    SHAPES,
    by_shapes,
    discounts,
    log_prior,
    shapes_of,
)

__all__ = ["Subscriptions"]

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True, eq=False)
class Subscriptions:
    """Renewals of subscribers: shifted beta-geometric in both arms, in periods.

    Parameters: logit and ln of alpha/(alpha + beta) and alpha + beta of control, and
    the treatment's effects on both. `totals` are the assigned units of the arms.
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
        mode = mode_of(loss, start, scale=sum(totals))
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
        """Payments still to come of those who are there, per assigned unit."""
        values = []
        for arm, (found, total) in enumerate(zip(self.arms, self.totals, strict=True)):
            alpha, beta = (one[:, None] for one in shapes_of(draws, arm, 0))
            ahead = np.zeros(len(draws))
            there = ~found.left & (found.due < self.horizon)
            for t, due, n in zip(
                found.periods[there], found.due[there], found.units[there], strict=True
            ):
                later = np.arange(due + 1, self.horizon + 1)
                kept = np.exp(betaln(alpha, beta + later) - betaln(alpha, beta + t))
                wait = (later - due) * self.years
                ahead += n * (kept @ discounts(self.discount, wait))
            values.append(ahead / total)
        return np.column_stack(values)

    def scores(self) -> tuple[Vector, Vector]:
        """Each row's gradient of its log-likelihood at the mode, (k, p)."""
        first, second = (
            _tenure_scores(self.mode.at, arm, found)[1]
            for arm, found in enumerate(self.arms)
        )
        return first, second


def _tenure_scores(theta: Vector, arm: int, found: Tenures) -> tuple[Vector, Vector]:
    alpha, beta = (float(one[0]) for one in shapes_of(theta[None, :], arm, 0))
    told, by = shifted_beta_geometric.likelihood(np.array([alpha, beta]), found)
    common = by_shapes(alpha, beta, by)
    return told, np.column_stack([*common, *(arm * one for one in common)])
