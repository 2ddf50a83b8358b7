"""Whether an export was cut off: at a number of rows, or in its beginning."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["Cut"]

EXPORT_LIMITS = frozenset(
    {10_000, 50_000, 65_536, 100_000, 500_000, 1_000_000, 1_048_576}
)
"""Rows at which programs stop writing; some count the header."""


@kinds.register("cut")
class Cut:
    """Questions sources of exactly as many rows as exports hold at most.

    A table with one row a unit of exposures may have been drawn in that size.
    """

    order: ClassVar = 104

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """A warning for each such source, and for one that begins too late."""
        own = experiment.assignment.source
        zone = ZoneInfo(experiment.timezone)
        reaches = {reach.source: reach for reach in evidence.reaches}
        drawn = not evidence.quality.repeated_exposures
        for used in evidence.inputs:
            full = used.rows in EXPORT_LIMITS or used.rows + 1 in EXPORT_LIMITS
            if used.source == own and drawn:
                full = False
            reach = reaches.get(used.source)
            late = reach is not None and reach.begins_late
            if not full and not late:
                continue
            seen = fact(
                "cut.seen",
                source=used.source,
                rows=used.rows if full else 0,
                first=_day(reach.first, zone) if reach and late else None,
                start=_day(reaches[own].first, zone) if late else None,
            )
            yield Finding(check="cut", status="warn", fact=seen)


def _day(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).date().isoformat()
