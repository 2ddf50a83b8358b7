"""Units seen in two arms."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks import kinds, percent, plural
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.results.scorecard import Finding
from holdback.wording import say, texts

__all__ = ["Crossovers"]

WARN_ABOVE = 0.0
FAIL_ABOVE = 0.05


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
            yield Finding(
                check="crossovers",
                status="pass",
                message=say("checks.crossovers.no_unit_was_seen")
                if len(experiment.arms) == 2
                else say("checks.crossovers.no_unit_was_seen_in_more"),
            )
            return
        share = crossed / total
        by_arm = ", ".join(
            f"{experiment.called(arm)} {count:,}"
            for arm, count in sorted(evidence.quality.crossovers.items())
        )
        treated = texts("checks.crossovers.treated")[experiment.assignment.crossovers]
        yield Finding(
            check="crossovers",
            status="fail" if share > FAIL_ABOVE else "warn",
            message=(
                say(
                    "checks.crossovers.were_seen_in_both",
                    crossed=plural(crossed, "unit"),
                    share=percent(share),
                    by_arm=by_arm,
                    treated=treated,
                )
            ),
        )
