"""What the plan expected beside what came, and what an unclear result still takes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil, expm1, log1p, sqrt
from pathlib import Path
from typing import Any

from holdback.analysis.comparison.comparison import Comparison
from holdback.data.evidence.cells import Cells
from holdback.experiments.definition.calendar import last_day
from holdback.experiments.definition.experiment import Experiment
from holdback.results.sections.against_plan import Expected, Outlook
from holdback.stats.evidence.effect import Inference
from holdback.stats.numeric import quantile

__all__ = ["compared_with_plan", "expected_of", "outlook_of", "planned_in"]

POWER = 0.8
YEAR = 52


def planned_in(experiment: Experiment, folder: Path, digest: str) -> dict[str, Any]:
    """What the plan.json of a folder expected, for the lock; empty for another plan."""
    try:
        text = (folder / "plan.json").read_text(encoding="utf-8")
        plan = json.loads(text)
        found = next(m for m in plan["metrics"] if m["role"] == "primary")
        if plan["plan_hash"] != digest or found["metric"] != experiment.primary:
            return {}
        return {"expected": expected_of(plan, found)}
    except (OSError, ValueError, KeyError, TypeError, StopIteration):
        return {}  # no plan that could be compared


def expected_of(plan: Mapping[str, Any], found: Mapping[str, Any]) -> dict[str, Any]:
    """The figures of a plan's primary that an outcome can be compared with."""
    return {
        "metric": found["metric"],
        "power": found["power"],
        "planned_units": plan["units"],
        "planned_mean": found["baseline"]["mean"],
        "planned_cv": found["baseline"].get("cv"),
        "planned_detectable_lift": found.get("detectable_lift"),
    }


def compared_with_plan(
    experiment: Experiment,
    cells: Cells,
    level: float,
    planned: Mapping[str, Any] | None,
) -> Expected | None:
    """The locked expectations beside what the first treatment arm shows."""
    if planned is None or planned["metric"] != experiment.primary:
        return None
    inference = _inference(experiment, cells, level)
    control, treated = inference.control, inference.treatment
    cv = None
    if control is not None and treated is not None:
        both = [
            (e.n, e.se * sqrt(e.n) / e.value) for e in (control, treated) if e.value
        ]
        if len(both) == 2:
            cv = sqrt(sum(n * c**2 for n, c in both) / sum(n for n, _ in both))
    return Expected(
        **planned,
        units=_units(experiment, cells),
        mean=None if control is None else control.value,
        cv=cv,
        detectable_lift=None
        if inference.log_ratio is None
        else expm1(_reach(level, float(planned["power"])) * inference.log_ratio.se),
    )


def outlook_of(
    experiment: Experiment,
    cells: Cells,
    level: float,
    as_of: datetime | None,
    expected: Expected | None,
) -> Outlook | None:
    """Units and weeks that the lift looked for takes; None without one, or a number.

    ln R has the error s with n units, so a lift L is found with n (z s / ln(1 + L))².
    The observed effect is left out: a power computed from it only repeats the p-value
    (Hoenig & Heisey 2001, The American Statistician 55: 19–24).
    """
    window = experiment.window
    lift = float(experiment.decision.minimum_lift)
    if not lift and expected is not None:
        lift = expected.planned_detectable_lift or 0.0
    if not lift or window is None or as_of is None or len(experiment.treatments) > 1:
        return None
    inference, units = _inference(experiment, cells, level), _units(experiment, cells)
    if inference.log_ratio is None or not units:
        return None
    power = POWER if expected is None else expected.power
    error = _reach(level, power) * inference.log_ratio.se / log1p(lift)
    needed = ceil(units * error**2)
    within = experiment.metrics[experiment.primary].within or timedelta(0)
    joining = min(last_day(experiment, as_of) - within, window.end) - window.start
    weeks = ceil((needed / units - 1) * (joining.days + 1) / 7)
    return Outlook(
        lift=lift,
        power=power,
        units=units,
        units_needed=needed,
        weeks_more=None if weeks > YEAR else max(weeks, 0),
    )


def _inference(experiment: Experiment, cells: Cells, level: float) -> Inference:
    metric = experiment.metrics[experiment.primary]
    return Comparison(
        experiment=experiment,
        cells=cells,
        metric=metric,
        arms=frozenset({experiment.treatments[0].name}),
        capped=metric.cap is not None,
    ).inference(level)


def _units(experiment: Experiment, cells: Cells) -> int:
    within = experiment.metrics[experiment.primary].within
    return sum(cells.units(arm.name, within=within) for arm in experiment.arms)


def _reach(level: float, power: float) -> float:
    return quantile((1 + level) / 2) + quantile(power)
