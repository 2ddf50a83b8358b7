"""Rows that stand in a source twice, by its `id`, or by amounts without one.

An export of order lines repeats the total of the order on every line. Added up, an
order of three lines counts three times.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce

from sqlglot import exp

from holdback.data.engine import Engine, Table
from holdback.data.engine.expressions import Reader
from holdback.data.engine.placeholders import is_placeholder, row_id
from holdback.data.engine.sql import all_of, cast, col, count_where, integer, when
from holdback.data.profiling.currencies import MoneyRows
from holdback.data.queries.exclusions import SHOWN_EXAMPLES
from holdback.data.queries.units import nested, select
from holdback.errors import DataError, Problem
from holdback.experiments.kinds.source import Source
from holdback.experiments.language.expression import Expression

__all__ = ["Unrepeated", "repeated_amounts", "similar_ids", "surplus", "without_copies"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Unrepeated:
    """A table in which no id stands twice on rows of one unit.

    `dropped` counts the copies that are gone, `idless` the rows with a placeholder as
    id, and `shared` the ids that stand on rows of different units, which stay.
    """

    table: Table
    dropped: int
    idless: int = 0
    shared: int = 0


def without_copies(
    engine: Engine,
    reader: Reader,
    source: Source,
    *,
    time: exp.Expression | None,
    as_of: int | None,
) -> Unrepeated:
    """Drop exact copies; rows of one id that differ follow the source's `duplicates`.

    The first or last row is so by its `time`, µs of UTC; one from `as_of` on is not
    known yet. Rows without an id are never copies, nor are rows of different units,
    whatever their id. Raises DataError for rows of one unit and id that differ, unless
    the source says which to keep.
    """
    table, column = reader.table, source.columns.id
    if column is None or engine.repeats(_texts(reader, column)) == 0:
        return Unrepeated(table=table, dropped=0)
    identity = _Identity(reader=reader, column=column, unit=_unit(reader, source))
    repeated = engine.repeats(identity.ids(table.relation))
    idless = _placeholders(engine, reader, column)
    if repeated == 0:
        return Unrepeated(table=table, dropped=0, idless=idless)
    keys = engine.repeats(identity.keys(table.relation))
    shared = _shared(engine, identity) if keys < repeated else 0
    if keys == 0:
        return Unrepeated(table=table, dropped=0, idless=idless, shared=shared)
    distinct = _with_idless(identity, _single(identity))
    if engine.repeats(identity.keys(distinct)) and surplus(
        engine, identity.keys(distinct)
    ):
        if source.duplicates == "error":
            raise DataError(_conflict(engine, identity, distinct))
        picked = _picked(identity, source, time, as_of)
        distinct = _with_idless(identity, picked)
    before, after = _rows(engine, table.relation), _rows(engine, distinct)
    return Unrepeated(
        table=replace(table, relation=distinct, numbered=False),
        dropped=before - after,
        idless=idless,
        shared=shared,
    )


def surplus(engine: Engine, ids: exp.Select) -> int:
    """Rows of ``id`` beyond the first of each: exact, where `repeats` is a bound."""
    counted = select(
        {
            "rows": exp.Count(this=exp.Star()),
            "ids": exp.Count(this=exp.Distinct(expressions=[col("id")])),
        },
        nested(ids.copy(), "i"),
    )
    ((rows, different),) = engine.run(counted)
    return int(rows) - int(different)


def _texts(reader: Reader, column: str) -> exp.Select:
    """Ids as they are written, placeholders too."""
    text = reader.as_text(column)
    some = exp.Not(this=exp.Is(this=text.copy(), expression=exp.null()))
    return select({"id": text}, reader.table.relation.copy(), where=[some])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Identity:
    """What tells the rows of a source apart: the id, and the unit it belongs to."""

    reader: Reader
    column: str
    unit: str | None

    def id(self) -> exp.Expression:
        """The row's id as text; null where it has none."""
        return row_id(self.reader, self.column)

    def key(self) -> exp.Expression:
        """Unit and id in one text; null where the row has no id."""
        if self.unit is None:
            return self.id()
        unit = exp.func(
            "COALESCE", self.reader.as_text(self.unit), exp.Literal.string("")
        )
        between = exp.DPipe(this=unit, expression=exp.Literal.string(UNIT_SEPARATOR))
        return exp.DPipe(this=between, expression=exp.Paren(this=self.id()))

    def is_named(self) -> exp.Expression:
        """Whether a row has an id."""
        return exp.Not(
            this=exp.Is(this=exp.Paren(this=self.id()), expression=exp.null())
        )

    def ids(self, relation: exp.Expression) -> exp.Select:
        """The ids of the rows that have one."""
        return select({"id": self.id()}, relation.copy(), where=[self.is_named()])

    def keys(self, relation: exp.Expression) -> exp.Select:
        """Units and ids of the rows that have an id, as one text each."""
        return select({"id": self.key()}, relation.copy(), where=[self.is_named()])


UNIT_SEPARATOR = "\x1f"
"""Between unit and id; no id of either holds the ASCII unit separator."""


def _unit(reader: Reader, source: Source) -> str | None:
    """The column of the unit; None where rows are their own units."""
    unit = source.columns.unit
    return unit if unit in reader.table.columns else None


