"""Whether units that were inactive before, or active, are missing from an arm."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.analysis.stretches import split_history
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.definition.split import planned_widths
from holdback.facts import fact
from holdback.results.scorecard import Finding
from holdback.stats.multiplicity.p_value_adjustment import holm
from holdback.stats.srm.agreement import independent
from holdback.stats.srm.sample_ratio import srm

__all__ = ["Inactive"]

MISSING_BELOW = 0.001
LEAST_OF_EITHER = 30


@kinds.register("inactive")
class Inactive:
    """The sample ratio among units with and without anything from before exposure.

    Accounts that are deleted or filtered in one arm are mostly those that did nothing:
    with few of them the arms may have the planned shares in all, and yet not among
    them. Of each source both kinds of units against the planned shares, with Holm's
    correction; nothing is said where both miss them alike, which is `srm`'s to tell,
    nor where shares were changed on the way.
    """

    order: ClassVar = 15

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding where a source knows some units from before, and not others."""
        history = split_history(experiment, evidence.cells)
        if history is not None and history.changed:
            return
        widths = planned_widths(experiment)
        tested = []
        for source, (active, inactive) in _counts(experiment, evidence, widths).items():
            kinds_of_unit = (list(active.values()), list(inactive.values()))
            p_values = [
                srm(units, list(widths.values())).p_value for units in kinds_of_unit
            ]
            tested.append((source, active, inactive, p_values))
        if not tested:
            return
        adjusted = holm([p for *_, p_values in tested for p in p_values])
        worst = min(range(len(adjusted)), key=adjusted.__getitem__)
        source, active, inactive, _ = tested[worst // 2]
        alike = independent([list(active.values()), list(inactive.values())])
        missing = max(adjusted[worst], alike) < MISSING_BELOW
        whole = sum(widths.values())
        yield Finding(
            check="inactive",
            status="fail" if missing else "pass",
            p_value=adjusted[worst],
            fact=fact(
                "inactive.missing" if missing else "inactive.as_planned",
                source=source,
                active=active,
                inactive=inactive,
                planned={arm: width / whole for arm, width in widths.items()},
            ),
        )


def _counts(
    experiment: Experiment, evidence: Evidence, arms: Iterable[str]
) -> dict[str, tuple[dict[str, int], dict[str, int]]]:
    """Units with and without anything from before, by arm, by source."""
    cells = evidence.cells.pooled
    counts = {}
    for former in experiment.companions_for("former"):
        (measure,) = former.collected
        if measure.aggregate != "any" or former.name not in cells.blocks:
            continue
        units = {arm: cells.total(former.name, {arm}) for arm in arms}
        active = {arm: moments.nonzero[0] for arm, moments in units.items()}
        inactive = {arm: moments.n - active[arm] for arm, moments in units.items()}
        if min(sum(active.values()), sum(inactive.values())) >= LEAST_OF_EITHER:
            counts[measure.source] = (active, inactive)
    return counts
