"""What no data could answer, refused before any is read."""

from __future__ import annotations

from importlib.util import find_spec

from holdback.data.queries.exposures import (
    ROW,
)
from holdback.data.queries.unit_columns import Layout
from holdback.errors import ConfigError, DataError, Problem
from holdback.experiments.definition.experiment import Experiment

__all__ = ["check_one_row", "check_plan"]


def check_plan(experiment: Experiment, plan: Layout) -> None:
    """Refuse what no data could answer."""
    exposures = experiment.sources[experiment.assignment.source].columns
    problems = []
    if experiment.analysis.predict and find_spec("sklearn") is None:
        problems.append(
            Problem(
                where="analysis.covariates",
                what="`predict` needs scikit-learn, which is not installed.",
                fix="Install it: pip install 'holdback[predict]'; or leave out "
                "`predict`.",
            )
        )
    for name in plan.sources():
        roles = experiment.sources[name].columns
        if ROW in {exposures.unit, roles.unit}:
            problems.append(
                Problem(
                    where=f"source {name}",
                    what="rows cannot be joined: `unit: row` gives them no id.",
                    fix="Name the column of unit ids in both sources.",
                )
            )
        if roles.time is None or exposures.time is None:
            problems += _timeless(experiment, name)
    if problems:
        raise ConfigError(problems)


def check_one_row(experiment: Experiment) -> None:
    """Refuse time limits on values of the exposures, once units are seen to repeat."""
    own = experiment.assignment.source
    limited = sorted(
        metric.name
        for metric in experiment.metrics.values()
        if metric.within is not None
        and not metric.hidden
        and any(measure.source == own for measure in metric.measures())
    )
    if limited:
        raise DataError(
            Problem(
                where=f"source {own}",
                what=f"units have several rows, and `within` of {', '.join(limited)} "
                "counts time after the first of them.",
                why="Values of the source of exposures are taken as the unit's own, "
                "whatever the time of the row.",
                fix="Name the same file or table a second time, as a source of events, "
                "and let the metric read that one.",
            )
        )


def _timeless(experiment: Experiment, name: str) -> list[Problem]:
    bounded = [
        metric.name
        for metric in experiment.metrics.values()
        for measure in metric.measures()
        if measure.source == name and measure.end is not None
    ]
    if not bounded:
        return []
    return [
        Problem(
            where=f"metric {bounded[0]}",
            what="`within` needs the time of exposure and of the events.",
            fix=f"Name the `time` columns of '{name}' and of "
            f"'{experiment.assignment.source}', or leave out `within`.",
        )
    ]
