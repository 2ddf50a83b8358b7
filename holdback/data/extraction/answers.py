"""The one statement's rows, by what an engine stores on the way to them.

An engine that stores makes the units' table once, finds the caps in it one column at a
time, and is given them as literals. Another is asked everything in one statement.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from holdback.data.engine import Engine
from holdback.data.engine.sql import all_of, col, count_where, integer, when
from holdback.data.queries.cells_query import (
    CAP_DIMENSION,
    Cube,
    eligible,
    exposed,
    exposed_relations,
    population,
    statement,
    with_ctes,
    with_events,
)
from holdback.data.queries.cells_result import Row, rows_of
from holdback.data.queries.unit_columns import UnitColumn
from holdback.data.queries.units import CROSSED, KEPT_CROSSED, nested, select

__all__ = ["answers", "lend", "settle"]


def answers(engine: Engine, cube: Cube) -> list[Row]:
    """The statement's rows.

    Raises TooLarge for a sum beyond exact arithmetic, and what the engine raises.
    """
    settle(engine, cube)
    rows = rows_of(cube, engine.run(statement(cube)))
    return rows + [_cap_row(name, top) for name, top in cube.tops.items()]


def settle(engine: Engine, cube: Cube) -> None:
    """Store the units and find the caps, once, where the engine stores."""
    if not engine.stores:
        return
    capped = [unit for unit in cube.capped if unit.name not in cube.tops]
    own = [unit for unit in capped if unit.own]
    if "u" not in cube.stored and (own or not cube.exposures.one_row):
        cube.stored["u"] = engine.kept(exposed(cube))
    _find_caps(engine, cube, own, "u")
    if cube.events and "p" not in cube.stored:
        query = with_events(cube)
        query.set("with_", with_ctes(exposed_relations(cube)))
        cube.stored["p"] = engine.kept(query)
    _find_caps(engine, cube, [unit for unit in capped if not unit.own], "p")


def lend(cube: Cube, other: Cube) -> None:
    """Let a reading of crossovers the other way take what is stored of the units.

    It differs by the status of those who were seen in two arms.
    """
    status = col("status")
    crossed, instead = (
        integer(KEPT_CROSSED if one.exposures.keep_crossed else CROSSED)
        for one in (cube, other)
    )
    is_crossed = exp.EQ(this=status, expression=crossed)
    for name, relation in cube.stored.items():
        query = exposed(cube) if name == "u" else with_events(cube)
        columns: dict[str, exp.Expression] = {n: col(n) for n in query.named_selects}
        columns["status"] = when(is_crossed.copy(), instead.copy(), status.copy())
        other.stored[name] = nested(select(columns, relation.copy()), name)


def _find_caps(
    engine: Engine, cube: Cube, capped: Sequence[UnitColumn], relation: str
) -> None:
    """Where twins are cut off: the value with so many above it; None at 0 or below."""
    counts = _populations(engine, cube, capped, relation)
    for unit, units in zip(capped, counts, strict=True):
        assert unit.capping is not None  # noqa: S101  # a capped twin
        share = unit.capping.cap.share
        above = units * (share.denominator - share.numerator) // share.denominator
        value = col(unit.capping.of)
        positive = exp.GT(this=value, expression=integer(0))
        query = select(
            {"x": value.copy()},
            cube.stored[relation].copy(),
            where=[*eligible(cube, unit), positive],
        )
        highest = exp.Ordered(this=value.copy(), desc=True)
        answer = engine.run(query.order_by(highest).limit(1).offset(above))
        cube.tops[unit.name] = int(answer[0][0]) if answer else None


def _populations(
    engine: Engine, cube: Cube, capped: Sequence[UnitColumn], relation: str
) -> list[int]:
    """How many units each percentile is taken over; each relation is read once."""
    asked = [population(cube, unit, relation) for unit in capped]
    texts = [(name, all_of(where).sql()) for name, where in asked]
    counts: dict[tuple[str, str], int] = {}
    for name in dict.fromkeys(name for name, _ in asked):
        columns = {
            text: count_where(all_of(where))
            for (_, where), (table, text) in zip(asked, texts, strict=True)
            if table == name
        }
        units = cube.stored.get(name) or nested(exposed(cube), name)
        (numbers,) = engine.run(select(columns, units.copy()))
        counts |= {(name, t): int(n) for t, n in zip(columns, numbers, strict=True)}
    return [counts[text] for text in texts]


def _cap_row(name: str, top: int | None) -> Row:
    """A row that carries a cap as its n, as the statement gives it elsewhere."""
    return Row(
        dimension=CAP_DIMENSION,
        level=name,
        arm=0,
        status=0,
        day=None,
        matured=0,
        n=top,
        row_counts={},
        sums={},
    )
