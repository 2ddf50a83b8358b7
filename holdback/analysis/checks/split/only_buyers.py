"""Whether those who were exposed are all who were, or only those who bought."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["OnlyBuyers"]

LEAST_EXPOSED = 20
MOST_BUY = 0.95
FEW_OTHERS = 0.01


@kinds.register("only_buyers")
class OnlyBuyers:
    """The share of units that ever had the event that money or the primary counts.

    Exposures taken from the orders hold nobody who did not buy. From 95 % on it warns,
    and says whether nobody else has such rows: a test that exposes people when they
    buy looks alike. Metrics of the exposures' own values are not looked at.
    """

    order: ClassVar = 25

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding a source in which nearly all have rows; else one that passes."""
        cells = evidence.cells.pooled
        arms = {arm.name for arm in experiment.arms}
        rates = {}
        for ever in experiment.companions_for("ever"):
            (measure,) = ever.collected
            if ever.name in cells.blocks and _decides(experiment, measure.source):
                units = cells.total(ever.name, arms)
                if units.n >= LEAST_EXPOSED:
                    rates[measure.source] = units.nonzero[0] / units.n
        many = {source: rate for source, rate in rates.items() if rate >= MOST_BUY}
        for source, rate in many.items():
            strangers = evidence.quality.unassigned.get(source, 0)
            alone = strangers <= FEW_OTHERS * evidence.accounting.units_used
            yield Finding(
                check="only_buyers",
                status="warn",
                fact=fact(
                    "only_buyers.nearly_all", source=source, share=rate, alone=alone
                ),
            )
        if rates and not many:
            seen = fact("only_buyers.some_did_not", share=max(rates.values()))
            yield Finding(check="only_buyers", status="pass", fact=seen)


def _decides(experiment: Experiment, source: str) -> bool:
    """Whether money, or a primary that counts who did something, is of the source."""
    return any(
        measure.source == source
        and not metric.hidden
        and (
            metric.unit == "money"
            or (name == experiment.primary and metric.credits_channels)
        )
        for name, metric in experiment.metrics.items()
        for measure in metric.measures()
    )
