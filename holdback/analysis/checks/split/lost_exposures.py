"""Exposures that could not be used, and whether one arm lost more of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding
from holdback.stats.srm.sample_ratio import srm

__all__ = ["LostExposures"]

TOLD_ABOVE, LEAST_LOST = 0.01, 5
UNEQUAL_BELOW = 0.001
NO_USE = ("no_arm", "no_time", "placeholder")
"""Reasons that nobody chose; the window and `where` leave out on purpose."""
CHOSEN = "where"
"""What a filter leaves out is as wished, unless it leaves out more of one arm."""


@kinds.register("lost_exposures")
class LostExposures:
    """Warns where exposures cannot be used (5, and 1 %), or an arm lost more of them.

    Units whose exposure is lost are in no arm, and nobody knows what they did. As long
    as chance loses them the others are still comparable; where one arm loses more (the
    new page logs no time, a filter asks what the treatment changed) they are not. The
    exact (or chi-square) test that the lost rows have the arms' shares of all rows, at
    p = .001, counts as many rows as there are units, for rows of one unit are alike.
    """

    order: ClassVar = 35

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding; none where nothing was lost."""
        rows = evidence.quality.exposure_rows
        kept = rows.get("kept", {})
        units = sum(evidence.assigned.values())
        rows_a_unit = max(sum(kept.values()) / (units or 1), 1.0)
        arms = [arm.name for arm in experiment.arms]
        all_rows = sum(sum(rows.get(why, {}).values()) for why in ("kept", *NO_USE))
        shares, unequal = {}, {}
        for reason in (*NO_USE, CHOSEN):
            by_arm = rows.get(reason, {})
            share = sum(by_arm.values()) / all_rows if all_rows else 0.0
            many = sum(by_arm.values()) >= LEAST_LOST and share > TOLD_ABOVE
            if reason != CHOSEN and many:
                shares[reason] = share
            read = {arm: by_arm.get(arm, 0) for arm in arms}
            of = {arm: read[arm] + kept.get(arm, 0) for arm in arms}
            if _unequal(read, of, rows_a_unit=rows_a_unit):
                unequal[reason] = {arm: read[arm] / of[arm] for arm in arms if of[arm]}
        if shares or unequal:
            yield Finding(
                check="lost_exposures",
                status="warn",
                fact=fact(
                    "lost_exposures.seen",
                    shares=shares,
                    unequal=unequal,
                ),
            )


def _unequal(
    lost: Mapping[str, int], of: Mapping[str, int], *, rows_a_unit: float
) -> bool:
    """Whether an arm lost a larger share of its rows than chance explains."""
    arms = [arm for arm, rows in of.items() if rows]
    read = [round(lost[arm] / rows_a_unit) for arm in arms]
    if len(arms) < 2 or not sum(read):
        return False
    return srm(read, [of[arm] for arm in arms]).p_value < UNEQUAL_BELOW
