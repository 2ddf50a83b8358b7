"""Looks while a test runs: how strict each must be, and what reading early costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from holdback.experiments.definition.calendar import complete_on, elapsed
from holdback.experiments.definition.experiment import Experiment
from holdback.stats.design.power import Design
from holdback.stats.normal import quantile
from holdback.stats.root_finding import root
from holdback.stats.sequential.group_sequential import boundaries, drift_power

__all__ = ["LookPlan", "Week", "looks_of"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """What the test could show if units joined up to the end of a week.

    A score has `detectable_points` in place of a lift.
    """

    week: int
    units: int
    detectable_lift: float | None = None
    detectable_points: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LookPlan:
    """A look: how strict it is, and the chance to stop by it at the target.

    `week` is the week of a weekly look, `on` the day of a planned one.
    """

    information: float
    boundary: float
    chance: float
    week: int | None = None
    on: str | None = None


def looks_of(
    experiment: Experiment,
    weeks: Sequence[Week],
    design: Design,
    *,
    target: float,
    power: float,
) -> tuple[tuple[LookPlan, ...], float | None]:
    """Looks under alpha spending: boundaries, chances to stop, and the price.

    Those that are planned, or one a week where the file lets them be taken freely.
    """
    when = _times(experiment, weeks)
    if len(when) < 2:
        return (), None
    alpha = 1 - float(experiment.analysis.level)
    times = [time for _, _, time in when]
    bounds = boundaries(times, alpha=alpha)
    fixed = quantile(1 - alpha / 2) + quantile(power)

    def missing(drift: float) -> float:
        return sum(drift_power(times, bounds, drift).upper) - power

    factor = (root(missing, fixed, 2 * fixed) / fixed) ** 2
    needed = design.units_needed(lift=target, power=power)
    drift = fixed * (weeks[-1].units / needed) ** 0.5
    chances = accumulate(drift_power(times, bounds, drift).upper)
    looks = tuple(
        LookPlan(information=time, boundary=bound, chance=chance, week=week, on=on)
        for (week, on, time), bound, chance in zip(when, bounds, chances, strict=True)
    )
    return looks, factor


def _times(
    experiment: Experiment, weeks: Sequence[Week]
) -> list[tuple[int | None, str | None, float]]:
    """Week or day of each look, and the part of the information that it sees."""
    looks, window = experiment.analysis.looks, experiment.window
    if looks == "spending":
        last = weeks[-1].units
        return [(week.week, None, week.units / last) for week in weeks]
    complete = complete_on(experiment)
    if isinstance(looks, str) or window is None or complete is None:
        return []
    before = [day for day in looks if day < complete]
    return [
        *(
            (None, day.isoformat(), elapsed(window.start, complete, day))
            for day in before
        ),
        (None, complete.isoformat(), 1.0),
    ]
