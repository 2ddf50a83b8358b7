"""How many units of a holdback without an end may be old ones under a new id."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["Identity"]

SETTLING = timedelta(days=28)
LATE_UNITS_WARN_ABOVE = 0.3


@kinds.register("identity")
class Identity:
    """Counts units that were first seen after the first four weeks.

    Who loses a cookie comes back as a new unit and is drawn again, mostly into the
    large arm. A unit that was treated before and is now held back still shows what
    the treatment left, so the arms grow alike: with a share c of late units and all
    of them old, the lift would be 1 / (1 − c (1 − h)) times the one seen, h being
    the holdback's share. The truth lies between; ids of accounts do not churn.
    """

    order: ClassVar = 80

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding for a holdback of eight weeks or more."""
        days = evidence.cells.days()
        if experiment.analysis.looks != "always_valid" or not days:
            return
        if days[-1] - days[0] < 2 * SETTLING:
            return
        block = next(iter(evidence.cells.blocks))
        arms = {arm.name for arm in experiment.arms}
        by_day = {day: evidence.cells.total(block, arms, day=day).n for day in days}
        total = sum(by_day.values())
        late = sum(n for day, n in by_day.items() if day - days[0] >= SETTLING)
        newest = sum(n for day, n in by_day.items() if days[-1] - day < SETTLING)
        share = late / total
        held = float(experiment.control.share)
        factor = 1 / (1 - share * (1 - held))
        yield Finding(
            check="identity",
            status="warn" if share > LATE_UNITS_WARN_ABOVE else "pass",
            fact=fact(
                "identity.late", share=share, newest=newest / total, factor=factor
            ),
        )
