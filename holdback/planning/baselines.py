"""Baselines: a metric as it is without the test, measured before it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import isfinite, sqrt

from holdback.analysis.comparison.comparison import Comparison, formula_columns
from holdback.data.evidence.cells import Cells
from holdback.data.extraction.extract import extract
from holdback.errors import ConfigError, Problem, StatsError
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.metrics import Metric
from holdback.planning.historical_window import Rehearsal, rehearsed
from holdback.stats.evidence.delta_method import estimate
from holdback.stats.evidence.moments import Moments
from holdback.stats.evidence.sample import Sample
from holdback.wording import say

__all__ = ["Baseline", "Measured", "Typed", "given", "measured", "refuse_bad"]

DEFAULT_LOOKBACK = timedelta(days=28)


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A metric as it is without the test: mean and relative spread of one unit.

    `cv` is the coefficient of variation of a unit's (linearized) value; `days` the
    length of the history, None where the figure was given. A score has no `cv`
    (None) and the deviation `sd` of one answer instead; `response_rate` is the share
    of units that answer. `saved` is the part of the variance that covariates from
    before exposure take off, `skew` the skewness of a unit's value.
    """

    mean: float
    cv: float | None
    nonzero_share: float | None = None
    days: int | None = None
    sd: float | None = None
    response_rate: float | None = None
    saved: float = 0.0
    skew: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Baselines by metric, units of the window, and how they came to join.

    `joined` are the units of each week where the test was rehearsed on earlier days,
    `last_year` those of the planned weeks a year earlier, where the data hold them;
    `sample` are then the rows behind the primary. `earlier` names those days; `untimed`
    the units behind rows that have no time.
    """

    baselines: Mapping[str, Baseline]
    units: int
    joined: tuple[int, ...] = ()
    last_year: tuple[int, ...] = ()
    sample: Sample | None = None
    earlier: tuple[date, date] | None = None
    share: float = 1.0
    untimed: str | None = None


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
    found: dict[str, Baseline] = {}
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
                found[name] = baseline
    return Measured(baselines=found, units=units)


def _of(earlier: Rehearsal) -> Measured:
    """What a rehearsal shows: outcomes of units that no test had touched."""
    experiment, cells = earlier.experiment, earlier.evidence.cells
    everyone = [arm.name for arm in experiment.arms]
    found = {
        name: replace(one, saved=_saved(earlier, experiment.metrics[name]))
        for name, one in _read(experiment, cells, everyone, earlier.days).items()
    }
    let_in = earlier.share
    return Measured(
        baselines=found,
        units=round(let_in * sum(earlier.evidence.assigned.values())),
        joined=tuple(round(let_in * units) for units in earlier.joined),
        last_year=tuple(round(let_in * units) for units in earlier.last_year),
        sample=_rows_of_primary(experiment, cells, everyone),
        earlier=(earlier.first, earlier.last),
        share=let_in,
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
    evidence = extract(experiment, frames=frames, rows_of=(experiment.primary,))
    logged = experiment.sources[source].columns.arm is not None
    arms = [arm.name for arm in experiment.arms if arm.control or not logged]
    return Measured(
        baselines=_read(experiment, evidence.cells, arms, None),
        units=sum(evidence.assigned.values()),
        sample=_rows_of_primary(experiment, evidence.cells, arms),
        untimed=say("baselines.the_control_arm")
        if logged
        else say("baselines.all_units"),
    )


def _read(
    experiment: Experiment, cells: Cells, arms: Sequence[str], days: int | None
) -> dict[str, Baseline]:
    """Every metric of the experiment as it is in some arms."""
    found = {}
    for name, _ in experiment.roles():
        metric = experiment.metrics[name]
        if metric.tallied:
            baseline = _tallied(experiment, cells, metric, arms, days)
        else:
            columns = formula_columns(cells.blocks[name], capped=metric.cap is not None)
            moments = cells.total(name, arms, within=metric.within).select(columns)
            baseline = _baseline(metric, moments, columns, days=days)
        if baseline is not None:
            found[name] = baseline
    return found


def _tallied(
    experiment: Experiment,
    cells: Cells,
    metric: Metric,
    arms: Sequence[str],
    days: int | None,
) -> Baseline | None:
    """A metric that is no function of means: from what its two estimates vary.

    The spread is that of one unit who joined, whether or not it has a value.
    """
    estimates = Comparison(
        experiment=experiment,
        cells=cells,
        metric=metric,
        arms=frozenset(arm.name for arm in experiment.treatments),
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
        days=days,
    )


def _rows_of_primary(
    experiment: Experiment, cells: Cells, arms: Sequence[str]
) -> Sample | None:
    metric = experiment.metrics[experiment.primary]
    columns = formula_columns(cells.blocks[metric.name], capped=metric.cap is not None)
    return cells.sample(metric.name, columns, arms, within=metric.within)


def _saved(earlier: Rehearsal, metric: Metric) -> float:
    """Part of the variance that the file's covariates would have taken off."""
    treated = frozenset(arm.name for arm in earlier.experiment.treatments)
    adjusted = Comparison(
        experiment=earlier.experiment,
        cells=earlier.evidence.cells,
        metric=metric,
        arms=treated,
    ).adjusted
    return 0.0 if adjusted is None else adjusted.variance_reduction


