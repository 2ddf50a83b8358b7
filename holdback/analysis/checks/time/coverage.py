"""How far the rows of each source reach."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import ClassVar
from zoneinfo import ZoneInfo

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence, Reach
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["Coverage"]

MANY_AHEAD = 0.05


@kinds.register("coverage")
class Coverage:
    """A source that stops before the others, or whose times lie ahead of them."""

    order: ClassVar = 101

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """A warning for each such source; none where sources have no times."""
        if evidence.as_of is None:
            return
        zone = ZoneInfo(experiment.timezone)
        odd = False
        for reach in evidence.reaches:
            if reach.ended:
                odd = True
                yield Finding(
                    check="coverage",
                    status="warn",
                    fact=fact(
                        "coverage.ended",
                        source=reach.source,
                        until=_day(reach.until, zone),
                        complete=_day(evidence.as_of, zone),
                    ),
                )
            elif _is_ahead(experiment, evidence, reach):
                odd = True
                column = experiment.sources[reach.source].columns.time
                yield Finding(
                    check="coverage",
                    status="warn",
                    fact=fact(
                        "coverage.ahead",
                        source=reach.source,
                        rows=reach.ahead,
                        share=reach.ahead / reach.rows,
                        as_of=_day(evidence.as_of, zone),
                        column=column,
                    ),
                )
        if not odd:
            reached = {r.source: _day(r.until, zone) for r in evidence.reaches}
            whole = fact("coverage.whole", until=reached)
            yield Finding(check="coverage", status="pass", fact=whole)


def _is_ahead(experiment: Experiment, evidence: Evidence, reach: Reach) -> bool:
    """Whether many of a source's rows lie where those of the primary do not reach.

    Of the primary's own source, and of moments that were asked for, all rows are many.
    """
    deciding = {m.source for m in experiment.metrics[experiment.primary].measures()}
    others = [r for r in evidence.reaches if r.source in deciding]
    if reach.source in deciding and reach.source != experiment.assignment.source:
        return 0 < reach.rows == reach.ahead
    return (
        reach.source not in {experiment.assignment.source, *deciding}
        and all(other.ahead == 0 for other in others)
        and reach.ahead > MANY_AHEAD * reach.rows
    )


def _day(moment: datetime, zone: ZoneInfo) -> str:
    """The last day before a moment."""
    return (moment - timedelta(microseconds=1)).astimezone(zone).date().isoformat()
