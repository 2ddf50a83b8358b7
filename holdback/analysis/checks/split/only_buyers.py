"""Whether those who were exposed are all who were, or only those who bought."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.kinds.metric import Metric
from holdback.facts import Fact, fact
from holdback.results.scorecard import Finding, Status

__all__ = ["OnlyBuyers"]

LEAST_EXPOSED = 20
MOST_BUY, MOSTLY_BEFORE = 0.95, 0.9
FEW_OTHERS = 0.01


@kinds.register("only_buyers")
class OnlyBuyers:
    """The share of units that ever had the event that money or the primary counts.

    Exposures of which 95 % have it later on are a list from which those who did not
    buy are gone: the check fails. Where they have it with the exposure itself, the list
    may be made of orders, or people may be drawn as they buy, which looks alike: it
    warns, and the arm is not kept on a metric that counts those very rows. Where nine
    in ten had such rows before as well, as subscribers have, it only tells; it passes
    where the file says that `everybody` is in the list. Metrics of the exposures' own
    values, and those that count from a second row or a later day on, are not looked at.
    """

    order: ClassVar = 25

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding a source in which nearly all have rows; else one that passes."""
        rates = dict(_rates(experiment, evidence))
        many = {source: rate for source, rate in rates.items() if rate[0] >= MOST_BUY}
        for source, (share, at_once) in many.items():
            status, seen = _judged(experiment, evidence, source, (share, at_once))
            yield Finding(check="only_buyers", status=status, fact=seen)
        if rates and not many:
            most = max(share for share, _ in rates.values())
            seen = fact("only_buyers.some_did_not", share=most)
            yield Finding(check="only_buyers", status="pass", fact=seen)


def _rates(
    experiment: Experiment, evidence: Evidence
) -> Iterator[tuple[str, tuple[float, float]]]:
    """Shares of units with a row from the exposure on, and with it, by source."""
    arms = {arm.name for arm in experiment.arms}
    reading = [m for m in experiment.metrics.values() if _asks_who(experiment, m)]
    for ever in experiment.companions_for("ever"):
        source = ever.collected[0].source
        if ever.name not in evidence.cells.blocks or not _count_first(reading, source):
            continue
        units = evidence.cells.pooled.total(ever.name, arms)
        if units.n >= LEAST_EXPOSED:
            had, at_once = units.nonzero
            yield source, (had / units.n, at_once / units.n)


def _judged(
    experiment: Experiment, evidence: Evidence, source: str, rates: tuple[float, float]
) -> tuple[Status, Fact]:
    """What it means that nearly all have rows of a source."""
    share, at_once = rates
    if experiment.assignment.everybody:
        return "pass", fact("only_buyers.as_said", source=source, share=share)
    if _earlier(experiment, evidence, source) >= MOSTLY_BEFORE:
        return "warn", fact("only_buyers.usual", source=source, share=share)
    strangers = evidence.quality.unassigned.get(source, 0)
    alone = strangers <= FEW_OTHERS * evidence.accounting.units_used
    if at_once < MOST_BUY:
        gone = fact("only_buyers.gone", source=source, share=share, alone=alone)
        return "fail", gone
    economics = experiment.economics
    decisive = {experiment.primary, economics.value if economics else ""}
    reading = [m for m in experiment.metrics.values() if m.name in decisive]
    if not _count_first(reading, source):
        return "warn", fact("only_buyers.beside", source=source, share=share)
    return "warn", fact("only_buyers.at_once", source=source, share=share, alone=alone)


def _earlier(experiment: Experiment, evidence: Evidence, source: str) -> float:
    """Share of the units that had a row of a source before their exposure."""
    arms = {arm.name for arm in experiment.arms}
    for former in experiment.companions_for("former"):
        (measure,) = former.collected
        if measure.source == source and measure.aggregate == "any":
            if former.name not in evidence.cells.blocks:
                return 0.0
            units = evidence.cells.pooled.total(former.name, arms)
            return units.nonzero[0] / units.n
    return 0.0


def _asks_who(experiment: Experiment, metric: Metric) -> bool:
    """Whether a metric is money, or the primary and counts who did something."""
    decides = metric.name == experiment.primary and metric.credits_channels
    return not metric.hidden and (metric.unit == "money" or decides)


def _count_first(metrics: Iterable[Metric], source: str) -> bool:
    """Whether metrics count rows of a source from the exposure and the first row on."""
    return any(
        measure.source == source and not measure.start and measure.least < 2
        for metric in metrics
        for measure in metric.measures()
    )
