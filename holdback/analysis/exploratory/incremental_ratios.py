"""Ratios read as what was added: incremental return on spend, cost of a customer."""

from __future__ import annotations

from collections.abc import Iterable

from holdback.analysis.comparison.comparison import formula_columns, moments_of
from holdback.analysis.section_readers import Basis, readers
from holdback.data.evidence.cells import Cells
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.kinds.metric import Metric
from holdback.facts import fact
from holdback.results.quantity import Quantity
from holdback.results.sections.incremental_ratios import IncrementalRatio
from holdback.stats.methods.fieller import added_ratio

__all__ = ["incremental_ratios"]


@readers.register("incremental")
def incremental_ratios(basis: Basis) -> tuple[IncrementalRatio, ...]:
    """Each ratio that the economics name, for each treatment arm against control.

    The ratio of an arm (ROAS: revenue per spend) credits spend with all revenue; that
    of the differences, per assigned unit, credits it with what it added.
    """
    experiment, cells = basis.experiment, basis.cells
    level = basis.stage.level
    economics = experiment.economics
    if economics is None:
        return ()
    return tuple(
        _added(experiment, cells, experiment.metrics[name], arm.name, level)
        for name in economics.incremental
        for arm in experiment.treatments
    )


def _added(
    experiment: Experiment, cells: Cells, metric: Metric, arm: str, level: float
) -> IncrementalRatio:
    columns = formula_columns(cells.blocks[metric.name], capped=False)
    control, treated = (
        moments_of(cells, metric, {name}).select(columns)
        for name in (experiment.control.name, arm)
    )
    if min(control.n, treated.n) < 2:
        return IncrementalRatio(
            metric=metric.name, arm=arm, note=fact("incremental.few_units")
        )
    top, bottom = (float(v) for v in treated.mean - control.mean)
    ratio = added_ratio(
        (top, bottom), control.cov / control.n + treated.cov / treated.n, level=level
    )
    bounds = None if ratio is None else ratio.interval
    return IncrementalRatio(
        metric=metric.name,
        arm=arm,
        control=_ratio(control.mean),
        treatment=_ratio(treated.mean),
        added=Quantity(value=ratio.value, lower=bounds.lower, upper=bounds.upper)
        if ratio is not None and bounds is not None
        else None,
        note=None if bounds is not None else fact("incremental.too_alike"),
    )


def _ratio(mean: Iterable[float]) -> float | None:
    top, bottom = (float(v) for v in mean)
    return top / bottom if bottom else None
