"""Refunds in a file of their own: what was given back, as a column of the orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlglot import exp

from holdback.data.engine import Engine
from holdback.data.engine.expressions import Reader
from holdback.data.engine.sql import all_of, any_of, col, count_where, double, integer
from holdback.data.engine.times import Clock
from holdback.data.evidence.cells import Returned
from holdback.data.queries.units import nested, select, widened
from holdback.errors import DataError, Problem
from holdback.experiments.kinds.source import RefundFile
from holdback.experiments.language.expression import Expression

__all__ = ["REFUNDED", "RefundsOf", "without_refunds_yet"]

REFUNDED = "refunded"
ORDER_ID, GIVEN_BACK, RANK = (
    f"holdback {name}" for name in ("order", "given back", "rank")
)


def without_refunds_yet(reader: Reader) -> None:
    """Give the orders their column, in which nothing is refunded so far.

    Raises DataError where they have one by that name already.
    """
    table = reader.table
    if REFUNDED in table.columns:
        raise DataError(
            Problem(
                where=f"source {table.source}, refunds",
                what=f"the source has a column '{REFUNDED}' already.",
                why="What the source of refunds holds would take its place.",
                fix="Leave `refunds` out, or that column, with `sql`.",
            )
        )
    reader.table = replace(
        table,
        relation=nested(
            widened({REFUNDED: double("0")}, table.relation.copy()), table.source
        ),
        columns={**table.columns, REFUNDED: "float"},
        numbered=False,
    )


class RefundsOf:
    """What was given back by the order's id, of refunds that are known."""

    def __init__(  # what is asked of one source
        self,
        reader: Reader,
        rule: RefundFile,
        order_id: str,
        where: Sequence[Expression],
        clock: Clock | None,
        as_of: int | None,
    ) -> None:
        self.reader = reader
        self.order_id = order_id
        kept = [reader.condition(formula.tree) for formula in where]
        if clock is not None and as_of is not None:
            made = clock.utc()
            known = exp.LT(this=made, expression=integer(as_of))
            timeless = exp.Is(this=exp.Paren(this=made.copy()), expression=exp.null())
            kept.append(any_of([known, timeless]))
        self.rows = select(
            {
                ORDER_ID: reader.as_text(rule.id or order_id),
                GIVEN_BACK: reader.number(rule.value.tree),
            },
            reader.table.relation.copy(),
            where=[all_of(kept)],
        )

    def join(self, engine: Engine, orders: Reader) -> None:
        """Fill the orders' column; of rows with one id the first has it all."""
        table = orders.table
        sums = select(
            {ORDER_ID: col(ORDER_ID), GIVEN_BACK: exp.Sum(this=col(GIVEN_BACK))},
            nested(self.rows.copy(), "f"),
            group=[ORDER_ID],
        )
        text = orders.as_text(self.order_id)
        names = [name for name in table.columns if name != REFUNDED]
        bytewise = orders.dialect.bytewise
        rank = exp.Window(
            this=exp.RowNumber(),
            partition_by=[text],
            order=exp.Order(
                expressions=[
                    exp.Ordered(this=bytewise(exp.cast(col(name), "TEXT")), desc=False)
                    for name in names
                ]
            ),
        )
        rows = select(
            {name: col(name) for name in names} | {ORDER_ID: text.copy(), RANK: rank},
            table.relation.copy(),
        )
        first = exp.EQ(this=col(RANK, "o"), expression=integer(1))
        back = exp.func("COALESCE", col(GIVEN_BACK, "f"), double("0"))
        joined = select(
            {name: col(name, "o") for name in names} | {REFUNDED: back},
            nested(rows, "o"),
        ).join(
            nested(sums, "f"),
            on=all_of(
                [exp.EQ(this=col(ORDER_ID, "f"), expression=col(ORDER_ID, "o")), first]
            ),
            join_type="left",
            copy=False,
        )
        orders.table = replace(
            table, relation=engine.kept(joined), columns={**table.columns}
        )

    def counted(self, engine: Engine, orders: Reader) -> Returned:
        """How many refunds are known, and how many name no order."""
        ids = select(
            {"id": orders.as_text(self.order_id)}, orders.table.relation.copy()
        )
        some = exp.Not(this=exp.Is(this=col("id"), expression=exp.null()))
        ids = select({"id": col("id")}, nested(ids, "i"), where=[some])
        found = exp.In(this=col(ORDER_ID), query=exp.Subquery(this=ids))
        query = select(
            {"rows": exp.Count(this=exp.Star()), "met": count_where(found)},
            nested(self.rows.copy(), "f"),
        )
        ((rows, met),) = engine.run(query)
        return Returned(rows=int(rows), unmatched=int(rows) - int(met))
