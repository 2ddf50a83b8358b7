"""Arms that were drawn anew while customers remember the old ones."""

from __future__ import annotations

from collections.abc import Iterable

from holdback.experiments.checks import kinds, percent
from holdback.experiments.evidence import Evidence
from holdback.experiments.experiment import Experiment
from holdback.experiments.scorecard import Finding
from holdback.wording import say

__all__ = ["Phase"]


@kinds.register("phase")
class Phase:
    """Says what a new phase mixes, and that only its own exposures count.

    A phase draws independently of the one before, so both arms hold the same share of
    units that were held back before: the comparison stays fair, and what an earlier
    treatment left behind is on both sides.
    """

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding from the second phase on."""
        phase = experiment.assignment.phase
        if phase < 2:
            return
        left = sum(
            one.count
            for one in evidence.accounting.excluded
            if one.reason == "outside_window"
        )
        held = float(experiment.control.share)
        told = (
            say("checks.phase.rows_of_exposures_lie", left=f"{left:,}") if left else ""
        )
        yield Finding(
            check="phase",
            status="pass",
            message=(
                say(
                    "checks.phase.phase_drew_all_arms",
                    phase=phase,
                    percent=percent(1 - held),
                    told=told,
                )
            ),
        )