def _history(
    cells: Cells, experiment: Experiment, metric: Metric, wait: timedelta
) -> Baseline | None:
    columns = [c.name for c in cells.blocks[metric.name] if c.role == "history"]
    arms = [arm.name for arm in experiment.arms]
    moments = cells.total(metric.name, arms).select(columns)
    return _baseline(metric, moments, columns, days=wait.days) if columns else None


def _baseline(
    metric: Metric, moments: Moments, columns: Sequence[str], *, days: int | None
) -> Baseline | None:
    """A metric of these units; None where it has no value or no spread."""
    if moments.n < 2 or moments.total[-1] <= 0:
        return None
    before = estimate(moments, metric.formula, columns)
    share = before.nonzero / before.n
    if before.se <= 0:
        return None
    if metric.family == "score":
        answers = float(moments.total[-1])
        return Baseline(
            mean=before.value,
            cv=None,
            sd=before.se * sqrt(answers),
            response_rate=answers / before.n,
            nonzero_share=share,
            days=days,
        )
    if before.value <= 0:
        return None
    return Baseline(
        mean=before.value,
        cv=before.se * sqrt(before.n) / before.value,
        nonzero_share=share,
        days=days,
        skew=before.third * sqrt(before.n) / before.se**3,
    )


Typed = Mapping[str, Sequence[float | None]]
"""Metric → mean, standard deviation of one unit (or answer), response rate."""


def refuse_bad(experiment: Experiment, baselines: Typed, units: int | None) -> None:
    """Raise ConfigError with every baseline that is impossible."""
    problems: list[Problem] = []
    names = [name for name, _ in experiment.roles()]
    for name, numbers in baselines.items():
        if name in names:
            problems += _wrong(experiment.metrics[name], numbers)
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
    mean = mean or 0.0
    if metric.family == "proportion":
        return Baseline(mean=mean, cv=sqrt((1 - mean) / mean))
    if metric.family == "score":
        return Baseline(mean=mean, cv=None, sd=sd, response_rate=rate or 1.0)
    return Baseline(mean=mean, cv=(sd or 0.0) / mean)


def _wrong(metric: Metric, numbers: Sequence[float | None]) -> Iterator[Problem]:
    mean, sd, rate = (
        None if one is None or not isfinite(one) else one
        for one in (*numbers, None, None)[:3]
    )
    where, name = f"--baseline {metric.name}", metric.name
    if metric.family == "proportion":
        if mean is None or not 0 < mean < 1:
            yield Problem(
                where=where,
                what="a conversion rate lies between 0 % and 100 %, got "
                f"{'no number' if mean is None else format(mean, 'g')}.",
                fix=f"Write for instance {name}=3% or {name}=0.03.",
            )
    elif metric.family == "score":
        if mean is None or sd is None or sd <= 0 or not 0 < (rate or 1.0) <= 1:
            yield Problem(
                where=where,
                what="needs the mean and the standard deviation of an answer, and the "
                "share of units that answer, both above 0.",
                why="A survey's power comes from the answers that come back.",
                fix=f"Write for instance {name}=30,70,12.4%.",
            )
    elif mean is None or mean <= 0 or sd is None or sd <= 0:
        yield Problem(
            where=where,
            what="needs a mean and a standard deviation above 0.",
            why="Power for amounts depends on how much units differ.",
            fix=f"Write for instance {name}=1.80,12.5.",
        )
