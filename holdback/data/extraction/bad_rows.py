"""Bad rows as problems: how many, the first few, where, and how to mend them."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from holdback.data.engine import Engine, Table
from holdback.data.engine.sql import (
    col,
)
from holdback.data.queries.units import select
from holdback.errors import Problem

__all__ = ["examples", "located", "number_fix", "place_of"]

EXAMPLES = 5
LENGTH = 40
CURRENCY = frozenset("$€£¥₹")
TOTALS = {"total", "totals", "sum", "summe", "gesamt", "итого"}


def located(  # noqa: PLR0913, PLR0917  # one place tells all of a problem
    engine: Engine,
    table: Table,
    column: str,
    condition: exp.Expression,
    count: int,
    what: str,
    fix: Any,
) -> list[Problem]:
    """One problem an example, up to five; the first tells how many there are."""
    found = examples(engine, table, col(column), condition)
    problems = []
    for k, (place, text) in enumerate(found):
        shown = f"'{text[:LENGTH]}'" if text is not None else "an empty value"
        more = f" ({count:,} rows in all)" if k == 0 and count > 1 else ""
        problems.append(
            Problem(
                where=place_of(table, place, column),
                what=f"{column} {shown} {what}{more}.",
                fix=fix(text or "") if k == 0 else "",
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
    rows = engine.run(query.limit(EXAMPLES, copy=False))
    return [(int(row[1]) if table.numbered else None, row[0]) for row in rows]


def place_of(table: Table, row: int | None, column: str | None) -> str:
    """Where a row stands, as exactly as the table can tell."""
    if row is None:
        return f"source {table.source}" + (f", column {column}" if column else "")
    return table.place(row, column)


def number_fix(text: str) -> str:
    """How to mend text that is no number."""
    stripped = text.strip().strip("".join(CURRENCY)).strip()
    if CURRENCY & set(text):
        return "Take currency signs out of the numbers."
    if stripped.lower() in TOTALS:
        return "A row of totals must not be in the data: delete it."
    comma, dot = stripped.rfind(","), stripped.rfind(".")
    if comma >= 0 and dot >= 0:
        return "Write numbers without thousands separators."
    if comma >= 0 and len(stripped) - comma - 1 == 3:
        return (
            "Is the comma a thousands separator (take it out) or a decimal comma "
            "(set `decimal: ','` at the source)?"
        )
    if comma >= 0:
        return "If the comma is a decimal comma, set `decimal: ','` at the source."
    if dot >= 0:
        return "This source writes decimals with a comma: take the dots out."
    return "Correct it, leave the value empty, or leave such rows out with `where`."
