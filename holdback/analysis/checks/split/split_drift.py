"""Whether the split stayed the same from day to day."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding
from holdback.stats.variance_reduction.post_stratification import same_split

__all__ = ["SplitDrift"]

DRIFT_WARN_BELOW = 0.001


@kinds.register("split_drift")
class SplitDrift:
    """Arms by day of first exposure, tested for one split on all days.

    Where the split changed, days of different outcomes count differently in the arms,
    and pooled averages may turn the sign of an effect (Simpson's paradox): the
    sensitivity table then compares within days.
    """

    order: ClassVar = 20

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding where there are several days of exposure."""
        days = evidence.cells.days()
        if len(days) < 2:
            return
        block = next(iter(evidence.cells.blocks))
        p_value = same_split(
            [
                [
                    evidence.cells.total(block, {arm.name}, day=day).n
                    for arm in experiment.arms
                ]
                for day in days
            ]
        )
        changed = p_value < DRIFT_WARN_BELOW
        yield Finding(
            check="split_drift",
            status="warn" if changed else "pass",
            p_value=p_value,
            fact=fact("split_drift.changed" if changed else "split_drift.steady"),
        )
