"""What the one statement is built from, and the numbers that it gives for each cell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from holdback.data.engine.dialects import Dialect
from holdback.data.engine.time_zones import Zone
from holdback.data.queries.unit_columns import TOLD, Layout, Monomial, UnitColumn
from holdback.data.queries.units import (
    Events,
    Exposures,
    Span,
)

__all__ = ["Cube", "Sum", "latest_exposure"]

MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """A number of each cell: a sum of a product, or a count or the top of a value."""

    kind: str
    of: Monomial
    own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Cube:
    """All that the statement is built from."""

    layout: Layout
    exposures: Exposures
    events: Mapping[str, Events]
    span: Span
    zone: Zone
    dialect: Dialect

    @property
    def own(self) -> tuple[UnitColumn, ...]:
        """Unit columns from the assignment table, capped twins left out."""
        return tuple(
            u for u in self.layout.units.values() if u.own and u.capping is None
        )

    @property
    def capped(self) -> tuple[UnitColumn, ...]:
        """Twins that are cut off at a pooled percentile."""
        return tuple(u for u in self.layout.units.values() if u.capping is not None)

    @property
    def unit_relation(self) -> str:
        """The exposed units: ``u``, or ``v`` once their capped twins are added."""
        return "v" if any(c.own for c in self.capped) else "u"

    @property
    def event_relation(self) -> str:
        """The units with events: ``p``, or ``w`` once their capped twins are added."""
        return "w" if any(not c.own for c in self.capped) else "p"

    def sums(self) -> tuple[Sum, ...]:
        """The numbers of each cell, in the order of the statement's columns."""
        units = self.layout.units
        found = [
            Sum(kind="sum", of=m, own=all(units[name].own for name in m))
            for m in self.layout.monomials()
        ]
        for unit in units.values():
            if not unit.indicator:
                one = (unit.name,)
                found.append(Sum(kind="nonzero", of=one, own=unit.own))
                found.append(Sum(kind="largest", of=one, own=unit.own))
        return tuple(found)

    def told(self) -> tuple[str, ...]:
        """Columns that count each source's rows for the reader of the report."""
        return tuple(f"{name}_{i}" for i in range(len(self.events)) for name in TOLD)


def latest_exposure(cube: Cube, horizon: int) -> int:
    """The last exposure whose first `horizon` horizons had passed at as-of."""
    end = cube.layout.horizons[horizon - 1]
    assert cube.span.as_of is not None  # noqa: S101  # asked with times only
    return cube.span.as_of - end // MICROSECOND
