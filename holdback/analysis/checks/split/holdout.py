"""Units of the global holdout: how many it kept out, and whether some got an arm."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["HoldoutContamination"]

HOLDOUT_FAIL_ABOVE = 0.05


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
            kept = fact("holdout.kept_out", holdout=name, units=quality.held_out)
            yield Finding(check="holdout", status="pass", fact=kept)
        exposed = quality.exposed_holdout
        if exposed is None:
            return
        if exposed == 0:
            respected = fact("holdout.respected", holdout=name)
            yield Finding(check="holdout", status="pass", fact=respected)
            return
        total = sum(evidence.assigned.values())
        planned = float(experiment.holdouts[name].share)
        ignored = exposed > HOLDOUT_FAIL_ABOVE * planned * total
        yield Finding(
            check="holdout",
            status="fail" if ignored else "warn",
            fact=fact(
                "holdout.ignored" if ignored else "holdout.entered",
                holdout=name,
                units=exposed,
                share=exposed / total,
                planned_share=planned,
            ),
        )
