"""How far each source reaches: its end, and times that lie far beyond it.

The data say it, not the clock. A row is *stray* where it lies beyond the experiment and
two months or more beyond all others of its source. A source has *ended* where its rows
stop though more were due: ten at least beyond a day, going by when rows came after an
exposure so far and by when units joined, and after a silence longer than any of the
eight weeks before. A source of rare events is due too few to tell, so it reaches as far
as the reading does.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from sqlglot import exp

from holdback.data.engine import Engine
from holdback.data.engine.sql import col, integer
from holdback.data.engine.times import DAY_MICROSECONDS, HOUR, Clock
from holdback.data.queries.event_units import elapsed, placed
from holdback.data.queries.units import Events, nested, select

__all__ = [
    "Bucket",
    "Delays",
    "Watch",
    "begins_late",
    "buckets_of",
    "delays_of",
    "ended_at",
    "in_order",
    "without_strays",
]

FEW, FEW_SHARE = 3, 100
"""At most so many rows, or one in so many, lie beyond the others."""
FAR, VERY_FAR = 60 * DAY_MICROSECONDS, 365 * DAY_MICROSECONDS
BUSY_DAYS = 5
DUE, DUE_A_STRAY = 10, 20
LONGER = 1.5
LOOKED_BACK = 56 * DAY_MICROSECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Rows of one hour: how many, and the first and last of their times, in µs."""

    first: int
    last: int
    rows: int
    wall: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Delays:
    """How long after a unit's exposure rows came: rows by delay, units by joining.

    `rows` and `joined` hold (µs, count), ascending.
    """

    rows: Sequence[tuple[int, int]]
    joined: Sequence[tuple[int, int]]

    def due(self, known: int, start: int, stop: int) -> float:
        """Rows that are due in a stretch if they come as they came up to `known`."""
        moments = [moment for moment, _ in self.joined]
        units = [0, *accumulate(count for _, count in self.joined)]

        def joined_by(moment: int) -> int:
            return units[bisect_right(moments, moment)]

        total = 0.0
        for delay, rows in self.rows:
            then = joined_by(known - delay)
            if then:
                more = joined_by(stop - delay) - joined_by(start - delay)
                total += rows * more / then
        return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """When exposures were, for how long rows count from there, and their delays.

    Times in µs. Without `within` rows count to `end`. `delays` are dear, and so asked
    for where the rows by hour leave a doubt.
    """

    joined: Sequence[Bucket]
    within: int | None
    end: int | None
    delays: Callable[[], Delays]

    def watched(self, start: int, stop: int) -> float:
        """Unit-time that lies in a stretch."""
        total = 0.0
        for bucket in self.joined:
            leaves = stop
            if self.within is not None:
                leaves = bucket.first + self.within
            elif self.end is not None:
                leaves = self.end
            overlap = min(stop, leaves) - max(start, bucket.first)
            total += bucket.rows * max(0, overlap)
        return total


def buckets_of(
    engine: Engine, clock: Clock, where: Sequence[exp.Expression]
) -> list[Bucket]:
    """Rows of a source by the hour as it is written, in the order of their times."""
    dated = [
        exp.Not(this=exp.Is(this=clock.raw(), expression=exp.null())),
        exp.Not(this=exp.Paren(this=clock.means_none())),
    ]
    rows = select(
        {"raw": clock.raw(), "wall": clock.wall()},
        clock.reader.table.relation.copy(),
        where=[*where, *dated],
    )
    hour = clock.reader.dialect.quotient(col("raw"), integer(HOUR))
    placed = select(
        {"raw": col("raw"), "wall": col("wall"), "hour": hour}, nested(rows, "r")
    )
    counted = select(
        {
            "first": exp.Min(this=col("raw")),
            "last": exp.Max(this=col("raw")),
            "n": exp.Count(this=exp.Star()),
            "wall": col("wall"),
        },
        nested(placed, "q"),
        group=["hour", "wall"],
    )
    return in_order(
        Bucket(first=int(first), last=int(last), rows=int(rows), wall=bool(wall))
        for first, last, rows, wall in engine.run(counted)
    )


