"""The primary's lift as the plain ratio of its values: what another reading moves."""

from __future__ import annotations

from collections.abc import Mapping

from holdback.data.evidence.cells import Cells
from holdback.experiments.definition.experiment import Experiment

__all__ = ["lift_of", "lifts_read_otherwise"]


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
