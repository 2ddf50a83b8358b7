"""Money that was given back: as rows of its own, or more than an order cost."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.analysis.comparison.plain_lift import lifts_read_otherwise
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["Refunds"]

OTHER_LIFT = 0.1
"""A difference between the lifts of two readings that a reader must know."""
LEAST_OVERDRAWN, SHARE_OVERDRAWN = 5, 0.01


@kinds.register("refunds")
class Refunds:
    """Tells how many rows give money back, and what hangs on how they are read.

    Refunds by the day of the refund miss those that come after a unit's time; by the
    day of the purchase they all count. Where more was refunded than an order cost, the
    other reading gives back what it cost. A reading in which the lift turns, or is
    another by 10 points, is a warning; so are overdrawn orders from 1 % of the rows on.
    """

    order: ClassVar = 125

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding a source and reading with such rows."""
        primary = {m.source for m in experiment.metrics[experiment.primary].measures()}
        read = {one.source: one.rows for one in evidence.inputs}
        for code, variant, counts in (
            ("refunds.seen", "at_purchase", evidence.quality.refunds),
            ("refunds.overdrawn", "refunds_capped", evidence.quality.overdrawn),
        ):
            both = lifts_read_otherwise(
                experiment, evidence.cells, evidence.variants.get(variant)
            )
            apart = any(
                lift * other < 0 or abs(other - lift) > OTHER_LIFT
                for lift, other in both.values()
            )
            for source, rows in sorted(counts.items()):
                share = rows / max(read.get(source, rows), rows)
                many = rows >= LEAST_OVERDRAWN and share > SHARE_OVERDRAWN
                matters = apart and source in primary
                warns = matters or (many and code == "refunds.overdrawn")
                told = both if warns and source in primary else {}
                yield Finding(
                    check="refunds",
                    status="warn" if warns else "pass",
                    fact=fact(
                        code,
                        source=source,
                        rows=rows,
                        share=share,
                        metric=experiment.primary,
                        lifts={arm: lift for arm, (lift, _) in told.items()},
                        otherwise={arm: other for arm, (_, other) in told.items()},
                    ),
                    shows_results=bool(told),
                )
