"""The same lift computed in other ways, to see if the answer depends on it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from holdback.errors import StatsError
from holdback.experiments.cells import Cells, Column
from holdback.experiments.comparison import (
    bayes_of,
    formula_columns,
    infer,
    lift_prior,
    moments_of,
    quantity,
)
from holdback.experiments.experiment import Experiment
from holdback.experiments.metrics import Metric
from holdback.experiments.scorecard import Quantity, Sensitivity
from holdback.experiments.verdict import verdict
from holdback.stats.adjust import compare_adjusted
from holdback.stats.influence import without_largest
from holdback.stats.methods import compare

__all__ = ["sensitivity"]


def sensitivity(experiment: Experiment, cells: Cells) -> tuple[Sensitivity, ...]:
    """Variants of the primary and of the value metric, per treatment arm.

    `raw` beside a capped lift; `cuped` adjusted by measures from before exposure,
    where that narrows the range;
    `without_largest` leaves out the largest unit of each arm; `bayes` is the
    posterior under the chosen prior.
    """
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
        )
        for name in dict.fromkeys(names)
        for arm in experiment.treatments
        for variant, relative in _variants(
            experiment, cells, experiment.metrics[name], arm.name
        )
        if relative is not None
    )


def _variants(
    experiment: Experiment, cells: Cells, metric: Metric, arm: str
) -> Iterator[tuple[str, Quantity | None]]:
    if metric.cap is not None:
        raw = infer(experiment, cells, metric, {arm}, capped=False)
        yield "raw", quantity(raw.relative)
    yield "cuped", _adjusted(experiment, cells, metric, arm)
    if metric.family == "mean" and len(metric.measures()) == 1:
        yield "without_largest", _without_largest(experiment, cells, metric, arm)
    inference = infer(experiment, cells, metric, {arm}, capped=metric.cap is not None)
    bayes = bayes_of(
        experiment, metric, inference, lift_prior(experiment.analysis.prior)
    )
    if bayes is not None:
        yield (
            "bayes",
            Quantity(
                value=bayes.mean, se=bayes.sd, lower=bayes.lower, upper=bayes.upper
            ),
        )


def _adjusted(
    experiment: Experiment, cells: Cells, metric: Metric, arm: str
) -> Quantity | None:
    block = cells.blocks[metric.name]
    covariates = list(_covariates(block))
    if not covariates:
        return None
    columns = formula_columns(block, capped=metric.cap is not None)
    control, treated = (
        moments_of(cells, metric, side).select([*columns, *covariates])
        for side in ({experiment.control.name}, {arm})
    )
    try:
        adjusted = compare_adjusted(
            control,
            treated,
            formula=metric.formula,
            columns=columns,
            covariates=covariates,
            level=float(experiment.analysis.level),
        )
    except StatsError:
        return None
    if adjusted.variance_reduction <= 0:
        return None
    return quantity(adjusted.inference.relative)


def _covariates(block: Iterable[Column]) -> Iterator[str]:
    return (c.name for c in block if c.role in {"before", "attribute"})


def _without_largest(
    experiment: Experiment, cells: Cells, metric: Metric, arm: str
) -> Quantity | None:
    columns = formula_columns(cells.blocks[metric.name], capped=False)
    sides = [
        moments_of(cells, metric, side).select(columns)
        for side in ({experiment.control.name}, {arm})
    ]
    if any(side.n < 3 or side.largest[0] <= 0 for side in sides):
        return None
    control, treated = (without_largest(side, columns[0]) for side in sides)
    inference = compare(
        control,
        treated,
        formula=metric.formula,
        columns=columns,
        family=metric.family,
        level=float(experiment.analysis.level),
    )
    return quantity(inference.relative)
