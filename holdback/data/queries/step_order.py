"""Measures that come after one another: which of a unit's rows are late enough.

For each measure that another comes after there is a relation with the units that have
it and the time of the first row by which they do; that row is itself late enough for
what it comes after. The first row is the best one: who has a later step after any row
has it after the first. An event known by day is late enough on that row's day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from holdback.data.engine.sql import col, integer, when
from holdback.data.queries.unit_columns import UnitColumn
from holdback.data.queries.units import Events

__all__ = ["StepOrder"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StepOrder:
    """The unit columns of a layout by name, those awaited before those that wait.

    `exposed` names the relation of the exposed units.
    """

    units: Mapping[str, UnitColumn]
    exposed: str = "u"

    def awaited(self) -> tuple[UnitColumn, ...]:
        """Columns from events that another comes after."""
        names = {unit.after for unit in self.units.values()}
        return tuple(u for u in self.units.values() if u.name in names and not u.own)

    @staticmethod
    def relation(name: str) -> str:
        """Name of the relation of who has a column, and since when."""
        return f"since_{name}"

    def late_enough(self, unit: UnitColumn, events: Events) -> list[exp.Expression]:
        """Conditions that a row comes after what it has to; none where nothing is."""
        if unit.after is None:
            return []
        if self.units[unit.after].own:
            return [exp.EQ(this=col(unit.after, "u"), expression=integer(1))]
        before = col("t", self.relation(unit.after))
        moment = exp.GTE(this=col("t", "e"), expression=before)
        if events.days == "none":
            return [moment]
        day_before = events.zone.day_start(before.copy())
        day = exp.GTE(this=col("w", "e"), expression=exp.Paren(this=day_before))
        return [day if events.days == "all" else when(col("d", "e"), day, moment)]

    def joined(self, query: exp.Select, wanted: Iterable[UnitColumn]) -> exp.Select:
        """A query of units ``u``, with what `wanted` come after beside them."""
        awaited = dict.fromkeys(unit.after for unit in wanted)
        for name in awaited:
            if name is None or self.units[name].own:
                continue
            before = self.relation(name)
            query = query.join(
                exp.table_(before, quoted=True),
                on=exp.EQ(this=col("unit", before), expression=col("unit", "u")),
                join_type="left",
                copy=False,
            )
        return query
