"""The query behind a tally: used units grouped by the values of a metric."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlglot import exp

from holdback.data.engine import Engine
from holdback.data.engine.sql import col, integer
from holdback.data.engine.time_zones import from_microseconds
from holdback.data.evidence.cells import Cells
from holdback.data.evidence.value_counts import FIRST_DAY, Tally, tally_of
from holdback.data.extraction.unit_rows_query import units_with
from holdback.data.queries.cells_query import cell_keys, relations, with_ctes
from holdback.data.queries.cube import Cube
from holdback.data.queries.units import KEPT_CROSSED, USED, nested, select
from holdback.errors import DataError, Problem
from holdback.experiments.definition.experiment import Experiment

__all__ = ["with_tallies"]

LARGEST = 1_000_000
ENDLESS = 10**6


def with_tallies(
    experiment: Experiment, engine: Engine, cube: Cube, cells: Cells
) -> Cells:
    """Cells with the tally of each metric that is read from one.

    Raises DataError for more than a million different values.
    """
    found = {
        name: _tallied(experiment, engine, cube, name)
        for name, metric in experiment.metrics.items()
        if metric.tallied
    }
    return replace(cells, tallies=found) if found else cells


def _tallied(experiment: Experiment, engine: Engine, cube: Cube, name: str) -> Tally:
    columns = [c.name for c in cube.layout.blocks[name] if c.role == "outcome"]
    units = [cube.layout.names[name, column] for column in columns]
    found = engine.run(_query(cube, units))
    if len(found) > LARGEST:
        raise DataError(
            Problem(
                where=f"metric {name}",
                what=f"its units have more than {LARGEST:,} different values.",
                why="This metric is read from how often each value occurs.",
                fix="Measure in larger units, or drop a segment.",
            )
        )
    return tally_of(
        found,
        arms=[arm.name for arm in experiment.arms],
        dimensions=list(cube.exposures.segments),
        digits=[cube.layout.units[unit].digits for unit in units],
        watched=lambda day: _watched(cube, ZoneInfo(experiment.timezone), day),
    )


def _watched(cube: Cube, zone: ZoneInfo, day: int) -> int:
    """Whole days from the end of a local day to as-of; without times no end."""
    if cube.span.as_of is None or cube.exposures.time is None:
        return ENDLESS
    joined = FIRST_DAY + timedelta(days=day + 1)
    end = datetime(joined.year, joined.month, joined.day, tzinfo=zone)
    return max(0, (from_microseconds(cube.span.as_of) - end) // timedelta(days=1))


def _query(cube: Cube, units: list[str]) -> exp.Expression:
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
    query = query.limit(LARGEST + 1, copy=False)
    query.set("with_", with_ctes(relations(cube)))
    return query
