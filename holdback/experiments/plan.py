"""The plan: what an experiment will be able to show, before any result is seen.

Baselines come from the time *before* each unit's first exposure, so planning never
looks at an outcome; or they are given, where there is no history.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any

from holdback.errors import Problem, StatsError
from holdback.experiments.baselines import Baseline, Measured, measured
from holdback.experiments.designing import (
    Design,
    Shares,
    design_of,
    detectable,
    forgone,
)
from holdback.experiments.experiment import Experiment
from holdback.experiments.metrics import Metric
from holdback.experiments.plan_hash import plan_hash
from holdback.experiments.plan_returns import Returns, returns_of, told_returns
from holdback.experiments.plan_text import lines, notes
from holdback.experiments.plan_told import told
from holdback.experiments.shown import Shown
from holdback.experiments.typed_baselines import Typed, given, refuse_bad
from holdback.experiments.what_if import WhatIf, supposed
from holdback.stats.dunnett import critical
from holdback.stats.normal import two_sided
from holdback.stats.power import Design as PowerDesign
from holdback.stats.power import (
    MeanDesign,
    ProportionDesign,
    ScoreDesign,
    equivalence_power,
    not_worse_power,
    units_for_not_worse,
)
from holdback.stats.power_simulated import SimulatedPower, simulated_power

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Alternative", "MetricPlan", "Plan", "Safety", "plan"]

POWER = 0.8
RUNS = 200
FEWER = 100
"""Tests a lift where more than 2,000 units have a value, which takes longer."""
FEW = 2_000
STEPS = (0.5, 0.75, 1.0, 1.5, 2.0)
MANY = 20_000
"""Units with a value above which the formula is right and a simulation slow."""
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Shown):
    """The plan of one experiment: units in all arms, and every metric.

    `earlier` names the first and last day of the user's history on which the test was
    rehearsed; `curve` is then the power of the primary by simulation from its units.
    `arm_level` is the level of each arm's interval where several are read together.
    """

    experiment: str
    units: int
    control_share: float
    treatment_share: float
    level: float
    power: float
    metrics: tuple[MetricPlan, ...]
    notes: tuple[str, ...] = ()
    design: Design | None = None
    returns: Returns | None = None
    curve: tuple[SimulatedPower, ...] = ()
    earlier: tuple[str, str] | None = None
    arm_level: float | None = None
    currency: str | None = None
    locale: str = "en-US"
    plan_hash: str = ""

    def __str__(self) -> str:
        return "\n".join(lines(self))

    def told(self) -> list[str]:
        """The design around the primary metric, in sentences."""
        if self.design is None:
            return []
        label = next(m.label for m in self.metrics if m.metric == self.design.metric)
        currency = self.currency or ""
        found = told(
            self.design,
            label=label,
            control_share=self.control_share,
            power=self.metrics[0].power,
            currency=currency,
        )
        if self.returns is None:
            return list(found)
        return [*found, *told_returns(self.returns, currency)]

    def to_dict(self) -> dict[str, Any]:
        """The plan as `plan.json` holds it."""
        import json

        from holdback.experiments.codec import to_json

        plain: dict[str, Any] = json.loads(to_json(self))
        return plain

    def to_pandas(self) -> pd.DataFrame:
        """One row a metric: what it can show, as in `MetricPlan`."""
        import pandas as pd

        rows = []
        for metric in self.to_dict()["metrics"]:
            baseline = metric.pop("baseline")
            safety = metric.pop("safety", {})
            metric.pop("alternatives", None)
            rows.append(
                metric
                | {f"baseline_{key}": value for key, value in baseline.items()}
                | {f"safety_{key}": value for key, value in safety.items()}
            )
        return pd.DataFrame(rows)


def plan(
    experiment: Experiment,
    *,
    baselines: Typed,
    units: int | None,
    frames: Mapping[str, object],
    what_if: WhatIf | None = None,
    runs: int | None = None,
) -> Plan:
    """Detectable lift, units needed and power for every metric of the experiment.

    `baselines`: mean and standard deviation of one unit, by metric (no deviation for
    a conversion; for a score also the share of units that answer). `what_if` changes
    the circumstances after the history was read; `runs` is how often a test is
    simulated for each lift of the power curve (0: not at all). Raises ConfigError for
    an impossible baseline, StatsError where there is neither history nor baseline.
    """
    refuse_bad(experiment, baselines, units)
    names = [name for name, _ in experiment.roles()]
    missing = [name for name in names if name not in baselines]
    known = {
        name: given(experiment.metrics[name], baselines[name])
        for name in names
        if name in baselines
    }
    seen = Measured(baselines={}, units=0)
    if missing or units is None:
        seen = measured(experiment, missing, frames)
        known |= {n: b for n, b in seen.baselines.items() if n in missing}
        units = units or seen.units
    if units < 2:
        raise StatsError(_no_units(experiment))
    joined = seen.joined if units == seen.units and what_if is None else ()
    if what_if is not None:
        experiment, units = supposed(experiment, units, what_if)
    power = 1 - (1 - POWER) / (len(experiment.guardrails) + 1)
    alpha = _alpha(experiment, units)
    primary = experiment.primary
    design = returns = None
    if primary in known:
        shares = _shares(experiment.metrics[primary], known[primary], alpha)
        design = design_of(
            experiment, shares, known[primary], units, power=power, joined=joined
        )
        returns = returns_of(experiment, shares, known[primary], units, power=power)
    level = float(experiment.analysis.level)
    return Plan(
        experiment=experiment.name,
        plan_hash=plan_hash(experiment),
        units=units,
        control_share=float(experiment.control.share),
        treatment_share=float(min(arm.share for arm in experiment.treatments)),
        level=level,
        arm_level=None if alpha == 1 - level else 1 - alpha,
        power=POWER,
        metrics=tuple(
            _metric_plan(experiment, name, role, known[name], units, power=power)
            for name, role in dict(experiment.roles()).items()
            if name in known
        ),
        notes=tuple(
            notes(experiment, [n for n in names if n not in known], seen, power)
        ),
        design=design,
        returns=returns,
        curve=_curve(experiment, seen, units, runs)
        if primary in known and primary not in baselines
        else (),
        earlier=None
        if seen.earlier is None
        else (seen.earlier[0].isoformat(), seen.earlier[1].isoformat()),
        currency=experiment.currency,
        locale=experiment.locale,
    )


def _no_units(experiment: Experiment) -> Problem:
    return Problem(
        where=f"source {experiment.assignment.source}",
        what="no unit is known that could join, so nothing can be planned.",
        fix="Give --units N, or name a source of exposures that holds earlier days.",
    )


def _alpha(experiment: Experiment, units: int) -> float:
    """Of each arm's interval: Dunnett's where several arms are read together."""
    alpha = 1 - float(experiment.analysis.level)
    arms = experiment.treatments
    if len(arms) < 2 or experiment.analysis.multiplicity == "none":
        return alpha
    sizes = [max(1, round(units * float(arm.share))) for arm in arms]
    control = max(1, round(units * float(experiment.control.share)))
    return two_sided(critical(alpha, sizes, control))


def _shares(metric: Metric, baseline: Baseline, alpha: float) -> Shares:
    """The metric's design at any shares of control and of a treatment arm."""

    def design(control_share: float, treatment_share: float) -> PowerDesign:
        shares = {
            "control_share": control_share,
            "treatment_share": treatment_share,
            "alpha": alpha,
        }
        left = sqrt(1 - baseline.saved)
        if baseline.cv is None:
            return ScoreDesign(
                sd=left * (baseline.sd or 0.0),
                response_rate=baseline.response_rate or 1.0,
                **shares,
            )
        if metric.family == "proportion" and not baseline.saved:
            return ProportionDesign(rate=baseline.mean, **shares)
        return MeanDesign(cv=left * baseline.cv, **shares)

    return design


