"""Units that joined in the same span of days: their moments, and how arms compare."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from holdback.analysis.comparison.comparison import formula_columns
from holdback.data.evidence.cells import Cells, DaySpan
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.kinds.metric import Metric
from holdback.stats.evidence.arm_evidence import ArmEvidence
from holdback.stats.evidence.effect import Inference
from holdback.stats.evidence.moments import Moments

__all__ = ["compared", "months", "sides_in", "total_in", "weeks"]


def weeks(days: Sequence[date]) -> list[DaySpan]:
    """Seven days each, from the first day that holds units."""
    count = (days[-1] - days[0]).days // 7 + 1
    starts = [days[0] + timedelta(weeks=i) for i in range(count)]
    return [(start, start + timedelta(days=6)) for start in starts]


def months(days: Sequence[date]) -> list[DaySpan]:
    """Calendar months."""
    firsts = sorted({day.replace(day=1) for day in days})
    return [
        (first, (first + timedelta(days=32)).replace(day=1) - timedelta(days=1))
        for first in firsts
    ]


def total_in(
    experiment: Experiment, cells: Cells, block: str, arm: str, span: DaySpan
) -> Moments:
    """Moments over the days of a span, of units with the primary's full time."""
    within = experiment.collected[block].within
    return cells.total(block, {arm}, within=within, since=span[0], through=span[1])


def sides_in(
    experiment: Experiment, cells: Cells, metric: str, arm: str, span: DaySpan
) -> tuple[Moments, Moments]:
    """Control and an arm over the days of a span, with the metric's full time."""
    control, treated = (
        total_in(experiment, cells, metric, name, span)
        for name in (experiment.control.name, arm)
    )
    return control, treated


def compared(
    metric: Metric, cells: Cells, control: Moments, treated: Moments, level: float
) -> Inference:
    """One arm against control, from their moments, without covariates or caps."""
    columns = formula_columns(cells.blocks[metric.name], capped=False)
    return metric.compare(
        ArmEvidence(moments=control.select(columns)),
        ArmEvidence(moments=treated.select(columns)),
        level=level,
    )
