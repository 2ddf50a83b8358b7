"""Units of the global holdout: how many it kept out, and whether some got an arm."""

from __future__ import annotations

from collections.abc import Iterable

from holdback.experiments.checks import kinds, percent, plural
from holdback.experiments.evidence import Evidence
from holdback.experiments.experiment import Experiment
from holdback.experiments.scorecard import Finding

__all__ = ["HoldoutContamination"]

FAIL_ABOVE = 0.05


@kinds.register("holdout")
class HoldoutContamination:
    """Counts units of the holdout that were logged with an arm.

    A holdout that is not asked has its own share among the logged units. A few are
    told as a warning; above 5 % of that number a part of the system does not ask the
    holdout, the logged assignment is not the planned one, and the check fails.
    """

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
                message=f"The holdout '{name}' kept {told} out of the experiment.",
            )
        exposed = quality.exposed_holdout
        if exposed is None:
            return
        if exposed == 0:
            yield Finding(
                check="holdout",
                status="pass",
                message=f"No unit of the holdout '{name}' was given an arm.",
            )
            return
        total = sum(evidence.assigned.values())
        ignored = exposed > FAIL_ABOVE * float(experiment.holdouts[name].share) * total
        cause = (
            "A part of the system gives arms without asking the holdout"
            if ignored
            else "They may be test users, or log entries from before the holdout began"
        )
        yield Finding(
            check="holdout",
            status="fail" if ignored else "warn",
            message=(
                f"{plural(exposed, 'unit')} of the holdout '{name}' were given an arm "
                f"({percent(exposed / total)} of all units with one; a holdout that is "
                f"not asked has {percent(float(experiment.holdouts[name].share))}). "
                f"{cause}, and what the holdout shows of all experiments together is "
                "too small by their part."
            ),
        )
