"""Each step of a funnel: the arms' shares of all assigned units, and the lift."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import pairwise

from holdback.analysis.comparison.comparison import Comparison, quantity
from holdback.analysis.section_readers import Basis, readers
from holdback.data.evidence.cells import Cells
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.kinds.metric import Metric
from holdback.results.sections.funnel import FunnelArm, StepShare

__all__ = ["funnels"]


@readers.register("funnels")
def funnels(basis: Basis) -> tuple[FunnelArm, ...]:
    """One for each funnel and treatment arm; intervals hold for all steps at once."""
    experiment, cells = basis.experiment, basis.cells
    level = basis.stage.level
    return tuple(
        _of_arm(experiment, cells, metric, arm.name, level)
        for metric in experiment.metrics.values()
        if metric.parts()
        for arm in experiment.treatments
    )


def _of_arm(
    experiment: Experiment, cells: Cells, metric: Metric, arm: str, level: float
) -> FunnelArm:
    steps = [part for part in metric.parts() if part.label]
    each = 1 - (1 - level) / len(steps)
    shares = tuple(
        share for step in steps for share in _shares(experiment, cells, step, arm, each)
    )
    odd = next(
        (
            later.step
            for first, later in pairwise(shares)
            if later.control > first.control or later.treatment > first.treatment
        ),
        None,
    )
    arms = {experiment.control.name, arm}
    unordered = [part for part in metric.parts() if not part.label]
    return FunnelArm(
        metric=metric.name,
        arm=arm,
        steps=shares,
        more_than_before=odd,
        out_of_order=sum(_units(cells, part, arms) for part in unordered)
        - _units(cells, steps[-1], arms)
        if unordered
        else 0,
    )


def _units(cells: Cells, step: Metric, arms: Collection[str]) -> int:
    """Units of some arms that got to a step."""
    (column,) = (one.name for one in cells.blocks[step.name])
    moments = cells.total(step.name, arms, within=step.within).select([column])
    return round(float(moments.total[0]))


def _shares(
    experiment: Experiment, cells: Cells, step: Metric, arm: str, level: float
) -> Iterator[StepShare]:
    inference = Comparison.of(experiment, cells, step, frozenset({arm})).plain(level)
    if inference.control is not None and inference.treatment is not None:
        yield StepShare(
            step=step.label,
            control=inference.control.value,
            treatment=inference.treatment.value,
            absolute=quantity(inference.absolute),
            relative=quantity(inference.relative),
        )
