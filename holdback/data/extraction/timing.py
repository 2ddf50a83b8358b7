"""When: how each source's times are read, as-of, and how far each source reaches."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial

from sqlglot import exp

from holdback.data.engine import Engine
from holdback.data.engine.expressions import Reader
from holdback.data.engine.sql import col, integer
from holdback.data.engine.times import (
    DAY_MICROSECONDS,
    HOUR,
    IN_UTC,
    MICROSECOND,
    Clock,
    Dial,
    Zone,
    from_microseconds,
    microseconds,
    since_midnight,
)
from holdback.data.evidence.cells import Reach, SourceProfile
from holdback.data.extraction.coverage import (
    Bucket,
    Delays,
    Watch,
    begins_late,
    buckets_of,
    delays_of,
    ended_at,
    in_order,
    without_strays,
)
from holdback.data.queries.exposures import Dials, clock_of, events_of, filters
from holdback.data.queries.unit_columns import Layout
from holdback.data.queries.units import Span, in_window, nested, select
from holdback.experiments.definition.calendar import end_of
from holdback.experiments.definition.experiment import Experiment

__all__ = ["Timing", "timing_of"]

ONE_DAY = timedelta(days=1)
Buckets = Mapping[str, Sequence[Bucket]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The project's zone, how each source's times are read, and what bounds a reading.

    `ends` holds, by source of events, up to when its rows are complete.
    """

    zone: Zone
    dials: Dials
    span: Span
    ends: Mapping[str, int]
    reaches: tuple[Reach, ...]


def timing_of(
    experiment: Experiment,
    engine: Engine,
    readers: Mapping[str, Reader],
    layout: Layout,
    seen: Mapping[str, SourceProfile],
    as_of: date | datetime | None,
) -> Timing:
    """What the times of the sources say, given the moment that was asked for, if any.

    Without one the reading is of the last time of any source up to which those of the
    primary metric are complete; with one, of that moment at most.
    """
    written = _written(experiment, engine, readers, seen)
    planned = _planned(experiment, layout)
    kept = {name: without_strays(rows, planned) for name, rows in written.items()}
    wide = _years_around(experiment, as_of) if engine.careful else ()
    zone = _zone(experiment, experiment.timezone, kept, wide)
    dials = {
        name: _dial(experiment, name, profile, zone, kept, wide)
        for name, profile in seen.items()
    }
    dials = {
        name: _settled(experiment, engine, readers, name, dial, seen[name])
        for name, dial in dials.items()
    }
    placed = {name: _placed(rows, dials[name]) for name, rows in kept.items()}
    asked = None if as_of is None else microseconds(end_of(experiment, as_of))
    window = experiment.window
    span = Span(
        as_of=None,
        start=None if window is None else zone.midnight(window.start),
        end=None if window is None else zone.midnight(window.end + ONE_DAY),
    )
    if not placed:
        return Timing(zone=zone, dials=dials, span=_endless(), ends={}, reaches=())
    watches = _watches(experiment, engine, readers, layout, placed, dials, span)
    latest = asked if asked is not None else max(map(_end, placed.values()))
    moment = _as_of(experiment, placed, watches, latest)
    ends = {
        name: _until(placed.get(name, ()), watch, moment)
        for name, watch in watches.items()
    }
    everything = {name: _placed(rows, dials[name]) for name, rows in written.items()}
    return Timing(
        zone=zone,
        dials=dials,
        span=replace(span, as_of=moment),
        ends=ends,
        reaches=tuple(
            replace(
                _reach(name, everything[name], rows, watches.get(name), latest, moment),
                hours=_hours(rows, dials[name]),
            )
            for name, rows in placed.items()
        ),
    )


def _endless() -> Span:
    return Span(as_of=None, start=None, end=None)


def _written(
    experiment: Experiment,
    engine: Engine,
    readers: Mapping[str, Reader],
    seen: Mapping[str, SourceProfile],
) -> dict[str, list[Bucket]]:
    """Rows by hour, of the sources that have times, as they are written."""
    written = {}
    for name, profile in seen.items():
        clock = clock_of(experiment, readers, name)
        if clock is not None and (profile.wall or profile.moments):
            clock = replace(clock, dial=Dial(offsets=profile.offsets))
            where = [
                readers[name].condition(formula.tree)
                for formula in filters(experiment, name)
            ]
            written[name] = buckets_of(engine, clock, where)
    return written


