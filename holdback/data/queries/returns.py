"""Returns at the time of their purchase: what was sent back belongs where it was sold.

A window by the day of the return counts a return of something bought before the test
against it, and misses one that comes after the window. By the day of the purchase, each
amount stands beside the sale that it undoes.
"""

from __future__ import annotations

from dataclasses import replace

from sqlglot import exp

from holdback.data.engine import Engine
from holdback.data.engine.sql import all_of, col, count_where, integer, when
from holdback.data.evidence.cells import Returned
from holdback.data.queries.units import (
    Events,
    nested,
    select,
    widened,
)
from holdback.experiments.kinds.source import ReturnRule

__all__ = ["at_purchase", "count_returned"]

AT, BACK, UNIT, PURCHASE = (f"holdback {n}" for n in ("at", "back", "unit", "purchase"))


def at_purchase(events: Events, rule: ReturnRule, as_of: int | None) -> Events:
    """The events, each return at the time of its purchase.

    The purchase of a return is the unit's latest row that is none, at or before it,
    with the same values in the columns of `match`. Returns without one are left out.
    Returns from `as_of` on (µs of UTC) are not known yet: they keep their own time.
    """
    relation = _matched(events, rule, as_of)
    purchased = exp.Not(this=exp.Is(this=col(PURCHASE), expression=exp.null()))
    table = replace(
        events.reader.table,
        relation=relation,
        columns={**events.reader.table.columns, PURCHASE: "integer"},
        numbered=False,
    )
    return replace(
        events,
        reader=replace(events.reader, table=table),
        unit=col(UNIT),
        time=col(PURCHASE),
        where=(purchased,),
    )


def count_returned(
    engine: Engine, events: Events, rule: ReturnRule, as_of: int | None
) -> Returned:
    """How many returns were known at `as_of`, and how many found no purchase."""
    lost = exp.Is(this=col(PURCHASE), expression=exp.null())
    counted = {
        "rows": count_where(col(BACK)),
        "lost": count_where(all_of([col(BACK), lost])),
    }
    ((rows, unmatched),) = engine.run(select(counted, _matched(events, rule, as_of)))
    return Returned(rows=int(rows), unmatched=int(unmatched))


def _matched(events: Events, rule: ReturnRule, as_of: int | None) -> exp.Expression:
    """The rows with the time at which each counts; null where there is none."""
    reader = events.reader
    assert events.time is not None  # noqa: S101  # a source of events has times
    known = [reader.condition(rule.where.tree)]
    if as_of is not None:
        known.append(exp.LT(this=events.time.copy(), expression=integer(as_of)))
    columns = {UNIT: events.unit, AT: events.time, BACK: all_of(known)}
    rows = widened(columns, reader.table.relation.copy())
    rows = rows.where(
        all_of(condition.copy() for condition in events.where), copy=False
    )
    sold = exp.Window(
        this=exp.Max(this=when(col(BACK), exp.null(), col(AT))),
        partition_by=[col(UNIT), *(col(name) for name in rule.match)],
        order=exp.Order(
            expressions=[exp.Ordered(this=col(AT), desc=False, nulls_first=True)]
        ),
    )
    purchase = {PURCHASE: when(col(BACK), sold, col(AT))}
    return nested(widened(purchase, nested(rows, "sold")), "matched")
