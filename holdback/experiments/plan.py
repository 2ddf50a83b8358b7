"""The plan: what an experiment will be able to show, before any result is seen.

Baselines come from the time *before* each unit's first exposure, so planning never
looks at an outcome; or they are given, where there is no history.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from holdback.experiments.baselines import Baseline, given, measured, refuse_bad
from holdback.experiments.experiment import Experiment
from holdback.experiments.metrics import Metric
from holdback.stats.power import (
    MeanDesign,
    ProportionDesign,
)

__all__ = ["Alternative", "MetricPlan", "Plan", "plan"]

POWER = 0.8
SHARES = (0.05, 0.10, 0.20, 0.30, 0.50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """Another control share and the lift it could detect with the same units."""

    control_share: float
    detectable_lift: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricPlan:
    """What one metric can show: lifts as fractions, at `power` and `level`.

    `detectable_lift` is None where even the largest possible lift would be missed.
    `units_needed` and `power_at_minimum` refer to the decision's minimum lift and
    are None where that is 0.
    """

    metric: str
    label: str
    role: str
    baseline: Baseline
    detectable_lift: float | None
    minimum_lift: float
    units_needed: int | None
    power_at_minimum: float | None
    alternatives: tuple[Alternative, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The plan of one experiment: units in all arms, and every metric."""

    experiment: str
    units: int
    control_share: float
    treatment_share: float
    level: float
    power: float
    metrics: tuple[MetricPlan, ...]
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join(_lines(self))


def plan(
    experiment: Experiment,
    *,
    baselines: Mapping[str, tuple[float, float | None]],
    units: int | None,
    frames: Mapping[str, object],
) -> Plan:
    """Detectable lift, units needed and power for every metric of the experiment.

    `baselines`: mean and standard deviation of one unit, by metric (no deviation for
    a conversion). Raises ConfigError for an impossible baseline, StatsError where
    there is neither history nor baseline.
    """
    refuse_bad(experiment, baselines, units)
    names = [name for name, _ in experiment.roles()]
    missing = [name for name in names if name not in baselines]
    known = {
        name: given(experiment.metrics[name], *baselines[name])
        for name in names
        if name in baselines
    }
    if missing or units is None:
        found, seen = measured(experiment, missing, frames)
        known |= found
        units = units or seen
    roles = dict(experiment.roles())
    return Plan(
        experiment=experiment.name,
        units=units,
        control_share=float(experiment.control.share),
        treatment_share=float(min(arm.share for arm in experiment.treatments)),
        level=float(experiment.analysis.level),
        power=POWER,
        metrics=tuple(
            _metric_plan(
                experiment, experiment.metrics[name], roles[name], known[name], units
            )
            for name in names
            if name in known
        ),
        notes=tuple(_notes(experiment, [n for n in names if n not in known])),
    )


def _metric_plan(
    experiment: Experiment, metric: Metric, role: str, baseline: Baseline, units: int
) -> MetricPlan:
    control = float(experiment.control.share)
    treated = float(min(arm.share for arm in experiment.treatments))
    minimum = float(experiment.decision.minimum_lift)
    alpha = 1 - float(experiment.analysis.level)

    def design(
        control_share: float, treatment_share: float
    ) -> ProportionDesign | MeanDesign:
        shares = {
            "control_share": control_share,
            "treatment_share": treatment_share,
            "alpha": alpha,
        }
        if metric.family == "proportion":
            return ProportionDesign(rate=baseline.mean, **shares)
        return MeanDesign(cv=baseline.cv, **shares)

    actual = design(control, treated)
    return MetricPlan(
        metric=metric.name,
        label=metric.title,
        role=role,
        baseline=baseline,
        detectable_lift=_detectable(actual, units),
        minimum_lift=minimum,
        units_needed=actual.units_needed(lift=minimum, power=POWER)
        if minimum
        else None,
        power_at_minimum=actual.power(lift=minimum, units=units) if minimum else None,
        alternatives=tuple(
            Alternative(
                control_share=share,
                detectable_lift=_detectable(design(share, 1 - share), units),
            )
            for share in SHARES
            if len(experiment.arms) == 2
        ),
    )


def _detectable(design: ProportionDesign | MeanDesign, units: int) -> float | None:
    try:
        return design.detectable_lift(units=units, power=POWER)
    except ValueError:
        return None


def _notes(experiment: Experiment, unknown: list[str]) -> Iterator[str]:
    if unknown:
        yield (
            f"No history for {', '.join(unknown)}: give --baseline to plan "
            f"{'it' if len(unknown) == 1 else 'them'}."
        )
    if len(experiment.treatments) > 1:
        yield (
            f"{len(experiment.treatments)} treatment arms: the lifts are for the "
            "smallest of them, one at a time."
        )
    yield (
        "For amounts of money the formula is optimistic when a few units spend most; "
        "read the detectable lift as the best case."
    )


def _lines(made: Plan) -> Iterator[str]:
    yield (
        f"Plan of {made.experiment}: {made.units:,} units, "
        f"{100 * made.control_share:g} % in control, "
        f"{100 * made.level:g} % intervals, power {100 * made.power:g} %"
    )
    yield ""
    width = max([len(m.label) for m in made.metrics] + [6])
    yield f"{'Metric':<{width}}  {'Baseline':>10}  {'Detects a lift of':>17}"
    for m in made.metrics:
        lift = _percent(m.detectable_lift)
        yield f"{m.label:<{width}}  {m.baseline.mean:>10.4g}  {lift:>17}"
    for m in made.metrics:
        if m.role == "primary":
            yield ""
            yield from _primary_lines(m, made)
    yield from ("", *made.notes)


def _primary_lines(m: MetricPlan, made: Plan) -> Iterator[str]:
    yield (
        f"With these units a true lift of {_percent(m.detectable_lift)} in {m.label} "
        f"is found {made.power * 10:.0f} times in 10; smaller ones less often."
    )
    if m.units_needed is not None and m.power_at_minimum is not None:
        yield (
            f"For the minimum lift of {100 * m.minimum_lift:g} %: "
            f"{m.units_needed:,} units are needed; with {made.units:,} the chance is "
            f"{100 * m.power_at_minimum:.0f} %."
        )
    if m.alternatives:
        options = ", ".join(
            f"{100 * a.control_share:g} % → {_percent(a.detectable_lift)}"
            for a in m.alternatives
        )
        yield f"Detectable lift by share of control: {options}."


def _percent(lift: float | None) -> str:
    return "none" if lift is None else f"{100 * lift:.1f} %"