def delays_of(engine: Engine, joined: exp.Select, events: Events) -> Delays:
    """Rows of units by the hours since they joined, and units by the hour.

    `joined` gives a unit and the time ``t`` of its first exposure, in µs of UTC.
    """
    dialect = events.reader.dialect
    rows = select(
        {"unit": events.unit} | placed(events),
        events.reader.table.relation.copy(),
        where=events.where,
    )
    later = select({"delay": elapsed(events)}, nested(rows, "e")).join(
        nested(joined.copy(), "u"),
        on=exp.EQ(this=col("unit", "e"), expression=col("unit", "u")),
        copy=False,
    )
    after = exp.GTE(this=col("delay"), expression=integer(0))
    delays = select(
        {"hour": dialect.quotient(col("delay"), integer(HOUR))},
        nested(later, "l"),
        where=[after],
    )
    hours = select(
        {"hour": dialect.quotient(col("t"), integer(HOUR))}, nested(joined, "u")
    )
    return Delays(rows=_by_hour(engine, delays), joined=_by_hour(engine, hours))


def _by_hour(engine: Engine, hours: exp.Select) -> list[tuple[int, int]]:
    counted = select(
        {"hour": col("hour"), "n": exp.Count(this=exp.Star())},
        nested(hours, "h"),
        group=["hour"],
    )
    return sorted((int(hour) * HOUR, int(n)) for hour, n in engine.run(counted))


def in_order(buckets: Iterable[Bucket]) -> list[Bucket]:
    """Buckets by their times."""
    return sorted(buckets, key=lambda b: (b.first, b.last, b.rows))


def without_strays(buckets: Sequence[Bucket], planned: int | None) -> Sequence[Bucket]:
    """The buckets up to the last that is not far beyond the others.

    Only what lies after `planned`, the end of all that the experiment counts, can be.
    """
    total = sum(bucket.rows for bucket in buckets)
    most, behind, kept = max(FEW, total // FEW_SHARE), 0, len(buckets)
    for i in range(len(buckets) - 1, 0, -1):
        behind += buckets[i].rows
        if behind > most or (planned is not None and buckets[i].first < planned):
            break
        gap = buckets[i].first - buckets[i - 1].last
        length = buckets[i - 1].last - buckets[0].first
        long_enough = length >= BUSY_DAYS * DAY_MICROSECONDS
        if gap > VERY_FAR or (long_enough and gap > max(FAR, length)):
            kept = i
    return buckets[:kept]


def ended_at(buckets: Sequence[Bucket], watch: Watch, until: int) -> int | None:
    """Where a source stops though more rows were due by `until`; None where not.

    A few rows may lie beyond the end.
    """
    starts = [bucket.first for bucket in buckets]
    known = buckets[: bisect_left(starts, until)]
    total = sum(bucket.rows for bucket in known)
    most, behind = max(FEW, total // FEW_SHARE), 0
    for i in range(len(known) - 1, -1, -1):
        last = min(known[i].last + 1, until)
        if until - last >= DAY_MICROSECONDS and _stops(
            known[: i + 1], watch, last, until, behind
        ):
            return last
        behind += known[i].rows
        if behind > most:
            break
    return None


def begins_late(buckets: Sequence[Bucket], watch: Watch, until: int) -> bool:
    """Whether rows were due from the first exposure on, long before the first came."""
    if not buckets or not watch.joined:
        return False
    start, first = watch.joined[0].first, buckets[0].first
    silence = first - start
    early = buckets[: len(buckets) // 2 + 1]
    gaps = (b.first - a.last for a, b in pairwise(early))
    if silence < DAY_MICROSECONDS or silence <= LONGER * max(gaps, default=0):
        return False
    return watch.delays().due(until, start, first) > DUE


def _stops(
    known: Sequence[Bucket], watch: Watch, last: int, until: int, behind: int
) -> bool:
    """Whether the silence from `last` on, but for `behind` rows, is no chance."""
    silence = until - last
    back = min(silence, watch.within or silence)
    back = max(back, BUSY_DAYS * DAY_MICROSECONDS)
    before = [bucket for bucket in known if bucket.last >= last - back]
    if len({bucket.first // DAY_MICROSECONDS for bucket in before}) < BUSY_DAYS:
        return False
    then = watch.watched(last - back, last)
    now = watch.watched(last, min(until, last + back))
    least = DUE + DUE_A_STRAY * behind
    due = sum(bucket.rows for bucket in before) * min(1.0, now / then if then else 0.0)
    if due <= least:
        return False
    recent = [bucket for bucket in known if bucket.last >= last - LOOKED_BACK]
    gaps = (b.first - a.last for a, b in pairwise(recent))
    if silence <= LONGER * max(gaps, default=0):
        return False
    return watch.delays().due(last, last + DAY_MICROSECONDS, until) > least
