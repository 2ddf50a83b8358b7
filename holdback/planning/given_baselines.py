"""Baselines that were typed, where there is no history to measure them in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite, sqrt

from holdback.errors import ConfigError, Problem
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.metrics import Metric
from holdback.planning.baselines import Baseline

__all__ = ["Typed", "given", "refuse_bad"]

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
