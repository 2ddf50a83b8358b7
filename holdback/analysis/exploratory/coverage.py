"""From when to when the rows of each source reach."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from holdback.analysis.section_readers import Basis, readers
from holdback.results.sections.coverage import Covered

__all__ = ["coverage"]


@readers.register("coverage")
def coverage(basis: Basis) -> Iterator[Covered]:
    """A record for each source that has times."""
    zone = ZoneInfo(basis.experiment.timezone)
    for reach in basis.evidence.reaches:
        yield Covered(
            source=reach.source,
            from_=reach.first.astimezone(zone).isoformat(),
            until=reach.until.astimezone(zone).isoformat(),
            stray=reach.stray,
        )
