"""What the money is computed from: the value metric, arm against arm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from holdback.analysis.comparison.comparison import (
    Comparison,
    formula_columns,
    moments_of,
)
from holdback.analysis.comparison.posteriors import (
    FLAT,
    difference_of,
    lift_prior,
    posterior_of,
)
from holdback.analysis.preregistration.interim_looks import Stage
from holdback.data.evidence.cells import Cells
from holdback.experiments.definition.experiment import Arm, Experiment
from holdback.experiments.kinds.metric import Metric
from holdback.stats.evidence.effect import Inference
from holdback.stats.posterior.posterior import Posterior, log_deviation

__all__ = [
    "DoseComparison",
    "DosePair",
    "ValueComparison",
    "by_dose",
    "dose_comparisons",
    "money_comparisons",
    "steps",
    "value_comparisons",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueComparison:
    """What the money is computed from: the raw value metric of one arm.

    Arm ``*`` is all treatment arms together. `treated_total` is the sum of the value
    over the arm's matured units, in money. `profit` is the same of the units' profit
    where that is measured. `data` is the posterior by the data alone, under a flat
    prior, and `data_sd` the deviation of its log ratio. Where there is no lift both
    posteriors are absent, and `difference` is that of the difference per unit.
    """

    arm: str
    treated_units: int
    treated_total: float
    inference: Inference
    posterior: Posterior | None
    data: Posterior | None = None
    difference: Posterior | None = None
    data_sd: float | None = None
    profit: ValueComparison | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DosePair:
    """Two neighbouring doses, and the experiment in which the lower is the control."""

    lower: Arm
    upper: Arm
    experiment: Experiment
    level: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseComparison:
    """An arm against the next lower dose, by the metric that is the money."""

    step: DosePair
    metric: str
    comparison: ValueComparison


def money_comparisons(
    experiment: Experiment, cells: Cells, stage: Stage
) -> tuple[ValueComparison, ...]:
    """The value metric, with the profit where that is measured; none without money."""
    economics = experiment.economics
    if economics is None:
        return ()
    comparisons = value_comparisons(
        experiment, cells, stage, experiment.metrics[economics.value]
    )
    if economics.profit is None:
        return comparisons
    earned = value_comparisons(
        experiment, cells, stage, experiment.metrics[economics.profit]
    )
    return tuple(
        replace(one, profit=profit)
        for one, profit in zip(comparisons, earned, strict=True)
    )


def value_comparisons(
    experiment: Experiment,
    cells: Cells,
    stage: Stage,
    metric: Metric,
    *,
    together: bool = True,
) -> tuple[ValueComparison, ...]:
    """A metric of every treatment arm, uncapped; `together` adds all as arm ``*``."""
    comparisons = [
        _compared(
            experiment,
            cells,
            metric.name,
            arm.name,
            frozenset({arm.name}),
            stage.arms_level,
        )
        for arm in experiment.treatments
    ]
    if not together:
        return tuple(comparisons)
    if len(comparisons) == 1 and stage.level == stage.arms_level:
        return comparisons[0], replace(comparisons[0], arm="*")
    arms = frozenset(arm.name for arm in experiment.treatments)
    return (
        *comparisons,
        _compared(experiment, cells, metric.name, "*", arms, stage.level),
    )


def dose_comparisons(
    experiment: Experiment, cells: Cells, stage: Stage
) -> Iterator[DoseComparison]:
    """Each arm against the next lower dose, where arms have doses."""
    economics = experiment.economics
    name = experiment.primary if economics is None else economics.value
    if not experiment.metrics[name].is_function_of_means:
        return
    for step in steps(experiment, stage):
        value, *profit = (
            _compared(
                step.experiment,
                cells,
                metric,
                step.upper.name,
                frozenset({step.upper.name}),
                step.level,
            )
            for metric in (name, economics.profit if economics else None)
            if metric is not None
        )
        yield DoseComparison(
            step=step,
            metric=name,
            comparison=replace(value, profit=profit[0] if profit else None),
        )


def by_dose(experiment: Experiment) -> list[Arm]:
    """The arms in the order of their doses; none where they have none."""
    arms = [arm for arm in experiment.arms if arm.dose is not None]
    return sorted(arms, key=lambda arm: arm.dose or 0)


def steps(experiment: Experiment, stage: Stage) -> Iterator[DosePair]:
    """Each arm against the next lower dose, at a level that holds for all steps."""
    pairs = list(pairwise(by_dose(experiment)))
    level = 1 - (1 - stage.level) / max(len(pairs), 1)
    for lower, upper in pairs:
        arms = tuple(
            replace(arm, control=arm.name == lower.name) for arm in experiment.arms
        )
        yield DosePair(
            lower=lower,
            upper=upper,
            experiment=replace(experiment, arms=arms),
            level=level,
        )


def _compared(  # what is compared, and how strictly
    experiment: Experiment,
    cells: Cells,
    name: str,
    arm: str,
    arms: frozenset[str],
    level: float,
) -> ValueComparison:
    metric = experiment.metrics[name]
    columns = formula_columns(cells.blocks[name], capped=False)
    comparison = Comparison.of(experiment, cells, metric, arms)
    inference = comparison.inference(level)
    treated = moments_of(cells, metric, arms).select(columns)
    data = posterior_of(metric, inference, FLAT)
    difference = difference_of(metric, inference)
    alone = data or difference
    chosen = lift_prior(experiment.analysis.prior, metric)
    return ValueComparison(
        arm=arm,
        treated_units=treated.n,
        treated_total=float(treated.total[0]),
        inference=inference,
        posterior=posterior_of(metric, inference, chosen),
        data=data,
        difference=difference,
        data_sd=None if alone is None else log_deviation(alone),
    )
