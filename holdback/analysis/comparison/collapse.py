"""Whether a treatment is plainly broken: units with a value all but gone."""

from __future__ import annotations

from holdback.experiments.kinds.metric import Metric
from holdback.results.scorecard import Estimates
from holdback.stats.methods.proportion import ConversionCounts, ratio_interval
from holdback.stats.numeric import quantile

__all__ = ["does_harm"]

CHANCE_OF_COLLAPSE = 1e-4
"""Of a range so wide that looking often, or at many metrics, does not matter."""
HALF = 0.5


def does_harm(metric: Metric, estimates: Estimates | None) -> bool:
    """Whether the units with a value were surely halved (doubled, if fewer is better).

    The whole 99.99 % range of the ratio of their shares lies beyond one half (or two),
    and the metric's own value moved to the same side. It needs no range of the amounts,
    which does not exist where hardly a unit is left that has one; and as the true ratio
    must lie beyond the half as well, a treatment that does nothing is never taken for
    it, however often it is looked at. Asked of shares of units and of means of one
    amount a unit.
    """
    if estimates is None or not (metric.is_rate or metric.is_mean):
        return False
    control, treatment = estimates.control, estimates.treatment
    x, y = (
        arm.value * arm.units if metric.is_rate else arm.nonzero or 0
        for arm in (treatment, control)
    )
    if round(x) + round(y) == 0 or x + y == treatment.units + control.units:
        return False
    counts = ConversionCounts(
        x=round(x), n=treatment.units, y=round(y), m=control.units
    )
    low, high = ratio_interval(counts, z=quantile(1 - CHANCE_OF_COLLAPSE / 2))
    if metric.better == "higher":
        return high < HALF and treatment.value < control.value
    return low > 1 / HALF and treatment.value > control.value
