"""Units seen in two arms."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["Crossovers"]

CROSSOVERS_WARN_ABOVE = 0.0
CROSSOVERS_FAIL_ABOVE = 0.05


@kinds.register("crossovers")
class Crossovers:
    """Counts units that were exposed to more than one arm.

    A few come from logging in on a second device. Above 5 % the arms are no longer
    separate, and the check fails.
    """

    order: ClassVar = 30

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding."""
        crossed = sum(evidence.quality.crossovers.values())
        total = sum(evidence.assigned.values())
        if crossed == 0:
            nobody = fact("crossovers.none", arms=len(experiment.arms))
            yield Finding(check="crossovers", status="pass", fact=nobody)
            return
        share = crossed / total
        yield Finding(
            check="crossovers",
            status="fail" if share > CROSSOVERS_FAIL_ABOVE else "warn",
            fact=fact(
                "crossovers.seen",
                units=crossed,
                share=share,
                by_arm=dict(sorted(evidence.quality.crossovers.items())),
                treated=experiment.assignment.crossovers,
            ),
        )
