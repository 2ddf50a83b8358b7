"""Money that was given back: as rows of its own, or more than an order cost."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
        for source, rows in sorted(evidence.quality.refunds.items()):
            lifts, other = _lifts(experiment, evidence, source, "at_purchase")
            warns = _differ(lifts, other)
            yield Finding(
                check="refunds",
                status="warn" if warns else "pass",
                fact=fact(
                    "refunds.seen",
                    source=source,
                    rows=rows,
                    share=_share(evidence, source, rows),
                    metric=experiment.primary,
                    lifts=lifts if warns else {},
                    otherwise=other if warns else {},
                ),
                shows_results=warns,
            )
        for source, rows in sorted(evidence.quality.overdrawn.items()):
            lifts, other = _lifts(experiment, evidence, source, "refunds_capped")
            share = _share(evidence, source, rows)
            many = rows >= LEAST_OVERDRAWN and share > SHARE_OVERDRAWN
            warns = many or _differ(lifts, other)
            yield Finding(
                check="refunds",
                status="warn" if warns else "pass",
                fact=fact(
                    "refunds.overdrawn",
                    source=source,
                    rows=rows,
                    share=share,
                    metric=experiment.primary,
                    lifts=lifts if warns else {},
                    otherwise=other if warns else {},
                ),
                shows_results=warns,
            )


def _share(evidence: Evidence, source: str, rows: int) -> float:
    """Rows as a share of those of their source."""
    read = {one.source: one.rows for one in evidence.inputs}
    return rows / max(read.get(source, rows), rows)


def _lifts(
    experiment: Experiment, evidence: Evidence, source: str, variant: str
) -> tuple[dict[str, float], dict[str, float]]:
    """Lifts by arm, here and in the other reading; none of a source beside."""
    measures = experiment.metrics[experiment.primary].measures()
    if source not in {measure.source for measure in measures}:
        return {}, {}
    both = lifts_read_otherwise(
        experiment, evidence.cells, evidence.variants.get(variant)
    )
    return (
        {arm: lift for arm, (lift, _) in both.items()},
        {arm: other for arm, (_, other) in both.items()},
    )


def _differ(lifts: Mapping[str, float], other: Mapping[str, float]) -> bool:
    """Whether a lift turns, or is another one by 10 points."""
    return any(
        lift * other[arm] < 0 or abs(other[arm] - lift) > OTHER_LIFT
        for arm, lift in lifts.items()
    )
