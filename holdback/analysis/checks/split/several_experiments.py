"""Whether the exposures are of one experiment."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["SeveralExperiments"]

SHOWN_EXPERIMENTS = 5


@kinds.register("several_experiments")
class SeveralExperiments:
    """Warns of a table of exposures in which a column names several experiments."""

    order: ClassVar = 41

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """A warning for each such column that no condition reads."""
        for column, rows in sorted(evidence.quality.experiments.items()):
            seen = fact(
                "several_experiments.seen",
                source=experiment.assignment.source,
                column=column,
                rows=dict(list(rows.items())[:SHOWN_EXPERIMENTS]),
            )
            yield Finding(check="several_experiments", status="warn", fact=seen)
