"""Arms that were drawn anew while customers remember the old ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from holdback.analysis.checks import kinds, percent, plural
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.results.scorecard import Finding
from holdback.stats.variance_reduction.post_stratification import same_split
from holdback.wording import say

__all__ = ["Phase"]

FAIL_BELOW = 0.001


@kinds.register("phase")
class Phase:
    """Says what a new phase mixes, and that only its own exposures count.

    A phase draws independently of the one before, so both arms hold the same share of
    units that were held back before: the comparison stays fair, and what an earlier
    treatment left behind is on both sides. That the arms
    of then and now are independent is tested by Pearson's chi-square.
    """

    order: ClassVar = 70

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
        mixed = say(
            "checks.phase.phase_drew_all_arms",
            phase=phase,
            percent=percent(1 - held),
            told=told,
        )
        yield _compared(experiment, evidence.quality.former or {}, mixed)


def _compared(
    experiment: Experiment, former: Mapping[str, Mapping[str, int]], mixed: str
) -> Finding:
    """Whether the arms of now depend on those of the phase before."""
    control = experiment.control.name
    before = former.get(control, {})
    others = [former[arm.name] for arm in experiment.treatments if arm.name in former]
    old = sum(before.values()), sum(sum(one.values()) for one in others)
    if min(old) == 0:
        nobody = say("checks.phase.nobody_was_seen_before")
        return Finding(check="phase", status="pass", message=f"{mixed} {nobody}")
    p_value = same_split([list(one.values()) for one in former.values()])
    follows = p_value < FAIL_BELOW
    seen = say(
        "checks.phase.were_there_before",
        units=plural(sum(old), "unit"),
        control=percent(before[control] / old[0]),
        others=percent(sum(one[control] for one in others) / old[1]),
    )
    end = (
        say("checks.phase.arms_follow_the_old")
        if follows
        else say("checks.phase.arms_do_not_follow")
    )
    return Finding(
        check="phase",
        status="fail" if follows else "pass",
        p_value=p_value,
        message=f"{mixed} {seen} {end}",
    )
