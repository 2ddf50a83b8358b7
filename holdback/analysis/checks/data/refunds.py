"""Money that was given back: as rows of its own, or more than an order cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.analysis.comparison.plain_lift import (
    is_another_lift,
    lifts_read_otherwise,
)
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["Refunds"]

LEAST_OVERDRAWN, SHARE_OVERDRAWN = 5, 0.01


@kinds.register("refunds")
class Refunds:
    """Tells how many rows give money back, and what hangs on how they are read.

    Refunds by the day of the refund miss those that come after a unit's time; by the
    day of the purchase they all count. Where more was refunded than an order cost, the
    other reading gives back what it cost. A reading that gives another lift
    (`is_another_lift`) is a warning; so are overdrawn orders from 1 % of the rows on.
    """

    order: ClassVar = 125

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding a source and reading with such rows."""
        for source, rows in sorted(evidence.quality.refunds.items()):
            both = _lifts(experiment, evidence, source, "at_purchase")
            warns = is_another_lift(experiment, evidence.cells, both)
            yield Finding(
                check="refunds",
                status="warn" if warns else "pass",
                fact=fact(
                    "refunds.seen",
                    source=source,
                    rows=rows,
                    share=_share(evidence, source, rows),
                    metric=experiment.primary,
                    lifts={arm: lift for arm, (lift, _) in both.items() if warns},
                    otherwise={arm: other for arm, (_, other) in both.items() if warns},
                ),
                shows_results=warns,
            )
        for source, rows in sorted(evidence.quality.overdrawn.items()):
            both = _lifts(experiment, evidence, source, "refunds_capped")
            share = _share(evidence, source, rows)
            many = rows >= LEAST_OVERDRAWN and share > SHARE_OVERDRAWN
            warns = many or is_another_lift(experiment, evidence.cells, both)
            yield Finding(
                check="refunds",
                status="warn" if warns else "pass",
                fact=fact(
                    "refunds.overdrawn",
                    source=source,
                    rows=rows,
                    share=share,
                    metric=experiment.primary,
                    lifts={arm: lift for arm, (lift, _) in both.items() if warns},
                    otherwise={arm: other for arm, (_, other) in both.items() if warns},
                ),
                shows_results=warns,
            )


def _share(evidence: Evidence, source: str, rows: int) -> float:
    """Rows as a share of those of their source."""
    read = {one.source: one.rows for one in evidence.inputs}
    return rows / max(read.get(source, rows), rows)


def _lifts(
    experiment: Experiment, evidence: Evidence, source: str, variant: str
) -> Mapping[str, tuple[float, float]]:
    """Lifts by arm, here and in the other reading; none of a source beside."""
    measures = experiment.metrics[experiment.primary].measures()
    if source not in {measure.source for measure in measures}:
        return {}
    return lifts_read_otherwise(
        experiment, evidence.cells, evidence.variants.get(variant)
    )
