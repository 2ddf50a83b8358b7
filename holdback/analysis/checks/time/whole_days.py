"""Whether it matters what happened on the day of the exposure, where days are known."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.analysis.comparison.plain_lift import (
    is_another_lift,
    lifts_read_otherwise,
)
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["WholeDays"]


@kinds.register("whole_days")
class WholeDays:
    """Events known by their day count from the day of the exposure on.

    Some of that day may have come before the exposure. In all arms alike, so nothing is
    made up; the lift without that day tells how much hangs on it.
    """

    order: ClassVar = 142

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding a source with such events; none where times are moments."""
        counts = {name: n for name, n in evidence.quality.own_day.items() if n}
        if not counts:
            return
        lifts = lifts_read_otherwise(
            experiment, evidence.cells, evidence.variants.get("own_day")
        )
        another = is_another_lift(experiment, evidence.cells, lifts)
        primary = {m.source for m in experiment.metrics[experiment.primary].measures()}
        for source, rows in sorted(counts.items()):
            matters = source in primary and another
            told = lifts if source in primary else {}
            yield Finding(
                check="whole_days",
                status="warn" if matters else "pass",
                fact=fact(
                    "whole_days.counted",
                    source=source,
                    rows=rows,
                    metric=experiment.primary,
                    lifts={arm: lift for arm, (lift, _) in told.items()},
                    without={arm: other for arm, (_, other) in told.items()},
                ),
                shows_results=True,
            )
