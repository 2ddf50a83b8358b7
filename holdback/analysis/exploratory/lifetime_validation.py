"""Whether a model of half of each unit's time foresees the other half."""

from __future__ import annotations

import numpy as np

from holdback.data.evidence.purchase_histories import WEEK, ArmHistories
from holdback.errors import StatsError
from holdback.experiments.metrics.clv import Clv
from holdback.results.lifetime_value import HeldOut
from holdback.stats.lifetime.bg_nbd import BgNbd, Histories
from holdback.stats.lifetime.shifted_beta_geometric import ShiftedBetaGeometric

__all__ = ["held_out"]


def held_out(metric: Clv, side: ArmHistories) -> HeldOut | None:
    """Orders (of subscriptions: renewals) of the second half, foreseen by the first's.

    An arm alone, by maximum likelihood. None where the first half fits no model.
    """
    try:
        if metric.renews is None:
            return _orders(side)
        return _renewals(side, metric.renews.days)
    except StatsError:
        return None


def _orders(side: ArmHistories) -> HeldOut:
    half = side.at_half_time()
    model = BgNbd.fit(half.histories()[0])
    left = half.watched / WEEK
    rows = Histories.of(half.orders, half.last / WEEK, left, half.units)
    return HeldOut(
        orders=int(side.units @ (side.orders - half.orders)),
        foreseen=float(side.units @ model.ahead(rows, left)),
    )


def _renewals(side: ArmHistories, period: float) -> HeldOut | None:
    """Of those who are subscribed at half time, as far as renewals are settled.

    None where nobody had subscribed by then.
    """
    half = side.at_half_time()
    first, first_at = half.tenures(period)
    if not len(first.units):
        return None
    whole, whole_at = side.tenures(period)
    stay = (first_at >= 0) & ~first.left[first_at]
    units = side.units[stay]
    before = first.periods[first_at[stay]]
    after = whole.periods[whole_at[stay]] - whole.left[whole_at[stay]]
    until = side.settled(period)[stay]
    kept = ShiftedBetaGeometric.fit(first).survival(np.arange(until.max(initial=0) + 1))
    renewed = np.cumsum(kept)
    settled, seen = until.astype(int), before.astype(int)
    return HeldOut(
        orders=int(units @ np.clip(after - before, 0, until - before)),
        foreseen=float(units @ ((renewed[settled] - renewed[seen]) / kept[seen])),
    )
