"""One metric, two sets of arms, one group of units: what the methods say of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from holdback.errors import StatsError
from holdback.experiments.cells import ALL, Cells, Column
from holdback.experiments.experiment import Experiment, Prior
from holdback.experiments.metrics import Metric
from holdback.experiments.scorecard import Bayes, Quantity
from holdback.stats.effect import Contrast, Inference
from holdback.stats.methods import compare
from holdback.stats.moments import Moments
from holdback.stats.posterior import LiftPrior, Posterior, posterior

__all__ = [
    "Group",
    "bayes_of",
    "formula_columns",
    "infer",
    "lift_prior",
    "moments_of",
    "other_priors",
    "posterior_of",
    "quantity",
]

WIDTHS = {"weak": 0.30, "skeptical": 0.05, "none": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The units that a comparison looks at: a segment's level, days up to one."""

    dimension: str = ALL
    level: str = ALL
    through: date | None = None


EVERYONE = Group()


def formula_columns(block: Sequence[Column], *, capped: bool) -> list[str]:
    """Names of the columns that the metric's formula takes, in its order."""
    twins = {
        replace(column.measure, cap=None): column.name
        for column in block
        if column.role == "capped" and column.measure is not None
    }
    return [
        twins.get(replace(column.measure, cap=None), column.name)
        if capped and column.measure is not None
        else column.name
        for column in block
        if column.role == "outcome"
    ]


def moments_of(
    cells: Cells, metric: Metric, arms: Collection[str], group: Group = EVERYONE
) -> Moments:
    """Moments of the metric's block over the matured units of `arms` in a group."""
    return cells.total(
        metric.name,
        arms,
        dimension=group.dimension,
        level=group.level,
        within=metric.within,
        through=group.through,
    )


def infer(
    experiment: Experiment,
    cells: Cells,
    metric: Metric,
    arms: Collection[str],
    group: Group = EVERYONE,
    *,
    capped: bool,
) -> Inference:
    """The metric of `arms` together against the control arm."""
    columns = formula_columns(cells.blocks[metric.name], capped=capped)
    control, treated = (
        moments_of(cells, metric, side, group).select(columns)
        for side in ({experiment.control.name}, arms)
    )
    return compare(
        control,
        treated,
        formula=metric.formula,
        columns=columns,
        family=metric.family,
        level=float(experiment.analysis.level),
    )


def lift_prior(prior: Prior) -> LiftPrior:
    """The prior that the file names, as a normal on the log ratio."""
    if prior.lift_sd is not None:
        return LiftPrior(name="custom", sd=float(prior.lift_sd))
    return LiftPrior(name=prior.name, sd=WIDTHS[prior.name])


def other_priors(prior: Prior) -> tuple[LiftPrior, ...]:
    """The named priors that the file did not choose, to be shown beside it."""
    return tuple(
        LiftPrior(name=name, sd=sd) for name, sd in WIDTHS.items() if name != prior.name
    )


def posterior_of(
    metric: Metric, inference: Inference, prior: LiftPrior
) -> Posterior | None:
    """Posterior of the lift; None where no honest one exists."""
    try:
        return posterior(inference, family=metric.family, prior=prior)
    except StatsError:
        return None


def bayes_of(
    experiment: Experiment, metric: Metric, inference: Inference, prior: LiftPrior
) -> Bayes | None:
    """The posterior's summary as the scorecard holds it."""
    found = posterior_of(metric, inference, prior)
    if found is None:
        return None
    interval = found.interval(float(experiment.analysis.level))
    if interval.lower is None or interval.upper is None:
        return None
    sign = 1 if metric.better == "higher" else -1
    minimum = sign * float(experiment.decision.minimum_lift)
    above = found.probability_above(minimum)
    shipped, held = found.expected_loss_if_shipped, found.expected_loss_if_held
    return Bayes(
        prior=prior.name,
        mean=found.mean,
        sd=found.sd,
        lower=interval.lower,
        upper=interval.upper,
        p_positive=found.probability_above(0.0),
        p_above_minimum=above if sign > 0 else 1 - above,
        expected_loss_if_shipped=shipped if sign > 0 else held,
        expected_loss_if_held=held if sign > 0 else shipped,
        method=found.method,
    )


def quantity(contrast: Contrast | None) -> Quantity | None:
    """A contrast as the scorecard holds it.

    An unbounded side is absent and named; without both sides there is no interval.
    """
    if contrast is None:
        return None
    lower, upper = contrast.interval.lower, contrast.interval.upper
    return Quantity(
        value=contrast.value,
        se=contrast.se,
        lower=lower,
        upper=upper,
        unbounded=_open_side(lower, upper),
    )


def _open_side(
    lower: float | None, upper: float | None
) -> Literal["lower", "upper"] | None:
    if (lower is None) == (upper is None):
        return None
    return "lower" if lower is None else "upper"
