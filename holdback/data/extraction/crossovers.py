"""Units seen in two arms, where the plan says that they end the analysis."""

from __future__ import annotations

from sqlglot import exp

from holdback.data.engine import Engine
from holdback.data.engine.sql import col, integer
from holdback.data.queries.units import (
    CROSSED,
    KEPT_CROSSED,
    Exposures,
    Span,
    exposed_units,
    nested,
    select,
)
from holdback.errors import Problem, StatsError
from holdback.experiments.definition.experiment import Experiment

__all__ = ["stop_at_crossovers"]


def stop_at_crossovers(
    experiment: Experiment, engine: Engine, exposures: Exposures, span: Span
) -> None:
    """Raise StatsError for crossovers that the plan has no way to treat."""
    if exposures.one_row:
        return
    policy = experiment.assignment.crossovers
    if policy == "exclude" or (policy == "first" and exposures.time is not None):
        return
    units = exposed_units(exposures, span, ())
    crossed = [integer(CROSSED), integer(KEPT_CROSSED)]
    query = select(
        {"n": exp.Count(this=exp.Star())},
        nested(units, "u"),
        where=[exp.In(this=col("status"), expressions=crossed)],
    )
    ((count,),) = engine.run(query)
    if not count:
        return
    told = f"{int(count):,} unit was" if count == 1 else f"{int(count):,} units were"
    if policy == "first":
        raise StatsError(
            Problem(
                where="assignment.crossovers",
                what=f"{told} seen in two arms, and no time says which was first.",
                fix="Name the time of exposure as `time`, or use `exclude`.",
            )
        )
    raise StatsError(
        Problem(
            where="assignment.crossovers",
            what=f"{told} seen in two arms.",
            why="The file says to stop at crossovers.",
            fix="Find out why, or use `exclude` or `first`.",
        )
    )
