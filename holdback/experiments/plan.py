"""The plan: what an experiment will be able to show, before any result is seen.

Baselines come from the time *before* each unit's first exposure, so planning never
looks at an outcome; or they are given, where there is no history.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from holdback.experiments.baselines import Baseline, given, measured, refuse_bad
from holdback.experiments.designing import (
    Design,
    Shares,
    design_of,
    detectable,
    forgone,
)
from holdback.experiments.experiment import Experiment
from holdback.experiments.metrics import Metric
from holdback.experiments.plan_told import told
from holdback.experiments.shown import Shown
from holdback.experiments.what_if import WhatIf, supposed
from holdback.stats.power import (
    MeanDesign,
    ProportionDesign,
)

__all__ = ["Alternative", "MetricPlan", "Plan", "plan"]

POWER = 0.8
SHARES = (0.05, 0.10, 0.20, 0.30, 0.50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """Another control share: the lift it could detect with the same units.

    `forgone` is the gross profit that it does not earn at the minimum lift.
    """

    control_share: float
    detectable_lift: float | None
    forgone: float | None = None


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
class Plan(Shown):
    """The plan of one experiment: units in all arms, and every metric."""

    experiment: str
    units: int
    control_share: float
    treatment_share: float
    level: float
    power: float
    metrics: tuple[MetricPlan, ...]
    notes: tuple[str, ...] = ()
    design: Design | None = None
    currency: str | None = None
    locale: str = "en-US"

    def __str__(self) -> str:
        return "\n".join(_lines(self))

    def told(self) -> list[str]:
        """The design around the primary metric, in sentences."""
        if self.design is None:
            return []
        label = next(m.label for m in self.metrics if m.metric == self.design.metric)
        return list(
            told(
                self.design,
                label=label,
                control_share=self.control_share,
                power=self.power,
                currency=self.currency or "",
            )
        )


def plan(
    experiment: Experiment,
    *,
    baselines: Mapping[str, tuple[float, float | None]],
    units: int | None,
    frames: Mapping[str, object],
    what_if: WhatIf | None = None,
) -> Plan:
    """Detectable lift, units needed and power for every metric of the experiment.

    `baselines`: mean and standard deviation of one unit, by metric (no deviation for
    a conversion). `what_if` changes the circumstances after the history was read.
    Raises ConfigError for an impossible baseline, StatsError where
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
    if what_if is not None:
        experiment, units = supposed(experiment, units, what_if)
    roles = dict(experiment.roles())
    primary = experiment.primary
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
        design=design_of(
            experiment,
            _shares(experiment, experiment.metrics[primary], known[primary]),
            known[primary],
            units,
            power=POWER,
        )
        if primary in known
        else None,
        currency=experiment.currency,
        locale=experiment.locale,
    )


def _shares(experiment: Experiment, metric: Metric, baseline: Baseline) -> Shares:
    """The metric's design at any shares of control and of a treatment arm."""
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

    return design


def _metric_plan(
    experiment: Experiment, metric: Metric, role: str, baseline: Baseline, units: int
) -> MetricPlan:
    control = float(experiment.control.share)
    treated = float(min(arm.share for arm in experiment.treatments))
    minimum = float(experiment.decision.minimum_lift)
    design = _shares(experiment, metric, baseline)
    actual = design(control, treated)
    return MetricPlan(
        metric=metric.name,
        label=metric.title,
        role=role,
        baseline=baseline,
        detectable_lift=detectable(actual, units, power=POWER),
        minimum_lift=minimum,
        units_needed=actual.units_needed(lift=minimum, power=POWER)
        if minimum
        else None,
        power_at_minimum=actual.power(lift=minimum, units=units) if minimum else None,
        alternatives=tuple(
            Alternative(
                control_share=share,
                detectable_lift=detectable(
                    design(share, 1 - share), units, power=POWER
                ),
                forgone=forgone(experiment, baseline, units, share)
                if role == "primary"
                else None,
            )
            for share in SHARES
            if len(experiment.arms) == 2
        ),
    )


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
    design = made.told()
    yield from ("", *design) if design else ()
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