def _placeholders(engine: Engine, reader: Reader, column: str) -> int:
    """Rows whose id is a word that stands for a missing one."""
    counted = {"n": count_where(is_placeholder(reader, column))}
    ((rows,),) = engine.run(select(counted, reader.table.relation.copy()))
    return int(rows)


def _shared(engine: Engine, identity: _Identity) -> int:
    """Ids that stand on rows of different units."""
    rows = select(
        {"id": identity.id(), "key": identity.key()},
        identity.reader.table.relation.copy(),
        where=[identity.is_named()],
    )
    units = exp.Count(this=exp.Distinct(expressions=[col("key")]))
    by_id = select({"id": col("id"), "n": units}, nested(rows, "i"), group=["id"])
    several = exp.GT(this=col("n"), expression=integer(1))
    counted = select({"n": count_where(several)}, nested(by_id, "u"))
    ((ids,),) = engine.run(counted)
    return int(ids)


def _rows(engine: Engine, relation: exp.Expression) -> int:
    counted = select({"n": exp.Count(this=exp.Star())}, relation.copy())
    ((rows,),) = engine.run(counted)
    return int(rows)


def _columns(reader: Reader) -> dict[str, exp.Expression]:
    return {
        name: cast(col(name), "TEXT") if kind == "other" else col(name)
        for name, kind in reader.table.columns.items()
    }


def _single(identity: _Identity) -> exp.Select:
    """Every distinct row that has an id."""
    reader = identity.reader
    return select(
        _columns(reader), reader.table.relation.copy(), where=[identity.is_named()]
    ).distinct(copy=False)


def _picked(
    identity: _Identity,
    source: Source,
    time: exp.Expression | None,
    as_of: int | None,
) -> exp.Select:
    """The first or last row of each id, by time, then by its place in the source.

    Rows from as-of on stand behind all others, and rows without a time behind them.
    """
    reader = identity.reader
    last = source.duplicates == "last"
    orders: list[exp.Expression] = []
    if time is not None:
        late = exp.GTE(this=time.copy(), expression=integer(as_of or 0))
        known = when(late, integer(1), integer(0)) if as_of is not None else integer(0)
        timeless = exp.Is(this=time.copy(), expression=exp.null())
        rank = when(timeless, integer(2), known)
        orders += [exp.Neg(this=exp.Paren(this=rank)) if last else rank, time]
    if reader.table.numbered:
        orders.append(exp.Column(this=exp.Identifier(this="rowid")))
    orders += [
        reader.dialect.bytewise(cast(col(name), "TEXT"))
        for name in reader.table.columns
    ]
    rank = exp.Window(
        this=exp.RowNumber(),
        partition_by=[identity.key()],
        order=exp.Order(
            expressions=[
                exp.Ordered(this=order, desc=last, nulls_first=last) for order in orders
            ]
        ),
    )
    ranked = select(
        {**_columns(reader), "holdback rank": rank},
        reader.table.relation.copy(),
        where=[identity.is_named()],
    )
    first = exp.EQ(this=col("holdback rank"), expression=integer(1))
    kept = {name: col(name) for name in reader.table.columns}
    return select(kept, nested(ranked, "ranked"), where=[first])


def _with_idless(identity: _Identity, unique: exp.Select) -> exp.Subquery:
    reader = identity.reader
    missing = exp.Not(this=exp.Paren(this=identity.is_named()))
    rest = select(_columns(reader), reader.table.relation.copy(), where=[missing])
    both = exp.Union(this=unique, expression=rest, distinct=False)
    return nested(both, reader.table.source)


def _conflict(engine: Engine, identity: _Identity, distinct: exp.Expression) -> Problem:
    reader, column = identity.reader, identity.column
    rows = select(
        {"id": identity.id(), "key": identity.key()},
        distinct.copy(),
        where=[identity.is_named()],
    )
    counted = select(
        {"id": col("id"), "n": exp.Count(this=exp.Star())},
        nested(rows, "i"),
        group=["id", "key"],
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
        fix="Where they are versions of one row, say which holds: `duplicates: first` "
        "or `last`. Where they are lines of one order, name a column that tells the "
        "lines apart as `id`, or leave `id` out.",
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


BETWEEN_PARTS = "\x1f"


def repeated_amounts(
    engine: Engine,
    reader: Reader,
    source: Source,
    money: MoneyRows,
    filters: Sequence[Expression],
) -> int:
    """Rows beyond the first of a unit, moment and amount; 0 where an id is named."""
    roles = source.columns
    if roles.id is not None or roles.time is None:
        return 0
    parts = [roles.unit, roles.time, *sorted(money.columns)]
    key: exp.Expression = exp.Literal.string("")
    for name in parts:
        text = exp.func("COALESCE", reader.as_text(name), exp.Literal.string(""))
        joined = exp.DPipe(this=key, expression=text)
        key = exp.DPipe(this=joined, expression=exp.Literal.string(BETWEEN_PARTS))
    kept = all_of([reader.condition(formula.tree) for formula in filters])
    rows = select({"key": key}, reader.table.relation.copy(), where=[kept])
    distinct = exp.Count(this=exp.Distinct(expressions=[col("key")]))
    counted = select(
        {"n": exp.Count(this=exp.Star()), "kinds": distinct}, nested(rows, "k")
    )
    ((every, kinds),) = engine.run(counted)
    return int(every) - int(kinds)
