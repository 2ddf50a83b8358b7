"""Whether the smallest arm has enough converting units to say anything."""

from __future__ import annotations

from collections.abc import Iterable

from holdback.experiments.checks import kinds, plural
from holdback.experiments.evidence import Evidence
from holdback.experiments.experiment import Experiment
from holdback.experiments.scorecard import Finding

__all__ = ["FewConverters"]

ENOUGH = 60
LEAST = 20


@kinds.register("few_converters")
class FewConverters:
    """Looks at the primary's units that are not zero, per arm.

    Below 60 a heavy-tailed metric cannot be read reliably, below 20 none is read.
    """

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
        label = metric.title
        told = f"{plural(fewest, 'unit')} of {arm} with a value in {label}"
        if fewest < LEAST:
            message = f"Only {told}: too few to read amounts of money at all."
        elif fewest < ENOUGH:
            message = f"Only {told}: expect wide ranges and read them with care."
        else:
            message = f"{told[0].upper()}{told[1:]}, the smallest arm: enough to read."
        yield Finding(
            check="few_converters",
            status="pass" if fewest >= ENOUGH else "warn",
            message=message,
        )
