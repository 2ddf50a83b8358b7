"""Numbers that two notations read differently: 1.234 is 1234 to half of Europe."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["NotationCheck"]

THOUSANDTHS = 3


@kinds.register("notation")
class NotationCheck:
    """Columns of which every number could have three decimals or a group of thousands.

    A currency with three decimals is written so, and is not asked about.
    """

    order: ClassVar = 137

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding a column."""
        money = {m.digits for m in experiment.metrics.values() if m.unit == "money"}
        if THOUSANDTHS in money:
            return
        for source, columns in sorted(evidence.quality.two_readings.items()):
            for column, rows in sorted(columns.items()):
                seen = fact(
                    "notation.two_readings", source=source, column=column, rows=rows
                )
                yield Finding(check="notation", status="warn", fact=seen)
