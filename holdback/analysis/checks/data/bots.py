"""Whether one unit makes more events than any person would."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["Bots"]

SHARE = 0.05
EVENTS = 50


@kinds.register("bots")
class Bots:
    """The unit with the most events of each counted source, whatever its arm.

    Warns where one unit has 50 events or more and makes at least 5 % of all of them:
    a robot, a test account or a shared one. Looked at over all arms together, so that
    leaving units out later does not depend on the arm.
    """

    order: ClassVar = 180

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding a source that is counted."""
        arms = [arm.name for arm in experiment.arms]
        seen: dict[str, tuple[int, int]] = {}
        for name, block in evidence.cells.blocks.items():
            for column in block:
                measure = column.measure
                if (
                    column.role != "outcome"
                    or measure is None
                    or measure.aggregate != "count"
                ):
                    continue
                moments = evidence.cells.pooled.total(name, arms).select([column.name])
                top = (moments.largest[0], moments.sums[0])
                seen[measure.source] = max(seen.get(measure.source, (0, 0)), top)
        for source, (largest, total) in seen.items():
            if total <= 0:
                continue
            share = largest / total
            odd = largest >= EVENTS and share >= SHARE
            yield Finding(
                check="bots",
                status="warn" if odd else "pass",
                fact=fact(
                    "bots.dominant" if odd else "bots.none", source=source, share=share
                ),
            )
