"""Baselines: a metric as it is without the test, measured before it or given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from math import sqrt

from holdback.errors import ConfigError, Problem, StatsError
from holdback.experiments.cells import Cells
from holdback.experiments.experiment import Experiment
from holdback.experiments.extract import extract
from holdback.experiments.metrics import Metric
from holdback.stats.delta import estimate

__all__ = ["Baseline", "given", "measured", "refuse_bad"]

DEFAULT_LOOKBACK = timedelta(days=28)


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


def refuse_bad(
    experiment: Experiment,
    baselines: Mapping[str, tuple[float, float | None]],
    units: int | None,
) -> None:
    """Raise ConfigError with every baseline that is impossible."""
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


def measured(
    experiment: Experiment, names: list[str], frames: Mapping[str, object]
) -> tuple[dict[str, Baseline], int]:
    """Baselines from before exposure, and the number of units in the data.

    Each metric is measured over as long a time before as its `within` after. Raises
    StatsError where the assignments have no time.
    """
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
            experiment.analysis, lookback=None, segments=(), covariates=()
        )
        evidence = extract(
            replace(experiment, analysis=analysis), frames=frames, history=wait
        )
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
    columns = [c.name for c in cells.blocks[metric.name] if c.role == "history"]
    arms = [arm.name for arm in experiment.arms]
    moments = cells.total(metric.name, arms).select(columns)
    if not columns or moments.n < 2 or any(total <= 0 for total in moments.total):
        return None
    if metric.family == "score":
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


def given(metric: Metric, mean: float, sd: float | None) -> Baseline:
    """A baseline that was typed: a rate, or a mean with its standard deviation."""
    if metric.family == "proportion":
        return Baseline(mean=mean, cv=sqrt((1 - mean) / mean))
    return Baseline(mean=mean, cv=(sd or 0.0) / mean)
