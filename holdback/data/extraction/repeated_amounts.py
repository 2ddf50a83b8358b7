"""Rows of one unit with the same moment and amount, where no id tells them apart.

An export of order lines repeats the total of the order on every line. Added up, an
order of three lines counts three times.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from holdback.data.engine import Engine
from holdback.data.engine.expressions import Reader
from holdback.data.engine.sql import all_of, col
from holdback.data.extraction.currencies import MoneyRows
from holdback.data.queries.units import nested, select
from holdback.experiments.kinds.source import Source
from holdback.experiments.language.expression import Expression

__all__ = ["repeated_amounts"]

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
