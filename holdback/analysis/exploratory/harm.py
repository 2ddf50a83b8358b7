"""Is anybody harmed: limits of each group's lift that hold for all groups together.

With k groups each one-sided limit stands at 1 − alpha / k (Bonferroni, as in R. G.
Miller, *Simultaneous Statistical Inference*, 2nd ed., 1981, ch. 1): that any group is
called harmed which is not happens in at most alpha of such tests.
"""

from __future__ import annotations

from collections.abc import Iterator

from holdback.analysis.comparison.comparison import Comparison, Group, quantity
from holdback.analysis.comparison.small_groups import shown_levels
from holdback.analysis.section_readers import Basis, readers
from holdback.experiments.kinds.metric import Metric
from holdback.results.sections.harm import GroupLimits, Harm

__all__ = ["harm"]


@readers.register("harm")
def harm(basis: Basis) -> Iterator[Harm]:
    """The primary and every guardrail in each arm, over the groups that are declared.

    Those of `analysis: {harm: …}`, else of all segments. A group that is hidden or has
    no range is counted as unknown, and never as unharmed.
    """
    experiment, cells = basis.experiment, basis.cells
    dimensions = experiment.analysis.harm or experiment.analysis.segments
    groups = [
        Group(dimension=dimension, level=level)
        for dimension in dimensions
        for level in shown_levels(experiment, cells, dimension)
    ]
    if not groups:
        return
    hidden = sum(len(cells.levels(dimension)) for dimension in dimensions) - len(groups)
    each = (1 - float(experiment.analysis.level)) / len(groups)
    for name in dict.fromkeys((experiment.primary, *experiment.guardrails)):
        for arm in experiment.treatments:
            metric = experiment.metrics[name]
            limits = [
                limit
                for group in groups
                if (limit := _limits(basis, metric, arm.name, group, each)) is not None
            ]
            if limits:
                yield _told(metric, arm.name, limits, 1 - each, hidden, len(groups))


def _limits(
    basis: Basis, metric: Metric, arm: str, group: Group, each: float
) -> GroupLimits | None:
    """A group's lift with both limits, each of which errs with probability `each`."""
    comparison = Comparison.of(
        basis.experiment,
        basis.cells,
        metric,
        frozenset({arm}),
        group=group,
        capped=metric.cap is not None,
    )
    lift = quantity(comparison.plain(1 - 2 * each).relative)
    if lift is None or lift.lower is None or lift.upper is None:
        return None
    ends = (lift.lower, lift.upper)
    worst, best = ends if metric.better == "higher" else ends[::-1]
    return GroupLimits(
        dimension=group.dimension,
        level=group.level,
        lift=lift.value,
        worst=worst,
        best=best,
        units=sum(side.n for side in comparison.sides),
    )


def _told(  # what the groups say together
    metric: Metric,
    arm: str,
    limits: list[GroupLimits],
    level: float,
    hidden: int,
    asked: int,
) -> Harm:
    sign = 1 if metric.better == "higher" else -1
    lifts = [limit.lift for limit in limits]
    return Harm(
        metric=metric.name,
        arm=arm,
        level=level,
        read=len(limits),
        worst=min(limits, key=lambda limit: sign * limit.worst),
        lifts=(min(lifts), max(lifts)),
        harmed=tuple(limit for limit in limits if sign * limit.best < 0),
        unknown=hidden + asked - len(limits),
    )
