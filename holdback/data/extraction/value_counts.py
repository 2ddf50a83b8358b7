"""How many used units have which value of a metric, listed by one query."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlglot import exp

from holdback.data.engine import Engine
from holdback.data.engine.sql import col, integer
from holdback.data.engine.times import from_microseconds
from holdback.data.evidence.cells import Cells
from holdback.data.evidence.unit_rows import (
    EPOCH_DAY,
    CountedUnits,
    counted_units,
)
from holdback.data.extraction.unit_rows import units_with
from holdback.data.queries.cells_query import Cube, cell_keys, relations, with_ctes
from holdback.data.queries.units import KEPT_CROSSED, USED, nested, select
from holdback.errors import DataError, Problem
from holdback.experiments.definition.experiment import Experiment

__all__ = ["with_value_counts"]

MOST_COUNTED = 1_000_000
ENDLESS = 10**6


def with_value_counts(
    experiment: Experiment, engine: Engine, cube: Cube, cells: Cells
) -> Cells:
    """Cells with the value counts of everything that is read from them.

    Raises DataError for more than a million different values.
    """
    counted = {
        name: _counted(experiment, engine, cube, name)
        for name, collected in experiment.collected.items()
        if collected.evidence == "value_counts"
    }
    return replace(cells, counted=counted) if counted else cells


def _counted(
    experiment: Experiment, engine: Engine, cube: Cube, name: str
) -> CountedUnits:
    columns = [c.name for c in cube.layout.blocks[name] if c.role == "outcome"]
    units = [cube.layout.names[name, column] for column in columns]
    answers = engine.run(_counts_query(cube, units))
    if len(answers) > MOST_COUNTED:
        raise DataError(
            Problem(
                where=f"metric {name}",
                what=f"its units have more than {MOST_COUNTED:,} different values.",
                why="This metric is read from how often each value occurs.",
                fix="Measure in larger units, or drop a segment.",
            )
        )
    return counted_units(
        answers,
        arms=[arm.name for arm in experiment.arms],
        dimensions=list(cube.exposures.segments),
        digits=[cube.layout.units[unit].digits for unit in units],
        watched=lambda day: _watched(cube, name, ZoneInfo(experiment.timezone), day),
    )


def _watched(cube: Cube, block: str, zone: ZoneInfo, day: int) -> int:
    """Whole days from the end of a local day to the sources'; without times no end."""
    if cube.span.as_of is None or cube.exposures.time is None:
        return ENDLESS
    joined = EPOCH_DAY + timedelta(days=day + 1)
    end = datetime(joined.year, joined.month, joined.day, tzinfo=zone)
    known = from_microseconds(cube.span.as_of) - cube.lag(cube.layout.sources_of(block))
    return max(0, (known - end) // timedelta(days=1))


def _counts_query(cube: Cube, units: list[str]) -> exp.Expression:
    """Arm, day, horizons passed, levels, values, and how many units have them."""
    keys = {
        "arm": col("arm"),
        "day": exp.null(),
        **{k: v for k, v in cell_keys(cube).items() if k not in {"arm", "status"}},
    }
    used = exp.In(
        this=col("status"), expressions=[integer(USED), integer(KEPT_CROSSED)]
    )
    named = keys | {name: col(name) for name in units}
    everyone = select(named, units_with(cube, units, everyone=True), where=[used])
    counted = {name: col(name) for name in named} | {"n": exp.Count(this=exp.Star())}
    query = select(counted, nested(everyone, "t"), group=list(named))
    query = query.limit(MOST_COUNTED + 1, copy=False)
    query.set("with_", with_ctes(relations(cube)))
    return query
