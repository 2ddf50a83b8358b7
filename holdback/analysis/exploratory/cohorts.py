"""The primary by when units joined, and each arm before and after its exposure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from holdback.analysis.comparison.by_joining import (
    compared,
    months,
    total_in,
    weeks,
)
from holdback.analysis.comparison.comparison import formula_columns, quantity
from holdback.analysis.comparison.small_groups import SMALLEST
from holdback.analysis.section_readers import Basis, readers
from holdback.data.evidence.cells import Cells, Column, DaySpan
from holdback.experiments.definition.experiment import Experiment
from holdback.results.sections.cohorts import BeforeAfter, Cohort, CohortArm, Cohorts
from holdback.stats.evidence.delta_method import estimate
from holdback.stats.evidence.effect import Inference, LogRatio
from holdback.stats.evidence.moments import Moments
from holdback.stats.posterior.random_effects import random_effects

__all__ = ["before_after", "cohorts"]

MOST_WEEKS = 13
"""Weeks of joining that are shown as weeks; months beyond."""


@readers.register("cohorts")
def cohorts(basis: Basis) -> Iterator[Cohorts]:
    """Weeks (from 14 on months) of first exposure; none where there are no two."""
    experiment, cells = basis.experiment, basis.cells
    level = basis.stage.nominal
    days = cells.days()
    metric = experiment.metrics[experiment.primary]
    if not (metric.is_function_of_means and days):
        return
    by_week = (days[-1] - days[0]).days < 7 * MOST_WEEKS
    spans = weeks(days) if by_week else months(days)
    names = [experiment.control.name, *(arm.name for arm in experiment.treatments)]
    shown: list[Cohort] = []
    lifts: list[list[LogRatio | None]] = []
    hidden = 0
    for span in spans:
        sides = [
            total_in(experiment, cells, experiment.primary, name, span)
            for name in names
        ]
        if min(side.n for side in sides) < SMALLEST:
            hidden += any(side.n for side in sides)
            continue
        read = [compared(metric, cells, sides[0], one, level) for one in sides[1:]]
        shown.append(_cohort(experiment, cells, span, names, sides, read))
        lifts.append([one.log_ratio for one in read])
    slices = experiment.companions_for("slices")
    if len(shown) < 2:  # one cohort is everybody
        return
    yield Cohorts(
        metric=experiment.primary,
        every="week" if by_week else "month",
        cohorts=tuple(shown),
        edges=slices[0].edges if slices else (),
        p_same={
            name: p
            for name, column in zip(names[1:], zip(*lifts, strict=True), strict=True)
            if (p := _same(list(column))) is not None
        },
        hidden=hidden,
    )


@readers.register("before_after")
def before_after(basis: Basis) -> tuple[BeforeAfter, ...]:
    """Each arm's mean per unit and day, before and after; where a lookback was asked.

    Amounts and counts only: a share of units does not add up over days.
    """
    experiment, cells = basis.experiment, basis.cells
    metric = experiment.metrics[experiment.primary]
    lookback = experiment.analysis.lookback
    if lookback is None or metric.within is None or not metric.is_mean:
        return ()
    block = cells.blocks[metric.name]
    before = next((one.name for one in block if one.role == "before"), None)
    if before is None:
        return ()
    records = []
    for arm in experiment.arms:
        total = cells.total(metric.name, {arm.name}, within=metric.within)
        if total.n < SMALLEST:
            continue
        after, earlier = total.select([_outcome(block), before]).mean
        records.append(
            BeforeAfter(
                metric=metric.name,
                arm=arm.name,
                before=float(earlier) / lookback.days,
                after=float(after) / metric.within.days,
                days_before=lookback.days,
                days_after=metric.within.days,
            )
        )
    return tuple(records)


def _outcome(block: Sequence[Column]) -> str:
    """The outcome, cut off as the values before are, where such a twin is at hand."""
    return formula_columns(block, capped=True, winsorized=True)[0]


def _cohort(  # the pieces of one row
    experiment: Experiment,
    cells: Cells,
    span: DaySpan,
    names: Sequence[str],
    sides: Sequence[Moments],
    read: Sequence[Inference],
) -> Cohort:
    lifts = [None, *(quantity(one.relative) for one in read)]
    metric = experiment.metrics[experiment.primary]
    columns = formula_columns(cells.blocks[metric.name], capped=False)
    return Cohort(
        start=span[0].isoformat(),
        end=span[1].isoformat(),
        arms=tuple(
            CohortArm(
                arm=name,
                units=side.n,
                value=estimate(side, metric.formula, columns).value,
                by_slice=_by_slice(experiment, cells, name, span),
                relative=lift,
            )
            for name, side, lift in zip(names, sides, lifts, strict=True)
        ),
    )


def _by_slice(
    experiment: Experiment, cells: Cells, arm: str, span: DaySpan
) -> tuple[float, ...]:
    return tuple(
        float(mean)
        for slices in experiment.companions_for("slices")
        for mean in total_in(experiment, cells, slices.name, arm, span).mean
    )


def _same(lifts: Sequence[LogRatio | None]) -> float | None:
    """P-value of one lift in all cohorts that have one; None below two."""
    known = [one for one in lifts if one is not None and one.se > 0]
    return random_effects(known).p_value if len(known) > 1 else None
