"""Rows that stand in a source twice, by its `id`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce

from sqlglot import exp

from holdback.data.engine import Engine, Table
from holdback.data.engine.expressions import Reader
from holdback.data.engine.sql import cast, col, integer
from holdback.data.queries.exclusions import SHOWN_EXAMPLES
from holdback.data.queries.units import nested, select
from holdback.errors import DataError, Problem
from holdback.experiments.kinds.source import Source

__all__ = ["Unrepeated", "similar_ids", "without_copies"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrepeated:
    """A table whose ids are unique, and the number of rows that were dropped."""

    table: Table
    dropped: int


def without_copies(engine: Engine, reader: Reader, source: Source) -> Unrepeated:
    """Drop exact copies; rows of one id that differ follow the source's `duplicates`.

    Rows without an id are never copies. Raises DataError for rows of one id that
    differ, unless the source says which to keep.
    """
    table, column = reader.table, source.columns.id
    if column is None or engine.repeats(_ids(reader, table.relation, column)) == 0:
        return Unrepeated(table=table, dropped=0)
    single = _single(reader, column)
    distinct = _with_idless(reader, column, single)
    if engine.repeats(_ids(reader, distinct, column)) > 0:
        if source.duplicates == "error":
            raise DataError(_conflict(engine, reader, column, distinct))
        distinct = _with_idless(reader, column, _picked(reader, source, column))
    before, after = _rows(engine, table.relation), _rows(engine, distinct)
    return Unrepeated(
        table=replace(table, relation=distinct, numbered=False), dropped=before - after
    )


def _ids(reader: Reader, relation: exp.Expression, column: str) -> exp.Select:
    identity = reader.as_text(column)
    present = exp.Not(this=exp.Is(this=identity.copy(), expression=exp.null()))
    return select({"id": identity}, relation.copy(), where=[present])


def _rows(engine: Engine, relation: exp.Expression) -> int:
    counted = select({"n": exp.Count(this=exp.Star())}, relation.copy())
    ((rows,),) = engine.run(counted)
    return int(rows)


def _columns(reader: Reader) -> dict[str, exp.Expression]:
    return {
        name: cast(col(name), "TEXT") if kind == "other" else col(name)
        for name, kind in reader.table.columns.items()
    }


def _single(reader: Reader, column: str) -> exp.Select:
    """Every distinct row that has an id."""
    present = exp.Not(this=exp.Is(this=reader.as_text(column), expression=exp.null()))
    return select(
        _columns(reader), reader.table.relation.copy(), where=[present]
    ).distinct(copy=False)


def _picked(reader: Reader, source: Source, column: str) -> exp.Select:
    """The first or last row of each id, by time, then by its place in the source."""
    last = source.duplicates == "last"
    orders: list[exp.Expression] = []
    if source.columns.time is not None:
        orders.append(col(source.columns.time))
    if reader.table.numbered:
        orders.append(exp.Column(this=exp.Identifier(this="rowid")))
    orders += [
        reader.dialect.bytewise(cast(col(name), "TEXT"))
        for name in reader.table.columns
    ]
    rank = exp.Window(
        this=exp.RowNumber(),
        partition_by=[reader.as_text(column)],
        order=exp.Order(
            expressions=[
                exp.Ordered(this=order, desc=last, nulls_first=last) for order in orders
            ]
        ),
    )
    present = exp.Not(this=exp.Is(this=reader.as_text(column), expression=exp.null()))
    ranked = select(
        {**_columns(reader), "holdback rank": rank},
        reader.table.relation.copy(),
        where=[present],
    )
    first = exp.EQ(this=col("holdback rank"), expression=integer(1))
    kept = {name: col(name) for name in reader.table.columns}
    return select(kept, nested(ranked, "ranked"), where=[first])


def _with_idless(reader: Reader, column: str, unique: exp.Select) -> exp.Subquery:
    missing = exp.Is(this=reader.as_text(column), expression=exp.null())
    rest = select(_columns(reader), reader.table.relation.copy(), where=[missing])
    both = exp.Union(this=unique, expression=rest, distinct=False)
    return nested(both, reader.table.source)


def _conflict(
    engine: Engine, reader: Reader, column: str, distinct: exp.Expression
) -> Problem:
    ids = _ids(reader, distinct, column)
    counted = select(
        {"id": col("id"), "n": exp.Count(this=exp.Star())},
        nested(ids, "i"),
        group=["id"],
    )
    several = select(
        {"id": col("id")},
        nested(counted, "c"),
        where=[exp.GT(this=col("n"), expression=integer(1))],
    ).order_by(reader.dialect.bytewise(col("id")), copy=False)
    repeated = [str(row[0]) for row in engine.run(several)]
    listed = ", ".join(f"'{value}'" for value in repeated[:SHOWN_EXAMPLES])
    more = ", …" if len(repeated) > SHOWN_EXAMPLES else ""
    noun = "id stands" if len(repeated) == 1 else "ids stand"
    return Problem(
        where=f"source {reader.table.source}, column {column}",
        what=f"{len(repeated):,} {noun} on rows that differ: {listed}{more}.",
        why="The same row twice counts once, but these are not the same.",
        fix="Correct the data, or say which row holds: `duplicates: first` or `last`.",
    )


def similar_ids(
    engine: Engine, sources: Mapping[str, tuple[Reader, exp.Expression]]
) -> int:
    """Ids beyond the first that become one when case, spaces and spelling do not count.

    Two ids are alike when they differ only by case, by spaces at the ends, by the
    Unicode form of an accent, or by a trailing ``.0``.
    """
    parts: list[exp.Expression] = []
    for reader, unit in sources.values():
        parts.append(select({"id": unit}, reader.table.relation.copy()))
    union = reduce(lambda a, b: exp.Union(this=a, expression=b, distinct=True), parts)
    dialect = next(iter(sources.values()))[0].dialect
    normal = exp.Lower(this=exp.Trim(this=dialect.composed(col("id"))))
    plain = exp.Anonymous(
        this="regexp_replace",
        expressions=[
            normal,
            exp.Literal.string(r"\.0$"),
            exp.Literal.string(""),
        ],
    )
    named = select({"id": col("id"), "plain": plain}, nested(union, "ids"))
    query = exp.Select(
        expressions=[
            exp.Count(this=exp.Distinct(expressions=[col("id")])),
            exp.Count(this=exp.Distinct(expressions=[col("plain")])),
        ]
    ).from_(nested(named, "n"), copy=False)
    ((ids, kinds),) = engine.run(query)
    return int(ids) - int(kinds)
