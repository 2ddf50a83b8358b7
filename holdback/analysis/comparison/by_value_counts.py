"""Metrics that are read from tallies: how an arm's values compare with control's."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date

from holdback.data.evidence.unit_rows import Tally
from holdback.experiments.metrics import Metric
from holdback.stats.evidence.effect import Inference
from holdback.stats.evidence.life_table import LifeTable, life_table
from holdback.stats.evidence.order_statistics import CountedValues
from holdback.stats.methods.quantile import compare_quantiles
from holdback.stats.methods.survival import compare_survival

__all__ = ["compare_tallied", "counted", "lives"]

Arms = Collection[str]
Level = tuple[str, str]


def compare_tallied(  # noqa: PLR0913  # the keys of a group of units
    metric: Metric,
    tally: Tally,
    sides: tuple[Arms, Arms],
    *,
    level: float,
    needed: int = 0,
    segment: Level | None = None,
    through: date | None = None,
) -> Inference:
    """The metric of the second arms against the first, at a level of confidence.

    `needed` is how many horizons must have passed for the units of a quantile; life
    tables follow units as far as they go.
    """
    if metric.tallied == "quantile":
        values = (
            counted(tally, arms, needed=needed, segment=segment, through=through)
            for arms in sides
        )
        q = float(getattr(metric, "quantile"))  # noqa: B009  # such a kind has one
        return compare_quantiles(*values, q=q, level=level)
    control, treated = (
        lives(metric, tally, arms, segment=segment, through=through) for arms in sides
    )
    return compare_survival(control, treated, level=level)


def counted(
    tally: Tally,
    arms: Arms,
    *,
    needed: int,
    segment: Level | None = None,
    through: date | None = None,
) -> CountedValues:
    """How often each value occurs in some arms, among the units that have one."""
    kept = tally.chosen(arms, level=segment, through=through, needed=needed)
    kept &= tally.values[:, 1] > 0
    return CountedValues.of(tally.values[kept, 0], tally.units[kept])


def lives(
    metric: Metric,
    tally: Tally,
    arms: Arms,
    *,
    segment: Level | None = None,
    through: date | None = None,
) -> LifeTable:
    """The life table of some arms up to the metric's `within`."""
    assert metric.within is not None  # noqa: S101  # such a metric has one
    kept = tally.chosen(arms, level=segment, through=through)
    return life_table(
        tally.values[kept, 0],
        tally.watched[kept],
        tally.units[kept],
        metric.within.days,
    )
