"""What one metric can show with so many units: lift, power, safety."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.kinds.metric import Metric
from holdback.planning.baselines import Measured
from holdback.planning.design import Shares, detectable, forgone
from holdback.stats.design.power import (
    Baseline,
    PowerDesign,
    equivalence_power,
    not_worse_power,
    units_for_not_worse,
)
from holdback.stats.design.simulated_power import SimulatedPower
from holdback.stats.evidence.sample import data_seed, in_order
from holdback.stats.multiplicity.dunnett import critical
from holdback.stats.numeric import two_sided

__all__ = [
    "Alternative",
    "MetricPlan",
    "Point",
    "Safety",
    "alpha_of",
    "metric_plan",
    "power_curve",
    "shares_of",
]

CONTROL_SHARES = (0.05, 0.10, 0.15, 0.20, 0.30, 0.40, 0.50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """Another control share: the lift it could detect with the same units.

    `forgone` is the gross profit that it does not earn at the minimum lift.
    """

    control_share: float
    detectable_lift: float | None
    forgone: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Safety:
    """A guardrail's chance to be shown safe where nothing is harmed.

    `margin` is the worst harm accepted, as a lift (or in points for a score).
    """

    margin: float
    chance: float
    units_needed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricPlan:
    """What one metric can show: lifts as fractions, at `power` and the plan's level.

    `detectable_lift` is None where even the largest possible lift would be missed, and
    for a score, whose `detectable_points` are a difference. `units_needed` and
    `power_at_minimum` refer to the decision's minimum lift and are None where that is
    0; `chance_of_no_change` is the chance to show a change smaller than it where there
    is none.
    """

    metric: str
    label: str
    role: str
    baseline: Baseline
    power: float
    detectable_lift: float | None
    minimum_lift: float
    units_needed: int | None
    power_at_minimum: float | None
    alternatives: tuple[Alternative, ...]
    detectable_points: float | None = None
    chance_of_no_change: float | None = None
    safety: Safety | None = None
    unit: str | None = None
    scale: Literal["share", "value"] = "value"


def alpha_of(experiment: Experiment, units: int) -> float:
    """Of each arm's interval: Dunnett's where several arms are read together."""
    alpha = 1 - float(experiment.analysis.level)
    arms = experiment.treatments
    if len(arms) < 2 or experiment.analysis.multiplicity == "none":
        return alpha
    sizes = [max(1, round(units * float(arm.share))) for arm in arms]
    control = max(1, round(units * float(experiment.control.share)))
    return two_sided(critical(alpha, sizes, control))


def shares_of(metric: Metric, baseline: Baseline, alpha: float) -> Shares:
    """The metric's design at any shares of control and of a treatment arm."""

    def design(control_share: float, treatment_share: float) -> PowerDesign:
        return metric.design(
            baseline,
            control_share=control_share,
            treatment_share=treatment_share,
            alpha=alpha,
        )

    return design


def metric_plan(
    experiment: Experiment,
    name: str,
    role: str,
    baseline: Baseline,
    units: int,
    *,
    power: float,
) -> MetricPlan:
    """The plan of one metric with so many units in all arms."""
    metric = experiment.metrics[name]
    control = float(experiment.control.share)
    treated = float(min(arm.share for arm in experiment.treatments))
    lift = metric.has_lift
    minimum = 0.0 if not lift else float(experiment.decision.minimum_lift)
    design = shares_of(metric, baseline, alpha_of(experiment, units))
    actual = design(control, treated)
    smallest = detectable(actual, units, power=power)
    return MetricPlan(
        metric=name,
        label=metric.title,
        role=role,
        baseline=baseline,
        unit=metric.unit,
        scale=metric.scale,
        power=power,
        detectable_lift=smallest if lift else None,
        detectable_points=None if lift else smallest,
        minimum_lift=minimum,
        units_needed=actual.units_needed(lift=minimum, power=power)
        if minimum
        else None,
        power_at_minimum=actual.power(lift=minimum, units=units) if minimum else None,
        chance_of_no_change=equivalence_power(actual, margin=minimum, units=units)
        if minimum and role == "primary"
        else None,
        safety=_safety(experiment, metric, baseline, actual, units, power),
        alternatives=tuple(
            Alternative(
                control_share=share,
                detectable_lift=detectable(
                    design(share, 1 - share), units, power=power
                ),
                forgone=forgone(experiment, baseline, units, share)
                if role == "primary"
                else None,
            )
            for share in CONTROL_SHARES
            if len(experiment.arms) == 2 and lift
        ),
    )


def _safety(  # a guardrail and its design
    experiment: Experiment,
    metric: Metric,
    baseline: Baseline,
    design: PowerDesign,
    units: int,
    power: float,
) -> Safety | None:
    margin = experiment.guardrails.get(metric.name)
    if margin is None:
        return None
    size = float(margin.value)
    if margin.scale == "absolute" and metric.has_lift:
        size /= baseline.mean
    edge = -size if metric.better == "higher" else size
    try:
        return Safety(
            margin=edge,
            chance=not_worse_power(design, margin=edge, units=units),
            units_needed=units_for_not_worse(design, margin=edge, power=power),
        )
    except ValueError:  # a margin beyond what a rate can be
        return None


RUNS = 200
FEWER = 100
"""Tests a lift where more than 2,000 units have a value, which takes longer."""
FEW_VALUED = 2_000
MANY = 20_000
"""Units with a value above which the formula is right and a simulation slow."""
STEPS = (0.5, 0.75, 1.0, 1.5, 2.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The chance to find a true lift (or a change in points, for a score).

    `power` is the formula's; `simulated` that of tests with the user's own units.
    """

    size: float
    power: float
    simulated: SimulatedPower | None = None


def power_curve(
    experiment: Experiment,
    primary: MetricPlan,
    design: PowerDesign,
    units: int,
    *,
    seen: Measured,
    runs: int | None,
) -> tuple[Point, ...]:
    """Around what is found often; simulated where rows of the history are at hand."""
    around = primary.detectable_lift or primary.detectable_points
    if around is None:
        return ()
    sizes = {round(around * step, 3) for step in STEPS} | {primary.minimum_lift}
    points = []
    for size in sorted(point for point in sizes if point > 0):
        try:
            points.append(Point(size=size, power=design.power(lift=size, units=units)))
        except ValueError:  # more than a rate can be
            break
    by_size = _simulated(
        experiment, [point.size for point in points], units, seen, runs
    )
    return tuple(replace(point, simulated=by_size.get(point.size)) for point in points)


def _simulated(
    experiment: Experiment,
    lifts: Sequence[float],
    units: int,
    seen: Measured,
    runs: int | None,
) -> dict[float, SimulatedPower]:
    sample, metric = seen.sample, experiment.metrics[experiment.primary]
    heavy = metric.can_be_simulated and metric.name in seen.baselines
    if runs == 0 or sample is None or not heavy or not len(sample.rows):
        return {}
    control = max(2, round(units * float(experiment.control.share)))
    treated = max(2, round(units * float(experiment.treatments[0].share)))
    valued = (control + treated) * len(sample.rows) / sample.n
    if valued > MANY:
        return {}
    sample = replace(sample, rows=in_order(sample.rows))
    simulations = metric.simulated_power(
        sample,
        sizes=(control, treated),
        level=float(experiment.analysis.level),
        lifts=lifts,
        runs=runs or (RUNS if valued <= FEW_VALUED else FEWER),
        seed=(data_seed(sample.marks),),
    )
    return {simulation.lift: simulation for simulation in simulations}
