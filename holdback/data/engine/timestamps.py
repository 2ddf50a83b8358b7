"""Times of a source as microseconds since 1970 in UTC."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from holdback.data.engine.columns import Reader
from holdback.data.engine.sql import all_of, col, when
from holdback.data.engine.time_zones import Zone
from holdback.errors import DataError, Problem

__all__ = ["Clock"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Reads the time column of one source.

    Stamps with an offset are moments; those without are the wall clock of the
    project's timezone.
    """

    reader: Reader
    column: str

    def raw(self) -> exp.Expression:
        """Microseconds as written: UTC where an offset is named, else wall clock."""
        kind = self.reader.kind(self.column)
        if kind == "text":
            return self.reader.dialect.stamp(col(self.column))
        if kind not in {"date", "local", "instant"}:
            raise DataError(
                Problem(
                    where=f"source {self.reader.table.source}, column {self.column}",
                    what=f"'{self.column}' holds {kind} values and is no time.",
                    fix="Name a column of dates or timestamps as `time`.",
                )
            )
        return self.reader.dialect.microseconds(
            col(self.column), self.reader.table.columns[self.column]
        )

    def wall(self) -> exp.Expression:
        """Whether a row's stamp is wall-clock time."""
        kind = self.reader.kind(self.column)
        if kind == "text":
            return exp.Not(this=self.reader.dialect.has_offset(col(self.column)))
        return exp.false() if kind == "instant" else exp.true()

    def utc(self, zone: Zone | None) -> exp.Expression:
        """Microseconds in UTC; without a zone, wall clocks are UTC already."""
        kind = self.reader.kind(self.column)
        if zone is None or kind == "instant":
            return self.raw()
        if kind == "text":
            return when(self.wall(), zone.to_utc(self.raw()), self.raw())
        return zone.to_utc(self.raw())

    def skipped(self, zone: Zone | None) -> exp.Expression:
        """Whether a row's local time is skipped by daylight saving."""
        if zone is None:
            return exp.false()
        return all_of([self.wall(), zone.skipped(self.raw())])
