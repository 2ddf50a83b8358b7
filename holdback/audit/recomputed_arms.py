"""Recomputed and logged arms of every exposed unit, counted where the rows live.

The arm is computed by the engine's own digests where it has the scheme's hash;
otherwise units are drawn in batches and hashed here, so memory does not grow with
them either way.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from math import ceil
from typing import Any, NamedTuple

from sqlglot import exp

from holdback.assignment.recipe import Draw
from holdback.assignment.split import Split
from holdback.assignment.sql import DIALECTS, can_draw, decided, draw_sql
from holdback.data.engine import Engine
from holdback.data.engine.sql import col, integer, when
from holdback.data.engine.times import IN_UTC
from holdback.data.evidence.unit_rows import EPOCH_DAY
from holdback.data.queries.exposures import Exposed
from holdback.data.queries.units import (
    CROSSED,
    KEPT_CROSSED,
    Exposures,
    exposed_units,
    nested,
    select,
)

__all__ = ["ArmCell", "Counts", "Rows", "counts_of", "rows_of"]

BATCH = 50_000
CHOOSER = Draw(hash="sha256", before="audit:", digits=8, buckets=1_000_000)
"""Which units a sample takes: the same ones whatever the engine or the order."""


class ArmCell(NamedTuple):
    """Where a unit is counted: first day, recomputed arm and reason, logged arm."""

    day: date | None
    planned: str | None
    reason: str
    logged: str

    @property
    def agrees(self) -> bool:
        """Whether the logged arm is the recomputed one."""
        return self.planned == self.logged


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Units of each cell, and units that were logged in two arms."""

    cells: Mapping[ArmCell, int]
    crossed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Sampled units: their logged arm, and the text of each column that may be an id.

    The first of `ids` is the column that the plan names.
    """

    logged: tuple[str, ...]
    ids: Mapping[str, tuple[str | None, ...]]


def counts_of(
    engine: Engine, exposed: Exposed, split: Split, arms: Sequence[str]
) -> Counts:
    """Units by first day, recomputed and logged arm; `arms` name the logged numbers."""
    native = _is_native(split, engine.dialect.name)
    counted = (_in_engine if native else _in_python)(engine, exposed, split)
    cells: Counter[ArmCell] = Counter()
    crossings = 0
    for (day, planned, reason, logged, crossed), n in counted.items():
        crossings += n if crossed else 0
        if not crossed or exposed.exposures.time is not None:
            cells[ArmCell(_date(day), planned, str(reason), arms[int(logged)])] += n
    return Counts(cells=cells, crossed=crossings)


def rows_of(
    engine: Engine,
    exposed: Exposed,
    arms: Sequence[str],
    columns: Mapping[str, exp.Expression],
    *,
    days: tuple[date | None, date | None],
    share: float,
) -> Rows:
    """About `share` of the units first exposed on `days`, both included.

    `columns` are texts of the assignment table's rows that may be ids.
    """
    units = exposed_units(
        _chosen(engine, exposed, columns.values(), share), exposed.span, ()
    )
    names = [f"s{i}" for i in range(len(columns))]
    kept = [] if exposed.exposures.time is not None else [_not_crossed()]
    for day, compare in zip(days, (exp.GTE, exp.LTE), strict=True):
        if day is not None:
            number = integer((day - EPOCH_DAY).days)
            kept.append(compare(this=_day(engine, exposed), expression=number))
    query = select(
        {name: col(name) for name in ("unit", "arm", *names)},
        nested(units, "u"),
        where=kept,
    )
    records = sorted(engine.run(query), key=lambda row: (str(row[0]), int(row[1])))
    texts = list(zip(*(row[2:] for row in records), strict=True))
    return Rows(
        logged=tuple(arms[int(row[1])] for row in records),
        ids=dict(zip(columns, texts, strict=True)) if texts else {},
    )


def _is_native(split: Split, dialect: str) -> bool:
    """Whether a database has every hash as it is, without an extension."""
    needy = DIALECTS[dialect].notes
    return all(can_draw(d, dialect) and d.hash not in needy for d in split.draws)


def _in_engine(
    engine: Engine, exposed: Exposed, split: Split
) -> Mapping[tuple[Any, ...], int]:
    dialect = engine.dialect.name
    numbers = {
        f"n{i}": exp.Var(this=draw_sql(draw, '"unit"', dialect))
        for i, draw in enumerate(split.draws)
    }
    units = _units(engine, exposed)
    inner = {name: col(name) for name in ("unit", "arm", "crossed", "day")} | numbers
    drawn = select(inner, nested(units, "u"))
    columns = decided(
        split, dialect, unit='"unit"', numbers=[f'"{name}"' for name in numbers]
    )
    labels = {
        "day": col("day"),
        "planned": exp.Var(this=columns.arm),
        "reason": exp.Var(this=columns.reason),
        "arm": col("arm"),
        "crossed": col("crossed"),
    }
    keys = list(labels)
    labelled = select(labels, nested(drawn, "d"))
    counted: dict[str, exp.Expression] = {name: col(name) for name in keys}
    counted["n"] = exp.Count(this=exp.Star())
    rows = engine.run(select(counted, nested(labelled, "c"), group=keys))
    return {tuple(row[:-1]): int(row[-1]) for row in rows}


def _in_python(
    engine: Engine, exposed: Exposed, split: Split
) -> Mapping[tuple[Any, ...], int]:
    counted: Counter[tuple[Any, ...]] = Counter()
    for day, unit, arm, crossed in _streamed(engine, exposed):
        planned = split.assign(unit)
        counted[day, planned.arm, planned.reason, arm, crossed] += 1
    return counted


def _streamed(engine: Engine, exposed: Exposed) -> Iterator[Sequence[Any]]:
    order = ("day", "unit", "arm", "crossed")
    query = select(
        {name: col(name) for name in order}, nested(_units(engine, exposed), "u")
    )
    for batch in engine.batches(query, BATCH):
        yield from batch


def _units(engine: Engine, exposed: Exposed) -> exp.Select:
    """One row a unit: its id, logged arm, day, and whether it was in two arms."""
    crossed = when(_not_crossed(), integer(0), integer(1))
    return select(
        {
            "unit": col("unit"),
            "arm": col("arm"),
            "crossed": crossed,
            "day": _day(engine, exposed),
        },
        nested(exposed_units(exposed.exposures, exposed.span, ()), "x"),
    )


def _not_crossed() -> exp.Expression:
    both = [integer(CROSSED), integer(KEPT_CROSSED)]
    return exp.Not(this=exp.In(this=col("status"), expressions=both))


def _day(engine: Engine, exposed: Exposed) -> exp.Expression:
    """Days since 1970 in the project's timezone; null without times."""
    if exposed.exposures.time is None:
        return exp.null()
    return (exposed.zone or IN_UTC).day(col("t"), engine.dialect)


def _date(day: Any) -> date | None:
    return None if day is None else EPOCH_DAY + timedelta(days=int(day))


def _chosen(
    engine: Engine,
    exposed: Exposed,
    columns: Iterable[exp.Expression],
    share: float,
) -> Exposures:
    """Exposures of the sampled units only, with the columns as their segments."""
    exposures = exposed.exposures
    assert exposures.unit is not None  # noqa: S101  # checked before
    dialect = engine.dialect.name
    number = draw_sql(CHOOSER, exposures.unit.sql(dialect=dialect), dialect)
    below = integer(ceil(share * CHOOSER.buckets))
    chosen = exp.LT(this=exp.Var(this=f"({number})"), expression=below)
    return replace(
        exposures,
        where=(*exposures.where, *((chosen,) if share < 1 else ())),
        all_kept=exposures.all_kept and share >= 1,
        segments={f"s{i}": one for i, one in enumerate(columns)},
    )
