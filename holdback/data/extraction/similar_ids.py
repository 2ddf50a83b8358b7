"""Unit ids that look like one id written in two ways."""

from __future__ import annotations

from collections.abc import Mapping
from functools import reduce

from sqlglot import exp

from holdback.data.engine import Engine
from holdback.data.engine.columns import Reader
from holdback.data.engine.sql import col
from holdback.data.queries.units import nested, select

__all__ = ["similar_ids"]


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
