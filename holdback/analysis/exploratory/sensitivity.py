"""The same lift computed in other ways, to see if the answer depends on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import replace

from holdback.analysis.comparison.comparison import (
    Comparison,
    Group,
    formula_columns,
    quantity,
)
from holdback.analysis.comparison.posteriors import (
    bayes_of,
    lift_prior,
    summary_of,
)
from holdback.analysis.comparison.spend_models import spend_models
from holdback.analysis.comparison.verdict import verdict
from holdback.analysis.section_readers import Basis, readers
from holdback.data.evidence.cells import Cells
from holdback.errors import StatsError
from holdback.experiments.kinds.metric import Metric
from holdback.facts import Fact
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Bayes
from holdback.results.sections.sensitivity import (
    BEFORE_SWITCH,
    CROSSED_FIRST,
    CROSSED_OUT,
    WITHIN,
    WITHOUT_EVENTS,
    Sensitivity,
)
from holdback.stats.evidence.arm_evidence import ArmEvidence
from holdback.stats.evidence.delta_method import without_largest
from holdback.stats.evidence.moments import Moments
from holdback.stats.evidence.stratified import LEAST_IN_STRATUM
from holdback.stats.posterior.posterior import LiftPrior
from holdback.stats.variance_reduction.post_stratification import stratified

__all__ = ["sensitivity"]

ComputedLift = tuple[str, Quantity | None, Fact | None]
"""Its name, the lift, and what is to be told of it."""


@readers.register("sensitivity")
def sensitivity(basis: Basis) -> tuple[Sensitivity, ...]:
    """Variants of the primary and of the value metric, per treatment arm.

    `raw` beside a capped lift, or `capped` (values cut off at their pooled 99.9th
    percentile) beside a raw one; `cuped` net of covariates, where the file names some,
    and `unadjusted` where that one decides; `without_largest` leaves out the largest
    unit of each arm; `fixed_horizon` reads an early look as if it were the only one;
    `within_days` compares units of the same day, `within …` units of the same level of
    a segment (post-stratified); `crossovers_excluded` leaves units seen in two arms out
    where they stay in their first, `crossovers_first` the other way round,
    `without_events` leaves out who joined on days of events that the file excludes,
    `before_switch` reads up to when units began to switch arms; `bayes` is the
    posterior under the chosen prior, and models of spend and of counts are read under
    it too: they explain, and nothing is decided from them.
    """
    experiment = basis.experiment
    names = [experiment.primary]
    if experiment.economics is not None:
        names.append(experiment.economics.value)
    return tuple(
        Sensitivity(
            metric=name,
            arm=arm.name,
            variant=variant,
            relative=relative,
            verdict=verdict(experiment.metrics[name], relative),
            note=note,
        )
        for name in dict.fromkeys(names)
        for arm in experiment.treatments
        for variant, relative, note in _variants(
            basis, experiment.metrics[name], arm.name
        )
        if relative is not None
    )


def _variants(basis: Basis, metric: Metric, arm: str) -> Iterator[ComputedLift]:
    experiment, stage = basis.experiment, basis.stage
    level = stage.arms_level
    shown = Comparison.of(
        experiment,
        basis.cells,
        metric,
        frozenset({arm}),
        capped=metric.cap is not None,
    )
    inference = shown.inference(level)
    if metric.is_function_of_means:
        for variant, relative in _of_means(shown, level):
            yield variant, relative, None
    if stage.look is not None:
        fixed = quantity(shown.inference(stage.nominal).relative)
        yield "fixed_horizon", fixed, None
    otherwise = basis.evidence.crossed_otherwise
    if otherwise is not None:
        left_out = experiment.assignment.crossovers == "first"
        otherwise = replace(otherwise, stretches=basis.cells.stretches)
        lift = replace(shown, cells=otherwise).inference(level).relative
        yield CROSSED_OUT if left_out else CROSSED_FIRST, quantity(lift), None
    earlier = basis.evidence.variants.get(BEFORE_SWITCH)
    if earlier is not None and metric.name == experiment.primary:
        yield BEFORE_SWITCH, _up_to_switch(basis, shown, earlier), None
    yield WITHOUT_EVENTS, _without_events(shown, level), None
    prior = lift_prior(experiment.analysis.prior, metric)
    yield "bayes", _range(bayes_of(experiment, metric, inference, prior)), None
    yield from _modelled(shown, prior)


def _without_events(shown: Comparison, level: float) -> Quantity | None:
    """The lift of units that joined on no day of an event to be left out."""
    excluded = [event for event in shown.experiment.events if event.exclude]
    left_out = {
        day
        for day in shown.cells.days()
        if any(event.meets(day, day) for event in excluded)
    }
    if not left_out:
        return None
    other = replace(shown, cells=shown.cells.without(left_out))
    if any(side.n < LEAST_IN_STRATUM for side in other.sides):
        return None
    return quantity(other.inference(level).relative)


def _up_to_switch(basis: Basis, shown: Comparison, earlier: Cells) -> Quantity | None:
    """The lift, unadjusted, as it was before units switched arms."""
    cells = replace(earlier, stretches=basis.cells.stretches)
    other = replace(shown, cells=cells)
    if any(side.n < LEAST_IN_STRATUM for side in other.sides):
        return None
    return quantity(other.plain(basis.stage.arms_level).relative)


def _modelled(shown: Comparison, prior: LiftPrior) -> Iterator[ComputedLift]:
    """What models of spend and of counts make of the same rows."""
    for one in spend_models(shown):
        with suppress(StatsError):
            posterior = one.model.posterior(prior)
            summary = summary_of(
                shown.experiment, shown.metric, posterior, prior, minimum=0.0
            )
            yield one.variant, _range(summary), one.note


def _range(bayes: Bayes | None) -> Quantity | None:
    if bayes is None or bayes.scale == "absolute":
        return None
    return Quantity(value=bayes.mean, se=bayes.sd, lower=bayes.lower, upper=bayes.upper)


def _of_means(shown: Comparison, level: float) -> Iterator[tuple[str, Quantity | None]]:
    """Other ways to read a function of means."""
    metric, experiment, cells = shown.metric, shown.experiment, shown.cells
    if metric.cap is not None:
        raw = shown.uncapped.inference(level)
        yield "raw", quantity(raw.relative)
    else:
        yield "capped", _winsorized(shown, level)
    if shown.net is not None:
        yield "cuped", quantity(shown.netted(shown.net, level).relative)
    if shown.adjusted is not None:
        yield "unadjusted", quantity(shown.plain(level).relative)
    if len(cells.days()) > 1:
        yield "within_days", _within_days(shown, level)
    for dimension in experiment.analysis.segments:
        yield f"{WITHIN}{dimension}", _within(shown, dimension, level)
    if metric.is_mean and not cells.stretches:
        yield "without_largest", _without_largest(shown, level)


def _winsorized(comparison: Comparison, level: float) -> Quantity | None:
    """The lift of values cut off at their pooled 99.9th percentile, unadjusted."""
    block = comparison.cells.blocks[comparison.metric.name]
    columns = formula_columns(block, capped=True, winsorized=True)
    if columns == comparison.columns:
        return None
    control, treated = comparison.sides
    inference = comparison.metric.compare(
        ArmEvidence(moments=control.select(columns)),
        ArmEvidence(moments=treated.select(columns)),
        level=level,
    )
    return quantity(inference.relative)


def _within_days(comparison: Comparison, level: float) -> Quantity | None:
    """The lift compared within days of first exposure, then put together."""
    metric, cells = comparison.metric, comparison.cells
    strata = []
    for day in cells.days():
        control, treated = (
            cells.total(metric.name, side, within=metric.within, day=day)
            for side in ({comparison.experiment.control.name}, comparison.arms)
        )
        if control.n + treated.n:
            strata.append((control, treated))
    return _put_together(comparison, strata, level)


def _within(comparison: Comparison, dimension: str, level: float) -> Quantity | None:
    """The lift compared within levels of a segment (post-stratified).

    Levels with fewer than 20 units in an arm stand together, with the smallest of the
    others where they are still too few.
    """
    strata = sorted(
        (
            comparison.of_group(Group(dimension=dimension, level=name)).sides
            for name in comparison.cells.levels(dimension)
        ),
        key=lambda pair: min(side.n for side in pair),
    )
    while len(strata) > 1 and min(side.n for side in strata[0]) < LEAST_IN_STRATUM:
        (c, t), (other_c, other_t), *rest = strata
        strata = [(c + other_c, t + other_t), *rest]
    if len(strata) < 2:
        return None
    return _put_together(comparison, strata, level)


def _put_together(
    comparison: Comparison, strata: Sequence[tuple[Moments, Moments]], level: float
) -> Quantity | None:
    metric = comparison.metric
    try:
        pair = stratified(strata, formula=metric.formula, columns=comparison.columns)
    except StatsError:
        return None
    return quantity(metric.compare_estimates(*pair, level=level).relative)


def _without_largest(comparison: Comparison, level: float) -> Quantity | None:
    metric = comparison.metric
    columns = formula_columns(comparison.cells.blocks[metric.name], capped=False)
    sides = [side.select(columns) for side in comparison.sides]
    if any(side.n < 3 or side.largest[0] <= 0 for side in sides):
        return None
    control, treated = (without_largest(side, columns[0]) for side in sides)
    inference = metric.compare(
        ArmEvidence(moments=control), ArmEvidence(moments=treated), level=level
    )
    return quantity(inference.relative)
