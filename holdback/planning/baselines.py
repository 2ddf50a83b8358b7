"""Baselines: a metric as it is without the test, measured before it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import isfinite, sqrt
from typing import Literal

from holdback.analysis.comparison.comparison import Comparison, formula_columns
from holdback.analysis.comparison.rows_needed import rows_needed
from holdback.data.evidence.cells import Cells, Evidence
from holdback.data.extraction.extract import extract
from holdback.errors import ConfigError, Problem, StatsError
from holdback.experiments.definition.calendar import last_day
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.kinds.metric import Metric
from holdback.planning.growth import returning
from holdback.planning.historical_window import Rehearsal, moved, rehearsed
from holdback.stats.design.power import Baseline
from holdback.stats.design.returning_units import ReturningUnits
from holdback.stats.evidence.sample import Sample

__all__ = ["Measured", "Typed", "given", "measured", "refuse_bad"]

DEFAULT_LOOKBACK = timedelta(days=28)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Baselines by metric, units of the window, and how they came to join.

    `joined` are the units of each week where the test was rehearsed on earlier days,
    `last_year` those of the planned weeks a year earlier, where the data hold them;
    `sample` are then the rows behind the primary. `earlier` names those days; `untimed`
    tells which units are behind rows that have no time, `returning` how they come back.
    """

    baselines: Mapping[str, Baseline]
    units: int
    joined: tuple[int, ...] = ()
    last_year: tuple[int, ...] = ()
    sample: Sample | None = None
    earlier: tuple[date, date] | None = None
    share: float = 1.0
    returning: ReturningUnits | None = None
    untimed: Literal["control", "all"] | None = None


def measured(
    experiment: Experiment, names: list[str], frames: Mapping[str, object]
) -> Measured:
    """Baselines from the user's own history, and the number of units.

    Where the window holds units, each metric is measured over as long a time before
    their exposure as its `within` after; before the test, the test is rehearsed on
    earlier days; rows without a time are taken as they stand. Raises StatsError where
    nothing tells what lies before the test, or the history is too short.
    """
    if experiment.sources[experiment.assignment.source].columns.time is None:
        return _untimed(experiment, frames)
    baselines: dict[str, Baseline] = {}
    units = 0
    waits = {n: experiment.metrics[n].within or DEFAULT_LOOKBACK for n in names}
    for wait in sorted(set(waits.values())) or [DEFAULT_LOOKBACK]:
        analysis = replace(
            experiment.analysis, lookback=None, segments=(), covariates=()
        )
        evidence = extract(
            replace(experiment, analysis=analysis), frames=frames, history=wait
        )
        units = sum(evidence.assigned.values())
        if not units:
            earlier = rehearsed(experiment, evidence, frames)
            return Measured(baselines={}, units=0) if earlier is None else _of(earlier)
        for name in (n for n, own in waits.items() if own == wait):
            baseline = _history(
                evidence.cells, experiment, experiment.metrics[name], wait
            )
            if baseline is not None:
                baselines[name] = baseline
    return Measured(
        baselines=baselines,
        units=units,
        returning=_returning(experiment, evidence, frames),
    )


def _returning(
    experiment: Experiment, evidence: Evidence, frames: Mapping[str, object]
) -> ReturningUnits | None:
    """How units came back in all the weeks that the data hold."""
    window, as_of = experiment.window, evidence.as_of
    source = experiment.sources[experiment.assignment.source]
    if window is None or as_of is None or source.columns.unit == "row":
        return None
    last = min(last_day(experiment, as_of), window.end)
    return returning(moved(experiment, window), frames, last)


def _of(earlier: Rehearsal) -> Measured:
    """What a rehearsal shows: outcomes of units that no test had touched."""
    experiment, cells = earlier.experiment, earlier.evidence.cells
    everyone = [arm.name for arm in experiment.arms]
    baselines = {
        name: replace(one, saved=_saved(earlier, experiment.metrics[name]))
        for name, one in _read(experiment, cells, everyone, earlier.days).items()
    }
    let_in = earlier.share
    return Measured(
        baselines=baselines,
        units=round(let_in * sum(earlier.evidence.assigned.values())),
        joined=tuple(round(let_in * units) for units in earlier.joined),
        last_year=tuple(round(let_in * units) for units in earlier.last_year),
        sample=_rows_of_primary(experiment, cells, everyone),
        earlier=(earlier.first, earlier.last),
        share=let_in,
        returning=earlier.returning,
    )


def _untimed(experiment: Experiment, frames: Mapping[str, object]) -> Measured:
    """Rows without a time, as they stand: of control alone where arms are logged.

    What the treatment did is not looked at. Raises StatsError where a metric comes
    from another source, as nothing then tells which of its rows lie before the test.
    """
    source = experiment.assignment.source
    metrics = [experiment.metrics[name] for name, _ in experiment.roles()]
    if any(m.source != source for metric in metrics for m in metric.measures()):
        raise StatsError(
            Problem(
                what="there is no time from before the test to learn a baseline from: "
                f"source '{source}' has no `time` column.",
                fix="Give the baselines: --baseline METRIC=MEAN (a conversion) or "
                "--baseline METRIC=MEAN,SD, and --units N.",
            )
        )
    rows = rows_needed(experiment, also=(experiment.primary,))
    evidence = extract(experiment, frames=frames, rows=rows)
    logged = experiment.sources[source].columns.arm is not None
    arms = [arm.name for arm in experiment.arms if arm.control or not logged]
    return Measured(
        baselines=_read(experiment, evidence.cells, arms, None),
        units=sum(evidence.assigned.values()),
        sample=_rows_of_primary(experiment, evidence.cells, arms),
        untimed="control" if logged else "all",
    )


