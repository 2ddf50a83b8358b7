"""Readings of a holdback without an end → what it has shown and earned by each."""

from __future__ import annotations

from collections.abc import Sequence

from holdback.analysis.comparison.comparison import quantity
from holdback.analysis.month_ends import Moment
from holdback.economics.money import revenue_of
from holdback.experiments.definition.experiment import Experiment
from holdback.results.scorecard import OverTime

__all__ = ["earned"]


def earned(experiment: Experiment, moments: Sequence[Moment]) -> tuple[OverTime, ...]:
    """One record a day and arm that has a lift with a range.

    Money is the image of the lift's range, as everywhere.
    """
    paid = experiment.economics is not None
    return tuple(
        OverTime(
            arm=one.arm,
            metric=moment.metric,
            date=moment.date.isoformat(),
            units=moment.units,
            relative=relative,
            revenue=revenue_of(one) if paid else None,
        )
        for moment in moments
        for one in moment.comparisons
        if (relative := quantity(one.inference.relative)) is not None
        and relative.unbounded is None
    )
