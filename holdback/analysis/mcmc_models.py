"""What there is to draw from in an experiment: the models, before they are drawn."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from holdback.analysis.comparison.comparison import Comparison
from holdback.analysis.comparison.posteriors import lift_prior
from holdback.analysis.comparison.small_groups import SMALLEST
from holdback.analysis.comparison.spend_model import spend_model
from holdback.analysis.exploratory.cohorts import compared, sides_in, weeks
from holdback.analysis.segments import log_ratio_of, segment_groups
from holdback.data.evidence.cells import Cells
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.metrics import Metric
from holdback.results.mcmc_summary import SampledModel
from holdback.results.scorecard import Readout, Scorecard
from holdback.stats.evidence.effect import LogRatio
from holdback.stats.mcmc import (
    Sampled,
    hurdle_drawn,
    pooled_arms,
    pooled_groups,
    pooled_weeks,
)
from holdback.stats.posterior import LiftPrior
from holdback.stats.posterior.hurdle import Hurdle
from holdback.stats.posterior.spend_lognormal import OneSpread

__all__ = ["Advance", "Model", "arm_comparison", "models_of"]

Advance = Callable[[float], None]
Draw = Callable[[Sequence[int], Advance | None], Sampled]


@dataclass(frozen=True, kw_only=True)
class Model:
    """A model to draw from, before it is: `names` of its effects, in their order.

    `readouts` are those that its draws belong to.
    """

    record: SampledModel
    draw: Draw
    names: tuple[str, ...]
    parameter: str = "log_ratio"
    readouts: tuple[Readout, ...] = ()


def models_of(
    experiment: Experiment, cells: Cells, scorecard: Scorecard
) -> Iterator[Model]:
    """Spend, arms, segments of the primary, and all metrics by week of joining."""
    yield from _spend(experiment, cells, scorecard)
    yield from _arms(experiment, cells, scorecard)
    yield from _segments(experiment, scorecard)
    yield from _weeks(experiment, cells)


def arm_comparison(
    experiment: Experiment, cells: Cells, metric: Metric, arm: str
) -> Comparison:
    """A metric of one arm beside control, as its readout has it."""
    return Comparison(
        experiment=experiment,
        cells=cells,
        metric=metric,
        arms=frozenset({arm}),
        capped=metric.cap is not None,
    )


def _spend(
    experiment: Experiment, cells: Cells, scorecard: Scorecard
) -> Iterator[Model]:
    """Revenue per unit, where the hurdle with one spread passed its check."""
    metric = experiment.metrics[experiment.primary]
    for arm in experiment.treatments:
        model = spend_model(arm_comparison(experiment, cells, metric, arm.name)).model
        if isinstance(model, Hurdle) and isinstance(model.spend, OneSpread):
            yield Model(
                record=SampledModel(model="spend", metric=metric.name, arm=arm.name),
                draw=_hurdle(model, lift_prior(experiment.analysis.prior, metric)),
                names=(arm.title,),
                readouts=(scorecard.readout(metric.name, arm.name),),
            )


def _hurdle(model: Hurdle, prior: LiftPrior) -> Draw:
    return lambda seed, advance: hurdle_drawn(
        model.control, model.treatment, seed, prior=prior, advance=advance
    )


def _arms(
    experiment: Experiment, cells: Cells, scorecard: Scorecard
) -> Iterator[Model]:
    """The primary of all treatment arms together, where there are several."""
    metric = experiment.metrics[experiment.primary]
    listed = [scorecard.readout(metric.name, a.name) for a in experiment.treatments]
    ratios = [
        LogRatio(value=r.log_lift.value, se=r.log_lift.se)
        for r in listed
        if r.log_lift is not None and r.log_lift.se > 0
    ]
    first = arm_comparison(experiment, cells, metric, experiment.treatments[0].name)
    estimates = first.estimates
    if len(listed) < 2 or len(ratios) < len(listed) or estimates is None:
        return
    control = (estimates[0].se / estimates[0].value) ** 2
    names = tuple(arm.title for arm in experiment.treatments)
    yield Model(
        record=SampledModel(model="arms", metric=metric.name, arm="*"),
        draw=lambda seed, advance: pooled_arms(
            ratios, control, names, seed, advance=advance
        ),
        names=names,
        readouts=tuple(listed),
    )


def _segments(experiment: Experiment, scorecard: Scorecard) -> Iterator[Model]:
    """The primary by the levels of each dimension."""
    for (metric, arm, dimension), members in segment_groups(scorecard.readouts):
        if metric != experiment.primary:
            continue
        names = tuple(m.segment.level for m in members if m.segment is not None)
        ratios = [one for m in members if (one := log_ratio_of(m)) is not None]
        yield Model(
            record=SampledModel(model="segments", metric=metric, arm=arm, of=dimension),
            draw=_groups(ratios, names),
            names=names,
            readouts=tuple(members),
        )


def _groups(ratios: Sequence[LogRatio], names: Sequence[str]) -> Draw:
    return lambda seed, advance: pooled_groups(ratios, names, seed, advance=advance)


def _weeks(experiment: Experiment, cells: Cells) -> Iterator[Model]:
    """All metrics that have an effect in every week of joining, with two weeks."""
    for arm in experiment.treatments:
        by_metric = _by_week(experiment, cells, arm.name)
        shared = _in_all(by_metric.values())
        if len(shared) < 2:
            continue
        metrics = tuple(by_metric)
        effects = [[by_metric[name][week] for week in shared] for name in metrics]
        yield Model(
            record=SampledModel(model="weeks", metric="*", arm=arm.name),
            draw=_by_weeks(effects, metrics, shared),
            names=tuple(f"{name}, {week}" for name in metrics for week in shared),
        )


def _in_all(by_week: Collection[Mapping[str, LogRatio]]) -> list[str]:
    """The weeks in which every metric has an effect."""
    return sorted(set.intersection(*map(set, by_week))) if by_week else []


def _by_weeks(
    effects: Sequence[Sequence[LogRatio]], metrics: Sequence[str], shared: Sequence[str]
) -> Draw:
    return lambda seed, advance: pooled_weeks(
        effects, metrics, shared, seed, advance=advance
    )


def _by_week(
    experiment: Experiment, cells: Cells, arm: str
) -> Mapping[str, Mapping[str, LogRatio]]:
    """Metric → first day of the week → log ratio, where there are enough units."""
    level = float(experiment.analysis.level)
    found: dict[str, dict[str, LogRatio]] = {}
    if not cells.days():
        return found
    for name in dict.fromkeys(name for name, role in experiment.roles()):
        metric = experiment.metrics[name]
        if metric.tallied:
            continue
        known = {}
        for span in weeks(cells.days()):
            control, treated = sides_in(experiment, cells, name, arm, span)
            if min(control.n, treated.n) < SMALLEST:
                continue
            ratio = compared(metric, cells, control, treated, level).log_ratio
            if ratio is not None and ratio.se > 0:
                known[span[0].isoformat()] = ratio
        if len(known) > 1:
            found[name] = known
    return found
