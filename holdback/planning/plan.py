"""The plan: what an experiment will be able to show, before any result is seen.

Baselines come from the time *before* each unit's first exposure, so planning never
looks at an outcome; or they are given, where there is no history.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from statistics import median
from typing import TYPE_CHECKING, Any

from holdback.analysis.preregistration.plan_hash import plan_hash
from holdback.errors import ConfigError, Problem, StatsError
from holdback.experiments.definition.calendar import part_of_a_week
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import Fact, fact
from holdback.planning.baselines import Measured, Typed, given, measured, refuse_bad
from holdback.planning.design import (
    Design,
    design_of,
)
from holdback.planning.growth import Growth
from holdback.planning.metric_power import (
    MetricPlan,
    Point,
    alpha_of,
    metric_plan,
    power_curve,
    shares_of,
)
from holdback.planning.plan_returns import PlannedReturns, returns_of
from holdback.results.notebook_display import Shown, text_of
from holdback.stats.design.power import USUAL_POWER, Baseline
from holdback.stats.design.returning_units import FEWEST_WEEKS

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Plan", "WhatIf", "plan", "supposed"]

PEAK = 1.5
"""Times the usual units of a week from which it is taken for a season."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Shown):
    """The plan of one experiment: units in all arms, and every metric.

    `earlier` names the first and last day of the user's history on which the test was
    rehearsed; `curve` is the power of the primary by true lift.
    `arm_level` is the level of each arm's interval where several are read together.
    """

    experiment: str
    units: int
    control_share: float
    treatment_share: float
    level: float
    power: float
    metrics: tuple[MetricPlan, ...]
    notes: tuple[Fact, ...] = ()
    design: Design | None = None
    returns: PlannedReturns | None = None
    curve: tuple[Point, ...] = ()
    earlier: tuple[str, str] | None = None
    arm_level: float | None = None
    currency: str | None = None
    locale: str = "en-US"
    plan_hash: str = ""

    def __str__(self) -> str:
        return text_of(self)

    def to_dict(self) -> dict[str, Any]:
        """The plan as `plan.json` holds it."""
        import json

        from holdback.results.json_codec import to_json

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
    growth = _growth(experiment, units, seen)
    if what_if is not None:
        experiment, units = supposed(experiment, units, what_if, growth)
        growth = _growth(experiment, units, seen)
    power = 1 - (1 - USUAL_POWER) / (len(experiment.guardrails) + 1)
    alpha = alpha_of(experiment, units)
    primary = experiment.primary
    metrics = tuple(
        metric_plan(experiment, name, role, known[name], units, power=power)
        for name, role in dict(experiment.roles()).items()
        if name in known
    )
    design = returns = None
    curve: tuple[Point, ...] = ()
    if primary in known:
        shares = shares_of(experiment.metrics[primary], known[primary], alpha)
        curve = power_curve(
            experiment,
            next(m for m in metrics if m.metric == primary),
            shares(*_planned_shares(experiment)),
            units,
            seen=seen,
            runs=runs,
        )
        design = design_of(
            experiment, shares, known[primary], growth, power=power, joined=joined
        )
        returns = returns_of(experiment, shares, known[primary], units, power=power)
    level = float(experiment.analysis.level)
    control_share, treatment_share = _planned_shares(experiment)
    return Plan(
        experiment=experiment.name,
        plan_hash=plan_hash(experiment),
        units=units,
        control_share=control_share,
        treatment_share=treatment_share,
        level=level,
        arm_level=None if alpha == 1 - level else 1 - alpha,
        power=USUAL_POWER,
        metrics=metrics,
        notes=tuple(_notes(experiment, known, seen, growth, alpha=alpha, power=power)),
        design=design,
        returns=returns,
        curve=curve,
        earlier=None
        if seen.earlier is None
        else (seen.earlier[0].isoformat(), seen.earlier[1].isoformat()),
        currency=experiment.currency,
        locale=experiment.locale,
    )


def _notes(
    experiment: Experiment,
    known: Mapping[str, Baseline],
    seen: Measured,
    growth: Growth | None,
    *,
    alpha: float,
    power: float,
) -> Iterator[Fact]:
    """Where the figures come from, and what they leave out."""
    unknown = tuple(name for name, _ in experiment.roles() if name not in known)
    if seen.earlier is not None:
        first, last = seen.earlier
        yield fact("plan.rehearsed", first=first.isoformat(), last=last.isoformat())
        yield from _season(experiment, seen)
    if seen.untimed is not None:
        yield fact("plan.untimed", rows_of=seen.untimed)
    saved = {
        name: baseline.saved
        for name, baseline in seen.baselines.items()
        if baseline.saved
    }
    if saved:
        yield fact("plan.saved", variance_reduction=saved)
    if unknown:
        yield fact("plan.unknown", metrics=unknown)
    if experiment.guardrails:
        yield fact(
            "plan.guardrails", guardrails=len(experiment.guardrails), power=power
        )
    if len(experiment.treatments) > 1:
        yield fact("plan.several_arms", treatments=len(experiment.treatments))
    yield from _weeks_told(experiment, growth)
    metrics = (experiment.metrics[name] for name in known)
    if any(metric.is_rate for metric in metrics):
        yield fact("plan.rates", level=1 - alpha, power=power)
    yield fact("plan.amounts")


