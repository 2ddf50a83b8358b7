"""What the plan expected beside what came, and what an unclear result still takes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from math import ceil, expm1, log1p, sqrt
from typing import Any

from holdback.analysis.comparison.comparison import Comparison
from holdback.analysis.section_readers import Basis, readers
from holdback.data.evidence.cells import Cells
from holdback.experiments.definition.calendar import last_day
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.language.quantities import WEEKS_PER_YEAR
from holdback.results.sections.against_plan import Expected, Outlook
from holdback.stats.design.power import USUAL_POWER
from holdback.stats.evidence.effect import Inference
from holdback.stats.numeric import quantile

__all__ = ["compared_with_plan", "outlook_of"]


@readers.register("expected")
def compared_with_plan(basis: Basis) -> Iterator[Expected]:
    """The locked expectations beside what the first treatment arm shows."""
    planned = _planned(basis)
    if planned is None:
        return
    experiment, cells = basis.experiment, basis.cells
    level = basis.stage.nominal
    inference = _inference(experiment, cells, level)
    control, treated = inference.control, inference.treatment
    cv = None
    if control is not None and treated is not None:
        both = [
            (e.n, e.se * sqrt(e.n) / e.value) for e in (control, treated) if e.value
        ]
        if len(both) == 2:
            cv = sqrt(sum(n * c**2 for n, c in both) / sum(n for n, _ in both))
    yield Expected(
        **planned,
        units=_units(experiment, cells),
        mean=None if control is None else control.value,
        cv=cv,
        detectable_lift=None
        if inference.log_ratio is None
        else expm1(_reach(level, float(planned["power"])) * inference.log_ratio.se),
    )


@readers.register("outlook")
def outlook_of(basis: Basis) -> Iterator[Outlook]:
    """Units and weeks that the lift looked for takes; none without one, or a number.

    ln R has the error s with n units, so a lift L is found with n (z s / ln(1 + L))².
    The observed effect is left out: a power computed from it only repeats the p-value
    (Hoenig & Heisey 2001, The American Statistician 55: 19–24).
    """
    experiment, cells = basis.experiment, basis.cells
    window, as_of, planned = experiment.window, basis.evidence.as_of, _planned(basis)
    lift = float(experiment.decision.minimum_lift)
    if not lift and planned is not None:
        lift = planned.get("planned_detectable_lift") or 0.0
    if not lift or window is None or as_of is None or len(experiment.treatments) > 1:
        return
    level = basis.stage.nominal
    inference, units = _inference(experiment, cells, level), _units(experiment, cells)
    if inference.log_ratio is None or not units:
        return
    power = USUAL_POWER if planned is None else planned["power"]
    error = _reach(level, power) * inference.log_ratio.se / log1p(lift)
    needed = ceil(units * error**2)
    within = experiment.metrics[experiment.primary].within or timedelta(0)
    joining = min(last_day(experiment, as_of) - within, window.end) - window.start
    weeks = ceil((needed / units - 1) * (joining.days + 1) / 7)
    yield Outlook(
        lift=lift,
        power=power,
        units=units,
        units_needed=needed,
        weeks_more=None if weeks > WEEKS_PER_YEAR else max(weeks, 0),
    )


def _planned(basis: Basis) -> Mapping[str, Any] | None:
    """What the locked plan expected of the primary, where there is such a plan."""
    planned = basis.history.expected
    if planned is None or planned["metric"] != basis.experiment.primary:
        return None
    return planned


def _inference(experiment: Experiment, cells: Cells, level: float) -> Inference:
    metric = experiment.metrics[experiment.primary]
    return Comparison.of(
        experiment,
        cells,
        metric,
        frozenset({experiment.treatments[0].name}),
        capped=metric.cap is not None,
    ).inference(level)


def _units(experiment: Experiment, cells: Cells) -> int:
    within = experiment.metrics[experiment.primary].within
    return sum(cells.units(arm.name, within=within) for arm in experiment.arms)


def _reach(level: float, power: float) -> float:
    return quantile((1 + level) / 2) + quantile(power)