def _planned(experiment: Experiment, layout: Layout) -> int | None:
    """The end of all that the experiment counts, as if its clocks were in UTC."""
    if experiment.window is None:
        return None
    end = experiment.window.end + ONE_DAY
    longest = max(layout.horizons, default=timedelta(0))
    return _utc_midnight(end) + longest // MICROSECOND


def _utc_midnight(day: date) -> int:
    return microseconds(datetime(day.year, day.month, day.day, tzinfo=UTC))


def _years_around(
    experiment: Experiment, as_of: date | datetime | None
) -> tuple[int, ...]:
    """A range that the data will hardly leave, where they were not looked at yet."""
    days = [as_of] if as_of is not None else []
    if experiment.window is not None:
        days += [experiment.window.start, experiment.window.end]
    return tuple(
        _utc_midnight(date(day.year + years, 1, 1)) for day in days for years in (-2, 2)
    )


def _zone(
    experiment: Experiment, timezone: str, written: Buckets, wide: Sequence[int] = ()
) -> Zone:
    """Offsets of a timezone over the range of the data and the window."""
    bounds = [*wide, *(rows[0].first for rows in written.values() if rows)]
    bounds += [rows[-1].last for rows in written.values() if rows]
    window = experiment.window
    if window is not None:
        bounds += [_utc_midnight(window.start), _utc_midnight(window.end + ONE_DAY)]
    if not bounds:
        return IN_UTC
    return Zone.between(timezone, min(bounds), max(bounds))


def _dial(  # what a source's clock hangs on
    experiment: Experiment,
    name: str,
    profile: SourceProfile,
    zone: Zone,
    rows: Buckets,
    wide: Sequence[int],
) -> Dial:
    """How a source's times are read, but for whether they are days."""
    source = experiment.sources[name]
    return Dial(
        wall=zone
        if source.timezone is None
        else _zone(experiment, source.timezone, rows, wide),
        project=zone,
        later=name != experiment.assignment.source,
        offsets=profile.offsets,
        no_dates=profile.missing_times > 0,
        tolerance=(source.tolerance or timedelta(0)) // MICROSECOND,
    )


def _settled(
    experiment: Experiment,
    engine: Engine,
    readers: Mapping[str, Reader],
    name: str,
    dial: Dial,
    profile: SourceProfile,
) -> Dial:
    """The same, with whether times are days; of another zone's, the rows are asked."""
    clock = clock_of(experiment, readers, name, {name: dial})
    if clock is None:
        return dial
    if profile.days != "unsettled":
        return replace(dial, days=profile.days)
    clocked = _clocked(clock, since_midnight(dial.project.to_local(clock.raw())))
    rows = select(
        {"one": integer(1)}, clock.reader.table.relation.copy(), where=[clocked]
    )
    found = engine.run(rows.limit(1, copy=False))
    return replace(dial, days="none" if found else "local")


def _clocked(clock: Clock, local: exp.Expression) -> exp.Expression:
    """Whether a row has a date, and not at midnight."""
    past = exp.NEQ(this=exp.Paren(this=local), expression=integer(0))
    dated = exp.Not(this=exp.Paren(this=clock.means_none()))
    return exp.And(this=exp.Paren(this=past), expression=exp.Paren(this=dated))


def _placed(written: Sequence[Bucket], dial: Dial) -> list[Bucket]:
    """Buckets in UTC; a day lasts to its end."""
    return in_order(_in_utc(bucket, dial) for bucket in written)


def _in_utc(bucket: Bucket, dial: Dial) -> Bucket:
    if dial.days in {"written", "local"}:
        as_written = dial.days == "written" or bucket.wall
        first, last = (
            t if as_written else dial.project.local(t)
            for t in (bucket.first, bucket.last)
        )
        start = first - first % DAY_MICROSECONDS
        end = last - last % DAY_MICROSECONDS + DAY_MICROSECONDS
        return replace(
            bucket, first=dial.project.utc(start), last=dial.project.utc(end) - 1
        )
    if not bucket.wall:
        return bucket
    first = dial.wall.utc(bucket.first, later=dial.later)
    return replace(
        bucket,
        first=first,
        last=max(first, dial.wall.utc(bucket.last, later=dial.later)),
    )


