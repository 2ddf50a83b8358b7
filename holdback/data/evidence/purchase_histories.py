"""Units' histories, counted: orders, last one, time watched, money."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import fsum
from typing import Self

import numpy as np
import numpy.typing as npt

from holdback.stats.evidence.arm_evidence import ValueCounts
from holdback.stats.lifetime.bg_nbd import OrderHistories
from holdback.stats.lifetime.gamma_gamma import BuyerSpend
from holdback.stats.lifetime.shifted_beta_geometric import Tenures

__all__ = ["ArmHistories"]

Vector = npt.NDArray[np.float64]
HALF_DAY = 0.5
WEEK_DAYS = 7.0
GRACE = 0.5
"""How late a payment may come, in periods."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ArmHistories:
    """The units of an arm grouped by history, each array (k,); days since exposure.

    A unit joined in the middle of its day, on average, and ordered in the middle of a
    day; so days are told with a half. `early`: orders and the last one's day as they
    were at half time.
    """

    orders: Vector
    last: Vector
    watched: Vector
    gross: Vector
    net: Vector
    units: Vector
    early: tuple[Vector, Vector]

    @classmethod
    def of(cls, counts: ValueCounts, horizon: float) -> Self:
        """Those of one arm, watched up to the horizon at most."""
        values = counts.values
        watched = np.minimum(counts.watched + HALF_DAY, horizon)
        orders = values[:, 0]
        last = np.where(orders > 0, np.minimum(values[:, 1] - HALF_DAY, watched), 0.0)
        return cls(
            orders=orders,
            last=last,
            watched=watched,
            gross=values[:, 2],
            net=values[:, 3],
            units=counts.units.astype(float),
            early=(values[:, 4], values[:, 5]),
        )

    @property
    def marks(self) -> list[str]:
        """What seeds of draws from these units are made of: sums, to ten digits."""
        columns = (
            np.ones(1),
            self.orders,
            self.last,
            self.watched,
            self.gross,
            self.net,
        )
        return [f"{fsum((self.units * column).tolist()):.9e}" for column in columns]

    @property
    def total(self) -> float:
        """Units of the arm."""
        return float(self.units.sum())

    def at_least(self, orders: int) -> int:
        """Units with so many orders."""
        return int(self.units[self.orders >= orders].sum())

    def mean_and_variance(self) -> tuple[float, float]:
        """Of what a unit brought."""
        mean = float(self.units @ self.net) / self.total
        off = self.net - mean
        return mean, float(self.units @ off**2) / max(self.total - 1, 1.0)

    def kept(self) -> tuple[float, float, float]:
        """The share of orders' money that was not given back.

        Value, variance by the delta method, and covariance with the mean brought.
        """
        gross = float(self.units @ self.gross)
        share = float(self.units @ self.net) / gross
        off = (self.net - share * self.gross) / gross
        mean, _ = self.mean_and_variance()
        above = (self.net - mean) / self.total
        return share, float(self.units @ off**2), float(self.units @ (off * above))

    def histories(self) -> tuple[OrderHistories, npt.NDArray[np.int64]]:
        """Distinct histories in weeks, and the row of each of ours among them."""
        keys = np.column_stack([self.orders, self.last, self.watched])
        (orders, last, watched), units, place = _distinct(keys, self.units)
        weeks = last / WEEK_DAYS, watched / WEEK_DAYS
        return OrderHistories.of(orders, *weeks, units), place

    def spend(self) -> tuple[BuyerSpend, npt.NDArray[np.int64]]:
        """Distinct spends of buyers; rows without orders are in place −1."""
        bought = self.orders > 0
        keys = np.column_stack([self.orders[bought], self.gross[bought]])
        (orders, gross), units, place = _distinct(keys, self.units[bought])
        everyone = np.full(len(bought), -1)
        everyone[bought] = place
        return BuyerSpend.of(orders, gross / orders, units), everyone

    def tenures(self, renews: float) -> tuple[Tenures, npt.NDArray[np.int64]]:
        """Distinct tenures of subscribers in renewals; others are in place −1.

        A renewal is settled half a period after it was due: paid by then, or left.
        """
        paid = self.orders > 0
        due = np.floor(self.watched / renews)
        settled = self.settled(renews)
        renewed = np.round(self.last / renews)
        left = renewed < settled
        periods = np.where(left, renewed + 1, settled)
        keys = np.column_stack([periods, left, due])[paid]
        (periods, gone, due), units, place = _distinct(keys, self.units[paid])
        everyone = np.full(len(paid), -1)
        everyone[paid] = place
        return Tenures(periods=periods, left=gone > 0, due=due, units=units), everyone

    def settled(self, renews: float) -> Vector:
        """How many renewals of each row are known to have been paid or not."""
        return np.asarray(np.maximum(np.floor(self.watched / renews - GRACE), 0))

    def at_half_time(self) -> Self:
        """The same units when half of what each was watched was over, without money."""
        orders, days = self.early
        watched, none = self.watched / 2, np.zeros_like(self.watched)
        last = np.where(orders > 0, np.minimum(days - HALF_DAY, watched), 0.0)
        return replace(
            self, orders=orders, last=last, watched=watched, gross=none, net=none
        )

    def above_mean(self, place: npt.NDArray[np.int64]) -> Vector:
        """What the units in each place brought above the arm's mean, in all."""
        mean, _ = self.mean_and_variance()
        known = place >= 0
        more = (self.units * (self.net - mean))[known]
        return np.asarray(np.bincount(place[known], weights=more), dtype=float)

    def times(self, factor: float) -> Self:
        """The same with other money."""
        return replace(self, gross=self.gross * factor, net=self.net * factor)


def _distinct(
    keys: Vector, units: Vector
) -> tuple[tuple[Vector, ...], Vector, npt.NDArray[np.int64]]:
    distinct, place = np.unique(keys, axis=0, return_inverse=True)
    place = np.asarray(place.reshape(-1), dtype=np.int64)
    weight = np.asarray(np.bincount(place, weights=units), dtype=float)
    return tuple(distinct.T), weight, place
