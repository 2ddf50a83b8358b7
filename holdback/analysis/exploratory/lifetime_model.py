"""Histories of two arms → joint draws of what came and of what is ahead."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdback.data.evidence.purchase_histories import WEEK, ArmHistories
from holdback.errors import StatsError
from holdback.experiments.metrics.clv import Clv
from holdback.stats.lifetime.gamma_gamma import Spend
from holdback.stats.lifetime.lifetime_value import (
    DRAWS,
    Ahead,
    Means,
    Seen,
    Worth,
    worth,
)
from holdback.stats.lifetime.orders import Orders
from holdback.stats.lifetime.prices import Paid, Prices
from holdback.stats.lifetime.subscriptions import Subscriptions

__all__ = ["Projection", "Sides", "correlation", "project"]

Vector = npt.NDArray[np.float64]
Places = npt.NDArray[np.int64]
Sides = tuple[ArmHistories, ArmHistories]
YEAR = 365.25


@dataclass(frozen=True, kw_only=True, eq=False)
class Projection:
    """Draws of both arms, the fitted values, and whether spend has a model."""

    worth: Worth
    parameters: Mapping[str, float]
    spend_modelled: bool


def project(
    metric: Clv, sides: Sides, seed: tuple[int, ...], *, draws: int = DRAWS
) -> Projection:
    """The posterior of both arms. Raises StatsError where a model does not fit."""
    ahead, places = _orders(metric, sides)
    control, control_at = sides[0].spend()
    treated, treated_at = sides[1].spend()
    means, modelled = _means((control, treated))
    found = worth(
        (
            _seen(sides[0], places[0], control_at),
            _seen(sides[1], places[1], treated_at),
        ),
        ahead,
        means,
        seed=seed,
        draws=draws,
    )
    return Projection(
        worth=found,
        parameters={**ahead.control, **means.control},
        spend_modelled=modelled,
    )


def correlation(sides: Sides) -> float | None:
    """Of orders with the mean amount of an order, among who ordered twice or more."""
    twice = [side.orders > 1 for side in sides]
    orders, gross, units = (
        np.concatenate(
            [getattr(side, name)[two] for side, two in zip(sides, twice, strict=True)]
        )
        for name in ("orders", "gross", "units")
    )
    cov = np.cov(orders, gross / orders, fweights=units.astype(np.int64))
    spread = float(np.sqrt(cov[0, 0] * cov[1, 1]))
    return float(cov[0, 1]) / spread if spread > 0 else None


def _orders(metric: Clv, sides: Sides) -> tuple[Ahead, tuple[Places, Places]]:
    """The model of who orders again, and where each row's history stands in it."""
    if metric.renews is None:
        first, first_at = sides[0].histories()
        second, second_at = sides[1].histories()
        orders = Orders.fit(
            (first, second),
            horizon=metric.horizon.days / WEEK,
            discount=float(metric.discount),
        )
        return orders, (first_at, second_at)
    period = metric.renews.days
    one, one_at = sides[0].tenures(period)
    other, other_at = sides[1].tenures(period)
    subscriptions = Subscriptions.fit(
        (one, other),
        (sides[0].total, sides[1].total),
        horizon=(metric.horizon.days - 1) // period,
        years=period / YEAR,
        discount=float(metric.discount),
    )
    return subscriptions, (one_at, other_at)


def _means(spends: tuple[Spend, Spend]) -> tuple[Means, bool]:
    """Gamma–gamma; where it does not fit, what an order brought on average."""
    try:
        return Prices.fit(spends), True
    except StatsError:
        return Paid.fit(spends), False


def _seen(side: ArmHistories, by_history: Places, by_spend: Places) -> Seen:
    mean, variance = side.mean_and_variance()
    return Seen(
        units=side.total,
        mean=mean,
        variance=variance,
        by_history=side.above_mean(by_history),
        by_spend=side.above_mean(by_spend),
        kept=side.kept(),
    )
