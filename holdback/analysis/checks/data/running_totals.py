"""Amounts that are a unit's total up to each row, and no sales."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["RunningTotalsAdded"]


@kinds.register("running_totals")
class RunningTotalsAdded:
    """Values that rise from a unit's row to its next and hardly ever fall.

    Added up, one order counts in every later row. The check fails until the source says
    by `snapshots` what they are.
    """

    order: ClassVar = 116

    def examine(
        self,
        experiment: Experiment,  # noqa: ARG002  # every check is asked the same way
        evidence: Evidence,
    ) -> Iterable[Finding]:
        """One finding a source with such values."""
        for source, totals in sorted(evidence.quality.running_totals.items()):
            yield Finding(
                check="running_totals",
                status="fail",
                fact=fact(
                    "running_totals.seen",
                    source=source,
                    value=totals.value,
                    steps=totals.steps,
                    rises=totals.rises,
                    falls=totals.falls,
                ),
            )
