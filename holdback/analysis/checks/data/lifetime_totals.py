"""Outcomes that hold what came before the test."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["LifetimeTotals"]

OF_A_LIFE = re.compile(
    r"life[ _-]?time|total[ _-]?spen[td]|\b[lc]tv\b|\bclv\b|historic|"
    r"to[ _-]date|all[ _-]time|\bever\b|since[ _-]sign",
    re.IGNORECASE,
)


@kinds.register("lifetime_totals")
class LifetimeTotals:
    """Amounts of the exposures' own table that a profile adds up over a whole life.

    Most of such a total was spent before the test and is alike in all arms, so that it
    covers what the treatment did. The name of the column is all that tells it.
    """

    order: ClassVar = 117

    def examine(
        self,
        experiment: Experiment,
        evidence: Evidence,  # noqa: ARG002  # every check is asked the same way
    ) -> Iterable[Finding]:
        """One finding a metric with such a column."""
        own = experiment.assignment.source
        for metric in experiment.metrics.values():
            values = {
                measure.value
                for measure in metric.measures()
                if measure.source == own and measure.value is not None
            }
            columns = sorted({name for value in values for name in value.columns})
            named = [name for name in columns if OF_A_LIFE.search(name)]
            if named and not metric.hidden:
                yield Finding(
                    check="lifetime_totals",
                    status="warn",
                    fact=fact(
                        "lifetime_totals.named",
                        metric=metric.name,
                        column=named[0],
                        source=own,
                    ),
                )
