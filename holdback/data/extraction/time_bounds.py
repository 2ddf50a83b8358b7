"""The moments that bound a reading: as-of, the window, the zone's offsets."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from holdback.data.engine.time_zones import IN_UTC, Zone, microseconds
from holdback.data.extraction.source_profile import Seen
from holdback.data.queries.units import (
    Span,
)
from holdback.experiments.definition.experiment import Experiment

__all__ = ["span_of", "zone_of"]

DAY = timedelta(days=1)


def zone_of(experiment: Experiment, seen: Mapping[str, Seen]) -> Zone | None:
    """Offsets over the range of the data; None without times or when UTC."""
    ranges = [r for s in seen.values() for r in (s.wall, s.moments) if r]
    if not ranges:
        return None
    window = experiment.window
    bounds = [moment for pair in ranges for moment in pair]
    if window is not None:
        bounds += [
            microseconds(datetime(day.year, day.month, day.day, tzinfo=UTC))
            for day in (window.start, window.end + DAY)
        ]
    zone = Zone.between(experiment.timezone, min(bounds), max(bounds))
    return None if zone.first == 0 and not zone.transitions else zone


def span_of(
    experiment: Experiment,
    seen: Mapping[str, Seen],
    zone: Zone | None,
    as_of: date | datetime | None,
) -> Span:
    """As-of and the window; nothing without times."""
    flat = zone or IN_UTC
    last = [_last(one, flat) for one in seen.values()]
    known = [moment for moment in last if moment is not None]
    window = experiment.window
    if not known:
        return Span(as_of=None, start=None, end=None)
    end = max(known) if as_of is None else _moment(as_of, experiment.timezone)
    return Span(
        as_of=end,
        start=None if window is None else flat.midnight(window.start),
        end=None if window is None else flat.midnight(window.end + DAY),
    )


def _last(seen: Seen, zone: Zone) -> int | None:
    """Just after a source's last time; a source of days lasts to the day's end."""
    found = []
    if seen.wall is not None:
        local = seen.wall[1]
        step = 24 * 3600 * 1_000_000 if seen.whole_days else 1
        found.append(zone.utc(local + step) if seen.whole_days else zone.utc(local) + 1)
    if seen.moments is not None:
        found.append(seen.moments[1] + 1)
    return max(found, default=None)


def _moment(as_of: date | datetime, timezone: str) -> int:
    """As-of as µs of UTC: a date means the end of that day."""
    zone = ZoneInfo(timezone)
    if isinstance(as_of, datetime):
        return microseconds(as_of if as_of.tzinfo else as_of.replace(tzinfo=zone))
    after = as_of + DAY
    return microseconds(datetime(after.year, after.month, after.day, tzinfo=zone))
