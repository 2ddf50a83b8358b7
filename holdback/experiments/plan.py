"""The plan: what an experiment will be able to show, before any result is seen.

Baselines come from the time *before* each unit's first exposure, so planning never
looks at an outcome; or they are given, where there is no history.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from math import sqrt

from holdback.errors import ConfigError, Problem, StatsError
from holdback.experiments.cells import Cells
from holdback.experiments.experiment import Experiment
from holdback.experiments.extract import extract
from holdback.experiments.metrics import Metric
from holdback.stats.delta import estimate
from holdback.stats.power import (
    MeanDesign,
    ProportionDesign,
)

__all__ = ["Alternative", "Baseline", "MetricPlan", "Plan", "plan"]

POWER = 0.8
DEFAULT_LOOKBACK = timedelta(days=28)
SHARES = (0.05, 0.10, 0.20, 0.30, 0.50)


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A metric as it is without the test: mean and relative spread of one unit.

    `cv` is the coefficient of variation of a unit's (linearized) value; `days` the
    length of the history, None where the figure was given.
    """

    mean: float
    cv: float
    nonzero_share: float | None = None
    days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """Another control share and the lift it could detect with the same units."""

    control_share: float
    detectable_lift: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricPlan:
    """What one metric can show: lifts as fractions, at `power` and `level`.

    `units_needed` and `power_at_minimum` refer to the decision's minimum lift and
    are None where that is 0.
    """

    metric: str
    label: str
    role: str
    baseline: Baseline
    detectable_lift: float
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
    _refuse_bad(experiment, baselines, units)
    names = [name for name, _ in experiment.roles()]
    missing = [name for name in names if name not in baselines]
    measured: dict[str, Baseline] = {}
    if missing or units is None:
        measured, found = _measured(experiment, missing, frames)
        units = units or found
    roles = dict(experiment.roles())
    given = {
        name: _given(experiment.metrics[name], *baselines[name])
        for name in names
        if name in baselines
    }
    known = measured | given
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
        label=metric.label or metric.name.replace("_", " "),
        role=role,
        baseline=baseline,
        detectable_lift=actual.detectable_lift(units=units, power=POWER),
        minimum_lift=minimum,
        units_needed=actual.units_needed(lift=minimum, power=POWER)
        if minimum
        else None,
        power_at_minimum=actual.power(lift=minimum, units=units) if minimum else None,
        alternatives=tuple(
            Alternative(
                control_share=share,
                detectable_lift=design(share, 1 - share).detectable_lift(
                    units=units, power=POWER
                ),
            )
            for share in SHARES
            if len(experiment.arms) == 2
        ),
    )


def _measured(
    experiment: Experiment, names: list[str], frames: Mapping[str, object]
) -> tuple[dict[str, Baseline], int]:
    """Baselines from before exposure, and the number of units in the data."""
    if experiment.sources[experiment.assignment.source].columns.time is None:
        raise StatsError(
            Problem(
                what="there is no time from before the test to learn a baseline from: "
                f"source '{experiment.assignment.source}' has no `time` column.",
                fix="Give the baselines: --baseline METRIC=MEAN (a conversion) or "
                "--baseline METRIC=MEAN,SD, and --units N.",
            )
        )
    found: dict[str, Baseline] = {}
    units = 0
    waits = {n: experiment.metrics[n].within or DEFAULT_LOOKBACK for n in names}
    for wait in sorted(set(waits.values())) or [DEFAULT_LOOKBACK]:
        analysis = replace(
            experiment.analysis, lookback=wait, segments=(), covariates=()
        )
        evidence = extract(replace(experiment, analysis=analysis), frames=frames)
        units = sum(evidence.assigned.values())
        for name in (n for n, own in waits.items() if own == wait):
            baseline = _history(
                evidence.cells, experiment, experiment.metrics[name], wait
            )
            if baseline is not None:
                found[name] = baseline
    return found, units


def _history(
    cells: Cells, experiment: Experiment, metric: Metric, wait: timedelta
) -> Baseline | None:
    columns = [c.name for c in cells.blocks[metric.name] if c.role == "before"]
    arms = [arm.name for arm in experiment.arms]
    moments = cells.total(metric.name, arms).select(columns)
    if not columns or moments.n < 2 or any(total <= 0 for total in moments.total):
        return None
    before = estimate(moments, metric.formula, columns)
    if before.value <= 0 or before.se <= 0:
        return None
    return Baseline(
        mean=before.value,
        cv=before.se * sqrt(before.n) / before.value,
        nonzero_share=before.nonzero / before.n,
        days=wait.days,
    )


def _given(metric: Metric, mean: float, sd: float | None) -> Baseline:
    if metric.family == "proportion":
        return Baseline(mean=mean, cv=sqrt((1 - mean) / mean))
    assert sd is not None  # noqa: S101  # _refuse_bad has asked for it
    return Baseline(mean=mean, cv=sd / mean)


def _refuse_bad(
    experiment: Experiment,
    baselines: Mapping[str, tuple[float, float | None]],
    units: int | None,
) -> None:
    problems = []
    names = [name for name, _ in experiment.roles()]
    for name, (mean, sd) in baselines.items():
        where = f"--baseline {name}"
        if name not in names:
            problems.append(
                Problem(
                    where=where,
                    what="is not a metric of this experiment.",
                    fix=f"Metrics: {', '.join(names)}.",
                )
            )
        elif experiment.metrics[name].family == "proportion":
            if not 0 < mean < 1:
                problems.append(
                    Problem(
                        where=where,
                        what="a conversion rate lies between 0 % and 100 %, got "
                        f"{mean:g}.",
                        fix=f"Write for instance {name}=3% or {name}=0.03.",
                    )
                )
        elif mean <= 0 or sd is None or sd <= 0:
            problems.append(
                Problem(
                    where=where,
                    what="needs a mean and a standard deviation above 0.",
                    why="Power for amounts depends on how much units differ.",
                    fix=f"Write for instance {name}=1.80,12.5.",
                )
            )
    if units is not None and units < 2:
        problems.append(
            Problem(where="--units", what=f"needs at least 2 units, got {units}.")
        )
    if problems:
        raise ConfigError(problems)


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
        lift = f"{100 * m.detectable_lift:.1f} %"
        yield f"{m.label:<{width}}  {m.baseline.mean:>10.4g}  {lift:>17}"
    for m in made.metrics:
        if m.role == "primary":
            yield ""
            yield from _primary_lines(m, made)
    yield from ("", *made.notes)


def _primary_lines(m: MetricPlan, made: Plan) -> Iterator[str]:
    yield (
        f"With these units a true lift of {100 * m.detectable_lift:.1f} % in {m.label} "
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
            f"{100 * a.control_share:g} % → {100 * a.detectable_lift:.1f} %"
            for a in m.alternatives
        )
        yield f"Detectable lift by share of control: {options}."