def _read(
    experiment: Experiment, cells: Cells, arms: Sequence[str], days: int | None
) -> dict[str, Baseline]:
    """Every metric of the experiment as it is in some arms."""
    baselines = {}
    for name, _ in experiment.roles():
        metric = experiment.metrics[name]
        if metric.is_function_of_means:
            columns = formula_columns(cells.blocks[name], capped=metric.cap is not None)
            moments = cells.total(name, arms, within=metric.within).select(columns)
            baseline = metric.baseline(moments)
        else:
            baseline = _of_estimates(experiment, cells, metric, arms)
        if baseline is not None:
            baselines[name] = replace(baseline, days=days)
    return baselines


def _of_estimates(
    experiment: Experiment, cells: Cells, metric: Metric, arms: Sequence[str]
) -> Baseline | None:
    """A metric that is no function of means: from what its two estimates vary.

    The spread is that of one unit who joined, whether or not it has a value.
    """
    estimates = Comparison.of(
        experiment,
        cells,
        metric,
        frozenset(arm.name for arm in experiment.treatments),
    ).estimates
    if estimates is None or min(one.se for one in estimates) <= 0:
        return None
    names = [experiment.control.name, *(arm.name for arm in experiment.treatments)]
    joined = [cells.units(name, within=metric.within) for name in names]
    sides = [
        (max(units, one.n), one)
        for units, one in zip(
            (joined[0], sum(joined[1:])),
            estimates if len(arms) > 1 else estimates[:1],
            strict=False,
        )
    ]
    n = sum(units for units, _ in sides)
    mean = sum(units * one.value for units, one in sides) / n
    return Baseline(
        mean=mean,
        cv=sqrt(sum((units * one.se) ** 2 for units, one in sides) / n) / mean,
        nonzero_share=sum(one.nonzero for _, one in sides) / n,
    )


def _rows_of_primary(
    experiment: Experiment, cells: Cells, arms: Sequence[str]
) -> Sample | None:
    metric = experiment.metrics[experiment.primary]
    columns = formula_columns(cells.blocks[metric.name], capped=metric.cap is not None)
    if metric.name in cells.counted and metric.can_be_simulated:
        counts = cells.counts(metric.name, arms, within=metric.within)
        return counts.listed(columns)
    return cells.sample(metric.name, columns, arms, within=metric.within)


def _saved(earlier: Rehearsal, metric: Metric) -> float:
    """Part of the variance that the file's covariates would have taken off."""
    treated = frozenset(arm.name for arm in earlier.experiment.treatments)
    adjusted = Comparison.of(
        earlier.experiment,
        earlier.evidence.cells,
        metric,
        treated,
    ).adjusted
    return 0.0 if adjusted is None else adjusted.variance_reduction


def _history(
    cells: Cells, experiment: Experiment, metric: Metric, wait: timedelta
) -> Baseline | None:
    columns = [c.name for c in cells.blocks[metric.name] if c.role == "history"]
    arms = [arm.name for arm in experiment.arms]
    if not columns:
        return None
    baseline = metric.baseline(cells.total(metric.name, arms).select(columns))
    return None if baseline is None else replace(baseline, days=wait.days)


Typed = Mapping[str, Sequence[float | None]]
"""Metric → mean, standard deviation of one unit (or answer), response rate."""


def refuse_bad(experiment: Experiment, baselines: Typed, units: int | None) -> None:
    """Raise ConfigError with every baseline that is impossible."""
    problems: list[Problem] = []
    names = [name for name, _ in experiment.roles()]
    for name, numbers in baselines.items():
        if name in names:
            problem = _wrong(experiment.metrics[name], numbers)
            problems += [] if problem is None else [problem]
        else:
            problems.append(
                Problem(
                    where=f"--baseline {name}",
                    what="is not a metric of this experiment.",
                    fix=f"Metrics: {', '.join(names)}.",
                )
            )
    if units is not None and units < 2:
        problems.append(
            Problem(where="--units", what=f"needs at least 2 units, got {units}.")
        )
    if problems:
        raise ConfigError(problems)


def given(metric: Metric, numbers: Sequence[float | None]) -> Baseline:
    """A typed baseline: a rate, a mean with its deviation, or a score's answers."""
    mean, sd, rate = (*numbers, None, None)[:3]
    return metric.typed_baseline(mean or 0.0, sd, rate)


def _wrong(metric: Metric, numbers: Sequence[float | None]) -> Problem | None:
    mean, sd, rate = (
        None if number is None or not isfinite(number) else number
        for number in (*numbers, None, None)[:3]
    )
    return metric.wrong_baseline(mean, sd, rate)
