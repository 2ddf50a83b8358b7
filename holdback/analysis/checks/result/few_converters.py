"""Whether the smallest arm has enough converting units to say anything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks import kinds, plural
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.results.scorecard import Finding
from holdback.wording import say

__all__ = ["FewConverters"]

ENOUGH = 60
LEAST = 20


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
        label = metric.title
        told = say(
            "checks.few_converters.of_with_a_value",
            fewest=plural(fewest, "unit"),
            arm=experiment.called(arm),
            label=label,
        )
        if fewest < LEAST:
            message = say("checks.few_converters.only_too_few_to", told=told)
        elif fewest < ENOUGH:
            message = say("checks.few_converters.only_expect_wide_ranges", told=told)
        else:
            message = say(
                "checks.few_converters.the_smallest_arm_enough",
                upper=told[0].upper(),
                told=told[1:],
            )
        yield Finding(
            check="few_converters",
            status="pass" if fewest >= ENOUGH else "warn",
            message=message,
        )
