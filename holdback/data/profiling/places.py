"""Where bad rows stand: their file and line, or row, and their first examples."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlglot import exp

from holdback.data.engine import Engine, Table
from holdback.data.engine.sql import col
from holdback.data.queries.exclusions import SHOWN_EXAMPLES
from holdback.data.queries.units import select
from holdback.errors import Problem

__all__ = ["examples", "located", "place_of"]

LENGTH = 40


def located(  # noqa: PLR0913, PLR0917  # one place tells all of a problem
    engine: Engine,
    table: Table,
    column: str,
    condition: exp.Expression,
    count: int,
    what: str,
    fix: Callable[[Sequence[str]], str],
) -> list[Problem]:
    """One problem an example, up to five; the first tells how many there are.

    `fix` says how to mend them, from their texts.
    """
    places = examples(engine, table, col(column), condition)
    texts = [text for _, text in places if text is not None]
    problems = []
    for k, (place, text) in enumerate(places):
        shown = f"'{text[:LENGTH]}'" if text is not None else "an empty value"
        more = f" ({count:,} rows in all)" if k == 0 and count > 1 else ""
        problems.append(
            Problem(
                where=place_of(table, place, column),
                what=f"{column} {shown} {what}{more}.",
                fix=fix(texts) if k == 0 else "",
            )
        )
    return problems


def examples(
    engine: Engine, table: Table, value: exp.Expression, condition: exp.Expression
) -> list[tuple[int | None, Any]]:
    """Row numbers (where the table has them) and values of the first bad rows."""
    text = exp.Cast(this=exp.Paren(this=value.copy()), to=exp.DataType.build("TEXT"))
    columns: dict[str, exp.Expression] = {"value": text}
    if table.numbered:
        columns["row"] = exp.Column(this=exp.Identifier(this="rowid"))
    query = select(columns, table.relation.copy(), where=[condition])
    if table.numbered:
        query = query.order_by(col("row"), copy=False)
    rows = engine.run(query.limit(SHOWN_EXAMPLES, copy=False))
    return [(int(row[1]) if table.numbered else None, row[0]) for row in rows]


def place_of(table: Table, row: int | None, column: str | None) -> str:
    """Where a row stands, as exactly as the table can tell."""
    if row is None:
        return f"source {table.source}" + (f", column {column}" if column else "")
    return table.place(row, column)
