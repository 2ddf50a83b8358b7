"""Local times and UTC, by the transitions of one timezone, as arithmetic.

Engines differ in their timezone data and functions, so none is used: the offsets of
the project's timezone come from Python's `zoneinfo` and are written into the query
as a CASE over its few transitions in the range of the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from sqlglot import exp

from holdback.data.engine.expressions import Reader
from holdback.data.engine.protocol import EngineDialect
from holdback.data.engine.sql import all_of, any_of, col, integer, when
from holdback.errors import DataError, Problem

__all__ = [
    "DAY_MICROSECONDS",
    "HOUR",
    "IN_MOMENTS",
    "IN_UTC",
    "MICROSECOND",
    "QUARTER",
    "Clock",
    "DayForm",
    "Dial",
    "Zone",
    "from_microseconds",
    "microseconds",
    "since_midnight",
]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
DAY_MICROSECONDS = 86_400_000_000
HOUR = 3_600_000_000
QUARTER = HOUR // 4
"""An hour and a quarter of one, in µs."""
PROBE = timedelta(days=7)
NO_DATE = 2 * DAY_MICROSECONDS
"""Times before it (1 January 1970, 1900, 0001 …) are what programs write for none.

Two days, because a zero of 1970 that is written as local time lies up to a day off.
"""
NO_YEAR = 253_402_300_800_000_000
"""The year 10000, which no program means."""

DayForm = Literal["none", "some", "written", "local"]
"""Whether a source's times are whole days: none; some (dates among moments); all, the
day as it is written; or all, the day of a moment in the project's timezone."""


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

    def reads_from(self, *, later: bool) -> int:
        """The local time from which stamps are read with the offset after it.

        In the hour that comes twice the `later` reading takes the offset after.
        """
        if later and self.after < self.before:
            return self.at + self.after
        return self.at + max(self.before, self.after)


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """The offsets of a timezone between two moments.

    A local time that daylight saving skips is read with the offset before the
    change, so it moves forward; one that comes twice is the first of the two, unless
    the `later` is asked for.
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

    @property
    def is_utc(self) -> bool:
        """Whether local time is UTC, over the whole range."""
        return self.first == 0 and not self.transitions

    def to_utc(self, local: exp.Expression, *, later: bool = False) -> exp.Expression:
        """Local wall-clock microseconds → UTC microseconds."""
        if self.is_utc:
            return local
        bounds = [(t.reads_from(later=later), t.before) for t in self.transitions]
        return exp.Sub(
            this=exp.Paren(this=local), expression=self._case(local.copy(), bounds)
        )

    def to_local(self, utc: exp.Expression) -> exp.Expression:
        """UTC microseconds → local wall-clock microseconds."""
        if self.is_utc:
            return utc
        bounds = [(t.at, t.before) for t in self.transitions]
        return exp.Add(
            this=exp.Paren(this=utc), expression=self._case(utc.copy(), bounds)
        )

    def day(self, utc: exp.Expression, dialect: EngineDialect) -> exp.Expression:
        """UTC microseconds → days since 1970 of the local calendar."""
        return dialect.quotient(self.to_local(utc), integer(DAY_MICROSECONDS))

    def day_start(self, utc: exp.Expression) -> exp.Expression:
        """UTC microseconds → wall-clock microseconds of the local day's midnight."""
        return day_floor(self.to_local(utc))

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

    def repeated(self, local: exp.Expression) -> exp.Expression:
        """Whether a local time comes twice, where clocks are set back."""
        twice = [
            all_of(
                [
                    exp.GTE(this=local.copy(), expression=integer(t.at + t.after)),
                    exp.LT(this=local.copy(), expression=integer(t.at + t.before)),
                ]
            )
            for t in self.transitions
            if t.after < t.before
        ]
        return any_of(twice)

    def repeats(self, low: int, high: int) -> bool:
        """Whether some local time from `low` to `high` (µs) comes twice."""
        return any(
            t.after < t.before and low < t.at + t.before and high >= t.at + t.after
            for t in self.transitions
        )

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

    def utc(self, local: int, *, later: bool = False) -> int:
        """UTC microseconds of local wall-clock microseconds."""
        for change in self.transitions:
            if local < change.reads_from(later=later):
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


