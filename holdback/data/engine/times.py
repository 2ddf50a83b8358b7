"""Local times and UTC, by the transitions of one timezone, as arithmetic.

Engines differ in their timezone data and functions, so none is used: the offsets of
the project's timezone come from Python's `zoneinfo` and are written into the query
as a CASE over its few transitions in the range of the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlglot import exp

from holdback.data.engine.expressions import Reader
from holdback.data.engine.protocol import EngineDialect
from holdback.data.engine.sql import all_of, any_of, col, integer, when
from holdback.errors import DataError, Problem

__all__ = [
    "DAY_MICROSECONDS",
    "IN_UTC",
    "MICROSECOND",
    "Clock",
    "Zone",
    "from_microseconds",
    "microseconds",
]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY_MICROSECONDS = 86_400_000_000
PROBE = timedelta(days=7)


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970 of an aware moment."""
    return (moment - EPOCH) // MICROSECOND


def from_microseconds(value: int) -> datetime:
    """The moment in UTC."""
    return EPOCH + value * MICROSECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """A change of the offset: its moment in UTC, offsets before and after, in µs."""

    at: int
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """The offsets of a timezone between two moments.

    A local time that daylight saving skips is read with the offset before the
    change, so it moves forward; one that comes twice is the first of the two.
    """

    name: str
    first: int
    transitions: tuple[Transition, ...]

    @classmethod
    def between(cls, name: str, start: int, end: int) -> Zone:
        """The zone's offsets from `start` to `end` (µs), with two days to spare."""
        zone = ZoneInfo(name)
        low = max(start, microseconds(datetime(1900, 1, 1, tzinfo=UTC)))
        high = min(end, microseconds(datetime(2200, 1, 1, tzinfo=UTC)))
        moment = from_microseconds(low) - timedelta(days=2)
        last = from_microseconds(max(low, high)) + timedelta(days=2)
        first = _offset(zone, moment)
        transitions = []
        while moment < last:
            step = moment + PROBE
            if _offset(zone, step) != _offset(zone, moment):
                transitions.append(_transition(zone, moment, step))
            moment = step
        return cls(name=name, first=first, transitions=tuple(transitions))

    def to_utc(self, local: exp.Expression) -> exp.Expression:
        """Local wall-clock microseconds → UTC microseconds."""
        bounds = [(t.at + max(t.before, t.after), t.before) for t in self.transitions]
        return exp.Sub(
            this=exp.Paren(this=local), expression=self._case(local.copy(), bounds)
        )

    def to_local(self, utc: exp.Expression) -> exp.Expression:
        """UTC microseconds → local wall-clock microseconds."""
        bounds = [(t.at, t.before) for t in self.transitions]
        return exp.Add(
            this=exp.Paren(this=utc), expression=self._case(utc.copy(), bounds)
        )

    def day(self, utc: exp.Expression, dialect: EngineDialect) -> exp.Expression:
        """UTC microseconds → days since 1970 of the local calendar."""
        return dialect.quotient(self.to_local(utc), integer(DAY_MICROSECONDS))

    def skipped(self, local: exp.Expression) -> exp.Expression:
        """Whether a local time is one that daylight saving skips."""
        gaps = [
            all_of(
                [
                    exp.GTE(this=local.copy(), expression=integer(t.at + t.before)),
                    exp.LT(this=local.copy(), expression=integer(t.at + t.after)),
                ]
            )
            for t in self.transitions
            if t.after > t.before
        ]
        return any_of(gaps)

    def skips(self, low: int, high: int) -> bool:
        """Whether some local time from `low` to `high` (µs) does not exist."""
        return any(
            t.after > t.before and low < t.at + t.after and high >= t.at + t.before
            for t in self.transitions
        )

    def midnight(self, day: date) -> int:
        """UTC microseconds of the start of a local day."""
        local = microseconds(datetime.combine(day, time(), tzinfo=UTC))
        return self.utc(local)

    def utc(self, local: int) -> int:
        """UTC microseconds of local wall-clock microseconds."""
        for change in self.transitions:
            if local < change.at + max(change.before, change.after):
                return local - change.before
        return local - self._last

    def local(self, utc: int) -> int:
        """Local wall-clock microseconds of UTC microseconds."""
        for change in self.transitions:
            if utc < change.at:
                return utc + change.before
        return utc + self._last

    @property
    def _last(self) -> int:
        return self.transitions[-1].after if self.transitions else self.first

    def _case(
        self, value: exp.Expression, bounds: list[tuple[int, int]]
    ) -> exp.Expression:
        if not bounds:
            return integer(self.first)
        case = exp.Case()
        for bound, offset in bounds:
            below = exp.LT(this=exp.Paren(this=value.copy()), expression=integer(bound))
            case = case.when(below, integer(offset), copy=False)
        return case.else_(integer(self._last), copy=False)


IN_UTC = Zone(name="UTC", first=0, transitions=())


def _offset(zone: ZoneInfo, moment: datetime) -> int:
    offset = moment.astimezone(zone).utcoffset()
    return (offset or timedelta(0)) // MICROSECOND


def _transition(zone: ZoneInfo, low: datetime, high: datetime) -> Transition:
    """The change between two moments, found by bisection to the second."""
    before, after = _offset(zone, low), _offset(zone, high)
    while high - low > timedelta(seconds=1):
        middle = low + timedelta(seconds=(high - low) // timedelta(seconds=2))
        if _offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    at = microseconds(high.replace(microsecond=0))
    return Transition(at=at, before=before, after=after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Reads the time column of one source.

    Stamps with an offset are moments; those without are the wall clock of the
    project's timezone.
    """

    reader: Reader
    column: str

    def raw(self) -> exp.Expression:
        """Microseconds as written: UTC where an offset is named, else wall clock.

        Raises DataError for a column that holds no times.
        """
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
        """Microseconds in UTC; without a zone, wall clocks are UTC already.

        Raises DataError for a column that holds no times.
        """
        kind = self.reader.kind(self.column)
        if zone is None or kind == "instant":
            return self.raw()
        if kind == "text":
            return when(self.wall(), zone.to_utc(self.raw()), self.raw())
        return zone.to_utc(self.raw())

    def skipped(self, zone: Zone | None) -> exp.Expression:
        """Whether a row's local time is skipped by daylight saving.

        Raises DataError for a column that holds no times.
        """
        if zone is None:
            return exp.false()
        return all_of([self.wall(), zone.skipped(self.raw())])
