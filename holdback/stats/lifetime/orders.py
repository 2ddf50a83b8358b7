"""What a shop's customers will still order, arm against arm: BG/NBD with an effect."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdback.stats.lifetime import bg_nbd
from holdback.stats.lifetime.arm_shrinkage import (
    SHAPES,
    WIDE,
    YEARS,
    by_shapes,
    discounts,
    log_prior,
    shapes_of,
)
from holdback.stats.lifetime.bg_nbd import NEAR_ONE, Histories, expected
from holdback.stats.posterior.laplace import Mode, mode_of

__all__ = ["Orders"]

Vector = npt.NDArray[np.float64]
STEPS = 40
"""How finely the time to the horizon is cut."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Orders:
    """Orders of a shop: BG/NBD in both arms, in weeks.

    Parameters: ln r, ln alpha, logit a/(a + b), ln(a + b) of control, and the
    treatment's effects on the last three.
    """

    arms: tuple[Histories, Histories]
    horizon: float
    discount: float
    mode: Mode

    @classmethod
    def fit(
        cls, arms: tuple[Histories, Histories], *, horizon: float, discount: float
    ) -> Orders:
        """The posterior of both arms; raises StatsError where it has no mode."""
        watched = np.average(arms[0].watched, weights=arms[0].units)
        middle = np.array([0.0, np.log(max(watched, 1.0)), SHAPES[0][0], SHAPES[1][0]])
        spread = np.array([WIDE, WIDE, SHAPES[0][1], SHAPES[1][1]])

        def loss(theta: Vector) -> tuple[float, Vector]:
            value, slope = log_prior(theta, middle, spread)
            for arm, found in enumerate(arms):
                told, scores = _order_scores(theta, arm, found)
                value -= float(found.units @ told)
                slope = slope - found.units @ scores
            return value, slope

        units = sum(float(found.units.sum()) for found in arms)
        start = np.concatenate([middle, np.zeros(3)])
        mode = mode_of(loss, start, scale=units)
        return cls(arms=arms, horizon=horizon, discount=discount, mode=mode)

    @property
    def control(self) -> dict[str, float]:
        """r, alpha, a and b of control."""
        found = _orders_of(self.mode.at[None, :], 0)
        names = ("r", "alpha", "a", "b")
        return {name: float(v[0]) for name, v in zip(names, found, strict=True)}

    def ahead(self, draws: Vector) -> Vector:
        """Both arms' orders from the end of watching to the horizon.

        Discounted to the end of watching, as the discounted expected residual
        transactions of Fader, Hardie & Lee 2005 are.
        """
        watched = np.concatenate([found.watched for found in self.arms])
        units = np.concatenate([found.units for found in self.arms])
        times, group = np.unique(np.minimum(watched, self.horizon), return_inverse=True)
        share = np.bincount(group, weights=units) / units.sum()
        share = share / discounts(self.discount, times * YEARS)
        steps = _steps(times[0], self.horizon)
        weight = discounts(self.discount, (steps[1:] + steps[:-1]) / 2 * YEARS)
        kept = _later(steps, times, share) * weight
        values = []
        for arm in (0, 1):
            r, alpha, a, b = (one[:, None] for one in _orders_of(draws, arm))
            a = np.where(np.abs(a - 1) > NEAR_ONE, a, 1 + NEAR_ONE)
            known = expected(steps[None, :], r, alpha, a, b)
            values.append(np.diff(known, axis=1) @ kept)
        return np.column_stack(values)

    def scores(self) -> tuple[Vector, Vector]:
        """Each row's gradient of its log-likelihood at the mode, (k, p)."""
        first, second = (
            _order_scores(self.mode.at, arm, found)[1]
            for arm, found in enumerate(self.arms)
        )
        return first, second


def _orders_of(draws: Vector, arm: int) -> tuple[Vector, Vector, Vector, Vector]:
    alpha = np.exp(draws[:, 1] + (draws[:, 4] if arm else 0.0))
    return np.exp(draws[:, 0]), alpha, *shapes_of(draws, arm, 2)


def _order_scores(theta: Vector, arm: int, found: Histories) -> tuple[Vector, Vector]:
    r, alpha, a, b = (float(one[0]) for one in _orders_of(theta[None, :], arm))
    told, by = bg_nbd.likelihood(np.array([r, alpha, a, b]), found)
    logit, log = by_shapes(a, b, by[:, 2:])
    common = [r * by[:, 0], alpha * by[:, 1], logit, log]
    return told, np.column_stack([*common, *(arm * one for one in common[1:])])


def _steps(first: float, last: float) -> Vector:
    """Times from one to the other, closer together where orders grow fastest."""
    return np.asarray(first + (last - first) * np.linspace(0, 1, STEPS + 1) ** 1.5)


def _later(steps: Vector, times: Vector, share: Vector) -> Vector:
    """The share of units for whom each step (g,) lies ahead; in part where it ends."""
    place = np.clip(np.searchsorted(steps, times, side="right") - 1, 0, STEPS - 1)
    gone = (times - steps[place]) / (steps[place + 1] - steps[place])
    before = np.bincount(place, weights=share, minlength=STEPS)
    inside = np.bincount(place, weights=share * gone, minlength=STEPS)
    return np.asarray(np.cumsum(before) - inside)
