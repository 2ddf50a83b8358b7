"""What the plan expected beside what came: units, level, spread, detectable lift."""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import expm1, sqrt
from pathlib import Path
from typing import Any

from holdback.experiments.cells import Cells
from holdback.experiments.comparison import Comparison
from holdback.experiments.expected import Expected
from holdback.experiments.experiment import Experiment
from holdback.stats.normal import quantile

__all__ = ["compared_with_plan", "expected_of", "planned_in"]


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
    metric = experiment.metrics[experiment.primary]
    comparison = Comparison(
        experiment=experiment,
        cells=cells,
        metric=metric,
        arms=frozenset({experiment.treatments[0].name}),
        capped=metric.cap is not None,
    )
    units = sum(cells.units(arm.name, within=metric.within) for arm in experiment.arms)
    inference = comparison.inference(level)
    control, treated = inference.control, inference.treatment
    cv = None
    if control is not None and treated is not None:
        both = [
            (e.n, e.se * sqrt(e.n) / e.value) for e in (control, treated) if e.value
        ]
        if len(both) == 2:
            cv = sqrt(sum(n * c**2 for n, c in both) / sum(n for n, _ in both))
    reach = quantile((1 + level) / 2) + quantile(float(planned["power"]))
    return Expected(
        **planned,
        units=units,
        mean=None if control is None else control.value,
        cv=cv,
        detectable_lift=None
        if inference.log_ratio is None
        else expm1(reach * inference.log_ratio.se),
    )
