"""Power by true effect: what the formula says, and the shop's own units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from holdback.experiments.definition.experiment import Experiment
from holdback.planning.baselines import Measured
from holdback.planning.metric_power import MetricPlan
from holdback.stats.design.power import Design
from holdback.stats.design.simulated_power import SimulatedPower, simulated_power

__all__ = ["Point", "power_curve"]

RUNS = 200
FEWER = 100
"""Tests a lift where more than 2,000 units have a value, which takes longer."""
FEW = 2_000
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
    design: Design,
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
    found = []
    for size in sorted(one for one in sizes if one > 0):
        try:
            found.append(Point(size=size, power=design.power(lift=size, units=units)))
        except ValueError:  # more than a rate can be
            break
    by_size = _simulated(experiment, [one.size for one in found], units, seen, runs)
    return tuple(replace(one, simulated=by_size.get(one.size)) for one in found)


def _simulated(
    experiment: Experiment,
    lifts: Sequence[float],
    units: int,
    seen: Measured,
    runs: int | None,
) -> dict[float, SimulatedPower]:
    sample, metric = seen.sample, experiment.metrics[experiment.primary]
    heavy = metric.is_mean and metric.name in seen.baselines
    if runs == 0 or sample is None or not heavy or not len(sample.rows):
        return {}
    control = max(2, round(units * float(experiment.control.share)))
    treated = max(2, round(units * float(experiment.treatments[0].share)))
    valued = (control + treated) * len(sample.rows) / sample.n
    if valued > MANY:
        return {}
    found = simulated_power(
        sample,
        sizes=(control, treated),
        formula=metric.formula,
        family="mean",
        level=float(experiment.analysis.level),
        lifts=lifts,
        runs=runs or (RUNS if valued <= FEW else FEWER),
        seed=(experiment.seed, 11),
    )
    return {one.lift: one for one in found}
