"""The primary's lift as the plain ratio of its values: what another reading moves."""

from __future__ import annotations

import math
from collections.abc import Mapping

from holdback.analysis.comparison.comparison import Comparison
from holdback.data.evidence.cells import Cells
from holdback.experiments.definition.experiment import Experiment

__all__ = ["is_another_lift", "lift_of", "lifts_read_otherwise"]

OTHER_LIFT = 0.1
"""A difference between the lifts of two readings that a reader must know."""
BEYOND_NOISE = 0.5
"""Of a lift's standard error: what two readings may differ by, and say the same."""
SURE_LIFT = 1.96
"""Standard errors from 0 at which a lift is one."""


def lift_of(experiment: Experiment, cells: Cells, arm: str) -> float | None:
    """Lift of an arm over the control; None without a positive value there."""
    metric = experiment.metrics[experiment.primary]
    if not (metric.is_function_of_means and metric.has_lift):
        return None
    k = len(metric.measures())
    values = []
    for name in (experiment.control.name, arm):
        moments = cells.total(metric.name, {name}, within=metric.within)
        if not moments.n:
            return None
        sums = zip(moments.sums[:k], moments.digits[:k], strict=True)
        means = [total / 10**digits / moments.n for total, digits in sums]
        try:
            values.append(float(metric.formula(means)))
        except ZeroDivisionError:
            return None
    control, treatment = values
    return treatment / control - 1 if control > 0 else None


def lifts_read_otherwise(
    experiment: Experiment, cells: Cells, other: Cells | None
) -> Mapping[str, tuple[float, float]]:
    """Arm → its lift, and what it is in the other reading; those that have both."""
    if other is None:
        return {}
    lifts = {
        arm.name: (
            lift_of(experiment, cells, arm.name),
            lift_of(experiment, other, arm.name),
        )
        for arm in experiment.treatments
    }
    return {
        arm: (here, there)
        for arm, (here, there) in lifts.items()
        if here is not None and there is not None
    }


def is_another_lift(
    experiment: Experiment, cells: Cells, lifts: Mapping[str, tuple[float, float]]
) -> bool:
    """Whether a lift turns in the other reading, is sure in one alone, or 10 points on.

    Of few units one row moves a lift by as much: what lies within half of the lift's
    standard error (delta method, without covariates) is no other lift.
    """
    for arm, (lift, other) in lifts.items():
        error = _error_of(experiment, cells, arm)
        if error is None or abs(other - lift) <= BEYOND_NOISE * error:
            continue
        sure = (abs(lift) > SURE_LIFT * error, abs(other) > SURE_LIFT * error)
        if lift * other < 0 or sure[0] != sure[1] or abs(other - lift) > OTHER_LIFT:
            return True
    return False


def _error_of(experiment: Experiment, cells: Cells, arm: str) -> float | None:
    """Standard error of an arm's lift; None where there is none."""
    metric = experiment.metrics[experiment.primary]
    both = Comparison.of(experiment, cells, metric, frozenset({arm})).estimates
    if both is None or both[0].value <= 0:
        return None
    control, treated = both
    ratio = treated.value / control.value
    return math.hypot(treated.se, ratio * control.se) / control.value
