"""Arms that were drawn anew while customers remember the old ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import Fact, fact
from holdback.results.scorecard import Finding
from holdback.stats.srm.agreement import independent

__all__ = ["Phase"]

PHASE_FAIL_BELOW = 0.001


@kinds.register("phase")
class Phase:
    """Says what a new phase mixes, and that only its own exposures count.

    A phase draws independently of the one before, so both arms hold the same share of
    units that were held back before: the comparison stays fair, and what an earlier
    treatment left behind is on both sides. That the arms
    of then and now are independent is tested by Pearson's chi-square, or exactly where
    few units are in both.
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
        mixed = fact(
            "phase.mixed",
            phase=phase,
            treated_before=1 - float(experiment.control.share),
            rows_outside=left,
        )
        yield _compared(experiment, evidence.quality.former or {}, mixed)


def _compared(
    experiment: Experiment, former: Mapping[str, Mapping[str, int]], mixed: Fact
) -> Finding:
    """Whether the arms of now depend on those of the phase before."""
    control = experiment.control.name
    before = former.get(control, {})
    others = [former[arm.name] for arm in experiment.treatments if arm.name in former]
    old = sum(before.values()), sum(sum(one.values()) for one in others)
    if min(old) == 0:
        nobody = fact("phase.nobody_before", mixed=mixed)
        return Finding(check="phase", status="pass", fact=nobody)
    p_value = independent([list(one.values()) for one in former.values()])
    follows = p_value < PHASE_FAIL_BELOW
    return Finding(
        check="phase",
        status="fail" if follows else "pass",
        p_value=p_value,
        fact=fact(
            "phase.follows" if follows else "phase.independent",
            mixed=mixed,
            units=sum(old),
            control=before[control] / old[0],
            others=sum(one[control] for one in others) / old[1],
        ),
    )
