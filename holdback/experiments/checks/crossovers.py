"""Units seen in two arms."""

from __future__ import annotations

from collections.abc import Iterable

from holdback.experiments.checks import kinds, percent, plural
from holdback.experiments.evidence import Evidence
from holdback.experiments.experiment import Experiment
from holdback.experiments.scorecard import Finding

__all__ = ["Crossovers"]

WARN_ABOVE = 0.0
FAIL_ABOVE = 0.05

TREATED = {
    "exclude": "They are left out of both arms",
    "first": "They stay in the arm they were first seen in",
}


@kinds.register("crossovers")
class Crossovers:
    """Counts units that were exposed to more than one arm.

    A few come from logging in on a second device. Above 5 % the arms are no longer
    separate, and the check fails.
    """

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding."""
        crossed = sum(evidence.quality.crossovers.values())
        total = sum(evidence.assigned.values())
        if crossed == 0:
            yield Finding(
                check="crossovers",
                status="pass",
                message="No unit was seen in both arms."
                if len(experiment.arms) == 2
                else "No unit was seen in more than one arm.",
            )
            return
        share = crossed / total
        by_arm = ", ".join(
            f"{arm} {count:,}"
            for arm, count in sorted(evidence.quality.crossovers.items())
        )
        treated = TREATED[experiment.assignment.crossovers]
        yield Finding(
            check="crossovers",
            status="fail" if share > FAIL_ABOVE else "warn",
            message=(
                f"{plural(crossed, 'unit')} ({percent(share)}) were seen in both arms "
                f"(first in: {by_arm}). {treated}. Check how units are recognized "
                "across devices and log-ins."
            ),
        )
