"""Whether the smallest arm has enough converting units to say anything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["FewConverters"]

ENOUGH = 60
LEAST_CONVERTERS = 20


@kinds.register("few_converters")
class FewConverters:
    """Looks at the primary's units that are not zero, per arm.

    Below 60 a heavy-tailed metric cannot be read reliably, below 20 none is read.
    """

    order: ClassVar = 160

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding on the smallest arm."""
        metric = experiment.metrics[experiment.primary]
        counts = {
            arm.name: evidence.cells.total(
                metric.name, {arm.name}, within=metric.within
            ).nonzero[0]
            for arm in experiment.arms
        }
        arm, fewest = min(counts.items(), key=lambda item: item[1])
        yield Finding(
            check="few_converters",
            status="pass" if fewest >= ENOUGH else "warn",
            fact=fact(
                "few_converters.none_to_read"
                if fewest < LEAST_CONVERTERS
                else "few_converters.few"
                if fewest < ENOUGH
                else "few_converters.enough",
                arm=arm,
                metric=metric.name,
                units=fewest,
            ),
        )
