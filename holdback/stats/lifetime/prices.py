"""Money per order, arm against arm: gamma–gamma with an effect, or the plain mean."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdback.errors import Problem, StatsError
from holdback.stats.lifetime import gamma_gamma
from holdback.stats.lifetime.arm_shrinkage import WIDE, log_prior
from holdback.stats.lifetime.gamma_gamma import GammaGamma, Spend
from holdback.stats.posterior.laplace import Mode, mode_of

__all__ = ["Paid", "Prices"]

Vector = npt.NDArray[np.float64]
TINY = 1e-18
"""Where all pay the same, so that the mean has no error."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Prices:
    """Money per order: gamma–gamma in both arms, its scale moved by the treatment.

    Parameters: ln p, ln(q − 1), ln gamma of control, and the effect on ln gamma.
    """

    arms: tuple[Spend, Spend]
    mode: Mode

    @classmethod
    def fit(cls, arms: tuple[Spend, Spend]) -> Prices:
        """The posterior of both arms; raises StatsError where it has no mode."""
        together = Spend.of(
            *(
                np.concatenate([getattr(found, name) for found in arms])
                for name in ("orders", "mean", "units")
            )
        )
        pooled = GammaGamma.fit(together)
        middle = np.log([pooled.p, max(pooled.q - 1, 0.05), pooled.gamma])
        spread = np.full(3, WIDE)

        def loss(theta: Vector) -> tuple[float, Vector]:
            value, slope = log_prior(theta, middle, spread)
            for arm, found in enumerate(arms):
                told, scores = _price_scores(theta, arm, found)
                value -= float(found.units @ told)
                slope = slope - found.units @ scores
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
        """Mean amount of an order in both arms, (n, 2)."""
        p, above, gamma = (np.exp(one) for one in draws.T[:3])
        control = p * gamma / above
        return np.column_stack([control, control * np.exp(draws[:, 3])])

    def scores(self) -> tuple[Vector, Vector]:
        """Each row's gradient of its log-likelihood at the mode, (k, p)."""
        first, second = (
            _price_scores(self.mode.at, arm, found)[1]
            for arm, found in enumerate(self.arms)
        )
        return first, second


@dataclass(frozen=True, kw_only=True, eq=False)
class Paid:
    """Money per payment of each arm as it was, without a model.

    Parameters: ln of the mean of control and of treated.
    """

    arms: tuple[Spend, Spend]
    mode: Mode

    @classmethod
    def fit(cls, arms: tuple[Spend, Spend]) -> Paid:
        """Sum by count over the buyers of each arm, by the delta method.

        Raises StatsError where an arm has fewer than two buyers.
        """
        at, variance = np.empty(2), np.empty(2)
        for arm, found in enumerate(arms):
            if found.units.sum() < 2:
                raise StatsError(
                    Problem(
                        where="the payments",
                        what="an arm has fewer than two units that paid.",
                        why="What they pay cannot be learned from fewer.",
                    )
                )
            at[arm] = np.log(_paid(found))
            pull = _pulls(found)
            variance[arm] = max(float(found.units @ pull**2), TINY)
        return cls(arms=arms, mode=Mode(at=at, covariance=np.diag(variance)))

    @property
    def control(self) -> dict[str, float]:
        """The mean amount of control."""
        return {"mean": float(np.exp(self.mode.at[0]))}

    def means(self, draws: Vector) -> Vector:
        """Mean amount of a payment in both arms, (n, 2)."""
        return np.exp(draws)

    def scores(self) -> tuple[Vector, Vector]:
        """Each row's pull by the variance: what a likelihood's gradient would be."""
        first, second = (
            np.outer(_pulls(found) / self.mode.covariance[arm, arm], np.eye(2)[arm])
            for arm, found in enumerate(self.arms)
        )
        return first, second


def _paid(found: Spend) -> float:
    return float(found.units @ (found.orders * found.mean)) / float(
        found.units @ found.orders
    )


def _pulls(found: Spend) -> Vector:
    """How far one unit of each row moves ln of sum by count, (k,)."""
    paid, count = _paid(found), float(found.units @ found.orders)
    return np.asarray(found.orders * (found.mean - paid) / (count * paid))


def _price_scores(theta: Vector, arm: int, found: Spend) -> tuple[Vector, Vector]:
    p, above, gamma = np.exp(theta[:3])
    gamma = gamma * np.exp(arm * theta[3])
    told, by = gamma_gamma.likelihood(np.array([p, 1 + above, gamma]), found)
    by_gamma = gamma * by[:, 2]
    return told, np.column_stack(
        [p * by[:, 0], above * by[:, 1], by_gamma, arm * by_gamma]
    )