def day_floor(local: exp.Expression) -> exp.Expression:
    """Wall-clock microseconds → those of the day's midnight."""
    return exp.Sub(this=exp.Paren(this=local), expression=since_midnight(local.copy()))


def since_midnight(local: exp.Expression) -> exp.Expression:
    """Microseconds since midnight; of UTC microseconds, since UTC's."""
    return exp.Mod(this=exp.Paren(this=local), expression=integer(DAY_MICROSECONDS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Dial:
    """How the times of one source are read, once they have been looked at.

    `wall` is the zone of stamps without offset, `project` that of the project's days.
    Of an hour that comes twice the `later` is meant, or the first. `offsets` says
    whether stamps in text name theirs, `no_dates` that some rows hold dates that
    mean none. `tolerance` is how long before its exposure an event may be logged, µs.
    """

    wall: Zone = IN_UTC
    project: Zone = IN_UTC
    days: DayForm = "none"
    later: bool = False
    offsets: Literal["none", "some", "all"] = "some"
    no_dates: bool = False
    tolerance: int = 0


IN_MOMENTS = Dial()
"""Moments in UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clock:
    """Reads the time column of one source.

    Stamps with an offset are moments; those without are the wall clock of the
    source's timezone. Whole days are the midnights of the project's.
    """

    reader: Reader
    column: str
    dial: Dial = IN_MOMENTS

    @property
    def is_text(self) -> bool:
        """Whether times are written as text."""
        return self.reader.kind(self.column) == "text"

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
        if self.is_text and self.dial.offsets == "some":
            return exp.Not(this=self.reader.dialect.has_offset(col(self.column)))
        if self.is_text:
            return exp.true() if self.dial.offsets == "none" else exp.false()
        kind = self.reader.kind(self.column)
        return exp.false() if kind == "instant" else exp.true()

    def means_none(self) -> exp.Expression:
        """Whether a row's time is what a program writes for no time at all.

        Raises DataError for a column that holds no times.
        """
        before = exp.LT(this=self.raw(), expression=integer(NO_DATE))
        sure = exp.func("COALESCE", exp.Paren(this=before), exp.false())
        if not self.is_text:
            return sure
        return any_of([sure, self.reader.dialect.names_no_date(col(self.column))])

    def utc(self) -> exp.Expression:
        """Microseconds in UTC; null where the date means none.

        Raises DataError for a column that holds no times.
        """
        moment = self._utc()
        if not self.dial.no_dates:
            return moment
        return when(exp.Not(this=exp.Paren(this=self.means_none())), moment, None)

    def _utc(self) -> exp.Expression:
        dial, raw = self.dial, self.raw()
        if dial.days == "written":
            return dial.project.to_utc(day_floor(raw))
        moment = self._either(dial.wall.to_utc(raw, later=dial.later), raw.copy())
        if dial.days != "local":
            return moment
        written = dial.project.to_utc(day_floor(raw.copy()))
        local = dial.project.to_utc(dial.project.day_start(raw.copy()))
        return self._either(written, local)

    def _either(self, wall: exp.Expression, moment: exp.Expression) -> exp.Expression:
        """What a row is read as: by its wall clock, or as a moment."""
        is_wall = self.wall()
        if isinstance(is_wall, exp.Boolean):
            return wall if is_wall.this else moment
        return when(is_wall, wall, moment)

    def skipped(self) -> exp.Expression:
        """Whether a row's local time is skipped by daylight saving.

        Raises DataError for a column that holds no times.
        """
        return all_of([self.wall(), self.dial.wall.skipped(self.raw())])

    def repeated(self) -> exp.Expression:
        """Whether a row's local time is of an hour that comes twice.

        Raises DataError for a column that holds no times.
        """
        return all_of([self.wall(), self.dial.wall.repeated(self.raw())])