def _metric_plan(  # a metric and what is known of it
    experiment: Experiment,
    name: str,
    role: str,
    baseline: Baseline,
    units: int,
    *,
    power: float,
) -> MetricPlan:
    metric = experiment.metrics[name]
    control = float(experiment.control.share)
    treated = float(min(arm.share for arm in experiment.treatments))
    score = metric.family == "score"
    minimum = 0.0 if score else float(experiment.decision.minimum_lift)
    design = _shares(metric, baseline, _alpha(experiment, units))
    actual = design(control, treated)
    smallest = detectable(actual, units, power=power)
    return MetricPlan(
        metric=name,
        label=metric.title,
        role=role,
        baseline=baseline,
        power=power,
        detectable_lift=None if score else smallest,
        detectable_points=smallest if score else None,
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
            for share in SHARES
            if len(experiment.arms) == 2 and not score
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
    if margin.scale == "absolute" and metric.family != "score":
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


def _curve(
    experiment: Experiment, seen: Measured, units: int, runs: int | None
) -> tuple[SimulatedPower, ...]:
    """Power of the primary by simulation, around the lift that the formula detects."""
    sample, metric = seen.sample, experiment.metrics[experiment.primary]
    heavy = metric.family == "mean" and len(metric.measures()) == 1
    if runs == 0 or sample is None or not heavy or not len(sample.rows):
        return ()
    control = max(2, round(units * float(experiment.control.share)))
    treated = max(2, round(units * float(experiment.treatments[0].share)))
    valued = (control + treated) * len(sample.rows) / sample.n
    if valued > MANY:
        return ()
    cv = seen.baselines[metric.name].cv or 1.0
    around = MeanDesign(
        cv=cv,
        control_share=float(experiment.control.share),
        treatment_share=float(experiment.treatments[0].share),
    ).detectable_lift(units=units, power=POWER)
    lifts = {round(around * step, 3) for step in STEPS}
    lifts.add(float(experiment.decision.minimum_lift))
    return simulated_power(
        sample,
        sizes=(control, treated),
        formula=metric.formula,
        family="mean",
        level=float(experiment.analysis.level),
        lifts=sorted(lift for lift in lifts if lift > 0),
        runs=runs or (RUNS if valued <= FEW else FEWER),
        seed=(experiment.seed, 11),
    )