def _growth(experiment: Experiment, units: int, seen: Measured) -> Growth | None:
    window = experiment.window
    if window is None:
        return None
    days = (window.end - window.start).days + 1
    return Growth(units=units, days=days, history=seen.returning)


def _weeks_told(experiment: Experiment, growth: Growth | None) -> Iterator[Fact]:
    """What is odd about the window's days, and what is known of units that return."""
    if growth is None:
        return
    window = experiment.window
    over = part_of_a_week(window)
    if over:
        yield fact("plan.part_week", days=growth.days, over=over)
    for event in experiment.events:
        if window is not None and event.meets(window.start, window.end):
            yield fact(
                "plan.event",
                what=event.what,
                first=event.first.isoformat(),
                last=event.last.isoformat(),
                excluded=event.exclude,
            )
    if growth.history is None:
        yield fact("plan.proportional")
    elif not growth.history.foretells:
        yield fact(
            "plan.returning_unsure",
            known_weeks=growth.history.activity.weeks,
            weeks=FEWEST_WEEKS,
        )


def _season(experiment: Experiment, seen: Measured) -> Iterator[Fact]:
    """Weeks of the history that stand out; a window should not lean on them."""
    whole = seen.joined[:-1] if len(seen.joined) > 2 else seen.joined
    usual = median(whole) if whole else 0
    for joined in (whole, seen.last_year):
        weeks = tuple(
            week
            for week, units in enumerate(joined, 1)
            if usual and units > PEAK * usual
        )
        if weeks:
            yield fact(
                "plan.season" if joined is whole else "plan.season_last_year",
                weeks=weeks,
                times=PEAK,
            )
    window = experiment.window
    days = (window.end - window.start).days + 1 if window is not None else 0
    if seen.earlier is not None:
        known = (seen.earlier[1] - seen.earlier[0]).days + 1
        if known < days:
            yield fact("plan.short_history", known_days=known, days=days)


def _no_units(experiment: Experiment) -> Problem:
    return Problem(
        where=f"source {experiment.assignment.source}",
        what="no unit is known that could join, so nothing can be planned.",
        fix="Give --units N, or name a source of exposures that holds earlier days.",
    )


def _planned_shares(experiment: Experiment) -> tuple[float, float]:
    """Of control, and of the smallest treatment arm."""
    treated = min(arm.share for arm in experiment.treatments)
    return float(experiment.control.share), float(treated)


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """What to suppose: control's `share`, `weeks` of joining units, a true `lift`."""

    share: Fraction | None = None
    weeks: int | None = None
    lift: Fraction | None = None

    @classmethod
    def of(cls, given: Mapping[str, float | Fraction]) -> WhatIf:
        """From numbers by name. Raises ConfigError with everything that is wrong."""
        problems = list(_problems(given))
        if problems:
            raise ConfigError(problems)
        exact = {name: Fraction(str(value)) for name, value in given.items()}
        weeks = exact.pop("weeks", None)
        return cls(**exact, weeks=None if weeks is None else int(weeks))


def _problems(given: Mapping[str, float | Fraction]) -> Iterator[Problem]:
    known = ("share", "weeks", "lift")
    for name, value in given.items():
        where = f"--what-if {name}"
        if name not in known:
            yield Problem(
                where=where,
                what="is nothing that can be supposed.",
                fix=f"Write {', '.join(known[:-1])} or {known[-1]}.",
            )
        elif name == "share" and not 0 < value < 1:
            yield Problem(where=where, what="lies between 0% and 100%.")
        elif name == "weeks" and (value != int(value) or not 1 <= value <= 520):
            yield Problem(where=where, what="is a whole number from 1 to 520.")
        elif name == "lift" and not value > 0:
            yield Problem(
                where=where,
                what="lies above 0%.",
                why="No number of units proves that nothing has changed.",
            )


def supposed(
    experiment: Experiment, units: int, given: WhatIf, growth: Growth | None
) -> tuple[Experiment, int]:
    """The experiment and its units as supposed; treatment arms share what is left.

    Units of other weeks grow as the history shows.

    Raises ConfigError for weeks where the experiment has no window.
    """
    changed = experiment
    if given.share is not None:
        rest = (1 - given.share) / (1 - experiment.control.share)
        changed = replace(
            changed,
            arms=tuple(
                replace(arm, share=given.share if arm.control else arm.share * rest)
                for arm in changed.arms
            ),
        )
    if given.lift is not None:
        changed = replace(
            changed, decision=replace(changed.decision, minimum_lift=given.lift)
        )
    if given.weeks is None:
        return changed, units
    window = changed.window
    if window is None or growth is None:
        raise ConfigError(
            Problem(
                where="--what-if weeks",
                what="the experiment has no window, so nothing says how many units "
                "join in a week.",
                fix="Add `window: {start: …, end: …}`, or use --units.",
            )
        )
    end = window.start + timedelta(days=7 * given.weeks - 1)
    longer = replace(changed, window=replace(window, end=end))
    return longer, max(2, round(growth.after(given.weeks)))
