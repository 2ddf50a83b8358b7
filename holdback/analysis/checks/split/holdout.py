"""Units of the global holdout: how many it kept out, and whether some got an arm."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks import kinds, percent, plural
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.results.scorecard import Finding
from holdback.wording import say

__all__ = ["HoldoutContamination"]

FAIL_ABOVE = 0.05


@kinds.register("holdout")
class HoldoutContamination:
    """Counts units of the holdout that were logged with an arm.

    A holdout that is not asked has its own share among the logged units. A few are
    told as a warning; above 5 % of that number a part of the system does not ask the
    holdout, the logged assignment is not the planned one, and the check fails.
    """

    order: ClassVar = 50

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding where the experiment names a holdout and its units have ids."""
        name, quality = experiment.assignment.holdout, evidence.quality
        if name is None:
            return
        if quality.held_out is not None:
            told = plural(quality.held_out, "unit")
            yield Finding(
                check="holdout",
                status="pass",
                message=say(
                    "checks.holdout.the_holdout_kept_out", name=name, told=told
                ),
            )
        exposed = quality.exposed_holdout
        if exposed is None:
            return
        if exposed == 0:
            yield Finding(
                check="holdout",
                status="pass",
                message=say("checks.holdout.no_unit_of_the", name=name),
            )
            return
        total = sum(evidence.assigned.values())
        ignored = exposed > FAIL_ABOVE * float(experiment.holdouts[name].share) * total
        cause = (
            say("checks.holdout.a_part_of_the")
            if ignored
            else say("checks.holdout.they_may_be_test")
        )
        yield Finding(
            check="holdout",
            status="fail" if ignored else "warn",
            message=(
                say(
                    "checks.holdout.of_the_holdout_were",
                    exposed=plural(exposed, "unit"),
                    name=name,
                    percent=percent(exposed / total),
                    percent_2=percent(float(experiment.holdouts[name].share)),
                    cause=cause,
                )
            ),
        )
