"""Whether rows count as money that a column calls failed, cancelled, draft or test."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["StatusesCheck"]

MUCH_MONEY = 0.02
SHOWN_STATES = 6


@kinds.register("statuses")
class StatusesCheck:
    """Tells what a column of states says that no condition of the money reads.

    Where more than 2 % of the money stands on rows that are no sales, it warns.
    """

    order: ClassVar = 132

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding a column."""
        del experiment
        for source, columns in sorted(evidence.quality.statuses.items()):
            for seen in columns:
                rest = [level for level in seen.levels if level not in seen.none]
                others = {level: seen.levels[level] for level in rest[:SHOWN_STATES]}
                yield Finding(
                    check="statuses",
                    status="warn" if seen.share > MUCH_MONEY else "pass",
                    fact=fact(
                        "statuses.seen",
                        source=source,
                        column=seen.column,
                        none={level: seen.levels[level] for level in seen.none},
                        others=others,
                        share=seen.share,
                        remedy=seen.remedy,
                    ),
                )
