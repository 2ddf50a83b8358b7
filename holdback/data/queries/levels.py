"""How the levels of the exposures' other columns lie in the arms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import reduce

from sqlglot import exp

from holdback.data.engine import Engine
from holdback.data.engine.sql import all_of, col, count_where, integer
from holdback.data.queries.cells_query import with_ctes
from holdback.data.queries.units import (
    KEPT_CROSSED,
    USED,
    Exposures,
    Span,
    exposed_units,
    nested,
    select,
)
from holdback.experiments.kinds.source import Source

__all__ = ["LevelCounts", "level_counts"]

LevelCounts = Sequence[tuple[int, ...]]
"""Number of levels, and units of each arm that such a level has."""
LOOKED_THROUGH = 20
TYPES_WITH_LEVELS = frozenset({"text", "integer", "boolean", "decimal", "float"})


def level_counts(
    engine: Engine, source: Source, exposures: Exposures, span: Span
) -> dict[str, LevelCounts]:
    """By column that is no role: how many levels have which units in the arms.

    Levels are those of the first exposure; empty ones are left out, and so are levels
    of a single unit.
    """
    columns = _attributes(source, exposures)
    if not columns or exposures.unit is None:
        return {}
    reader = exposures.reader
    read = replace(exposures, segments={c: reader.as_text(c) for c in columns})
    arms = [f"n{arm}" for arm in range(exposures.arms)]
    parts = [_part(place, arms) for place in range(len(columns))]
    query = reduce(lambda a, b: exp.Union(this=a, expression=b, distinct=False), parts)
    query.set("with_", with_ctes([("u", exposed_units(read, span, ()), True)]))
    counts: dict[str, list[tuple[int, ...]]] = {}
    for place, *row in engine.run(query):
        counts.setdefault(columns[int(place)], []).append(tuple(map(int, row)))
    return {column: sorted(rows) for column, rows in counts.items()}


def _attributes(source: Source, exposures: Exposures) -> list[str]:
    """Columns with levels that have no role."""
    table, roles = exposures.reader.table, source.columns
    taken = {roles.unit, roles.arm_column, roles.time, roles.id, roles.currency}
    return [
        name
        for name, kind in table.columns.items()
        if kind in TYPES_WITH_LEVELS
        and name not in taken
        and not name.startswith("holdback:")
        and (table.loaded is None or name in table.loaded)
    ][:LOOKED_THROUGH]


def _part(place: int, arms: Sequence[str]) -> exp.Select:
    """The levels of one column, counted by their units in each arm."""
    level = col(f"s{place}")
    used = exp.In(
        this=col("status"), expressions=[integer(USED), integer(KEPT_CROSSED)]
    )
    known = exp.Not(this=exp.Is(this=level.copy(), expression=exp.null()))
    of_level: Mapping[str, exp.Expression] = {
        name: count_where(exp.EQ(this=col("arm"), expression=integer(arm)))
        for arm, name in enumerate(arms)
    }
    by_level = exp.Select(
        expressions=[exp.alias_(v, n, quoted=True) for n, v in of_level.items()]
    ).from_(exp.table_("u", quoted=True), copy=False)
    by_level = (
        by_level.where(all_of([used, known]), copy=False)
        .group_by(level, copy=False)
        .having(
            exp.GT(this=exp.Count(this=exp.Star()), expression=integer(1)), copy=False
        )
    )
    columns: dict[str, exp.Expression] = {"column": integer(place)}
    columns |= {"levels": exp.Count(this=exp.Star())} | {n: col(n) for n in arms}
    return select(columns, nested(by_level, "q"), group=arms)