def _watches(  # noqa: PLR0913, PLR0917  # all that an exposure and an event are
    experiment: Experiment,
    engine: Engine,
    readers: Mapping[str, Reader],
    layout: Layout,
    placed: Buckets,
    dials: Dials,
    span: Span,
) -> dict[str, Watch]:
    """For how long the rows of each source of events count, and of whom."""
    joined = [
        bucket
        for bucket in placed.get(experiment.assignment.source, ())
        if (span.start is None or bucket.first >= span.start)
        and (span.end is None or bucket.first < span.end)
    ]
    watches = {}
    for name in layout.sources():
        ends = [
            unit.measure.end
            for unit in layout.units.values()
            if unit.measure is not None and unit.measure.source == name
        ]
        limits = [end // MICROSECOND for end in ends if end is not None]
        within = None if len(limits) < len(ends) else max(limits)
        watches[name] = Watch(
            joined=joined,
            within=within,
            end=span.end,
            delays=cache(
                partial(_delays, experiment, engine, readers, dials, span, name)
            ),
        )
        if engine.careful:
            watches[name].delays()
    return watches


def _delays(
    experiment: Experiment,
    engine: Engine,
    readers: Mapping[str, Reader],
    dials: Dials,
    span: Span,
    name: str,
) -> Delays:
    """How long after their exposure the rows of a source's units came."""
    own = experiment.assignment.source
    exposed = events_of(experiment, readers, own, dials, None)
    assert exposed.time is not None  # noqa: S101  # asked for where units joined
    rows = select(
        {"unit": exposed.unit, "t": exposed.time},
        readers[own].table.relation.copy(),
        where=exposed.where,
    )
    first = select(
        {"unit": col("unit"), "t": exp.Min(this=col("t"))},
        nested(rows, "x"),
        where=in_window(col("t"), span),
        group=["unit"],
    )
    events = events_of(experiment, readers, name, dials, None)
    return delays_of(engine, first, events)


def _end(placed: Sequence[Bucket]) -> int:
    """Just after a source's last time."""
    return max(bucket.last for bucket in placed) + 1


def _as_of(
    experiment: Experiment, placed: Buckets, watches: Mapping[str, Watch], latest: int
) -> int:
    """The last moment, `latest` at most, up to which the primary's sources go."""
    primary = experiment.metrics.get(experiment.primary)
    deciding = {m.source for m in primary.measures()} if primary is not None else set()
    moments = sorted({_end(rows) for rows in placed.values()}, reverse=True)
    moment = latest
    while True:
        stops = [
            stop
            for name in deciding & watches.keys() & placed.keys()
            if (stop := ended_at(placed[name], watches[name], moment)) is not None
        ]
        if not stops:
            return moment
        earlier = [m for m in moments if min(stops) <= m < moment]
        moment = max(earlier, default=min(stops))


def _until(placed: Sequence[Bucket], watch: Watch, as_of: int) -> int:
    """Up to when a source's rows are complete, as-of at most."""
    stop = ended_at(placed, watch, as_of)
    return as_of if stop is None else stop


def _reach(
    name: str,
    everything: Sequence[Bucket],
    placed: Sequence[Bucket],
    watch: Watch | None,
    latest: int,
    as_of: int,
) -> Reach:
    stop = None if watch is None else ended_at(placed, watch, latest)
    until = _end(placed) if stop is None else stop
    return Reach(
        source=name,
        first=from_microseconds(placed[0].first),
        until=from_microseconds(until),
        stray=sum(bucket.rows for bucket in everything if bucket.first >= until),
        ahead=sum(bucket.rows for bucket in placed if bucket.first >= as_of),
        rows=sum(bucket.rows for bucket in everything),
        ended=stop is not None,
        begins_late=watch is not None and begins_late(placed, watch, until),
    )


def _hours(placed: Sequence[Bucket], dial: Dial) -> tuple[int, ...]:
    """Rows by the hour of the day; none where some times are moments, or days."""
    if dial.offsets != "none" or dial.days != "none":
        return ()
    hours = [0] * 24
    for bucket in placed:
        local = dial.project.local(bucket.first)
        hours[local % DAY_MICROSECONDS // HOUR] += bucket.rows
    return tuple(hours)
