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
MOST_BUY, ALL_BUY = 0.95, 0.99
MOSTLY_BEFORE = 0.9
FEW_OTHERS = 0.01


@kinds.register("only_buyers")
class OnlyBuyers:
    """The share of units that ever had the event that money or the primary counts.

    Exposures taken from the orders hold nobody who did not buy. From 99 % on the check
    fails, and from 95 % on where nobody else has such rows, so that the units are the
    orders' customers; else 95 % is a warning. Where nine in ten had such rows before
    as well, as subscribers have, it only warns. Units as rows, and metrics of the
    exposures' own values, are not looked at.
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
            usual = _earlier(experiment, evidence, source) >= MOSTLY_BEFORE
            sure = (rate >= ALL_BUY or alone) and not usual
            yield Finding(
                check="only_buyers",
                status="fail" if sure else "warn",
                fact=fact(
                    "only_buyers.nearly_all", source=source, share=rate, alone=alone
                ),
            )
        if rates and not many:
            seen = fact("only_buyers.some_did_not", share=max(rates.values()))
            yield Finding(check="only_buyers", status="pass", fact=seen)


def _earlier(experiment: Experiment, evidence: Evidence, source: str) -> float:
    """Share of the units that had a row in a source before their exposure."""
    arms = {arm.name for arm in experiment.arms}
    for former in experiment.companions_for("former"):
        (measure,) = former.collected
        if measure.source == source and measure.aggregate == "any":
            units = evidence.cells.pooled.total(former.name, arms)
            return units.nonzero[0] / units.n
    return 0.0


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
