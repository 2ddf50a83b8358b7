"""Whether those who were exposed are all who were, or only those who bought."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar, NamedTuple

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.kinds.metric import Metric
from holdback.facts import Fact, fact
from holdback.results.scorecard import Finding, Status
from holdback.stats.evidence.moments import Moments

__all__ = ["OnlyBuyers"]

LEAST_EXPOSED = 20
MOST_BUY, MOSTLY_BEFORE = 0.95, 0.9
FEW_OTHERS = 0.01


class Bought(NamedTuple):
    """Shares of the units that had nothing before: with rows later on, and at once.

    Of all units, where fewer than 20 had nothing before; and how many had.
    """

    share: float
    at_once: float
    before: float


@kinds.register("only_buyers")
class OnlyBuyers:
    """The share of new units that ever had the event that money or the primary counts.

    Exposures of which 95 % have it later on, of those that never had it before, look
    like a list from which those who did not buy are gone; where they have it with the
    exposure itself, like one that is made of orders. It warns, and no arm is kept on:
    customers who are drawn as they buy, and whose first order is taken back, look
    alike, so that the result is not invalid. Where nine in ten had such rows before, as
    subscribers have, it only tells; it passes where the file says that `everybody` is
    in the list. Metrics of the exposures' own values, and those that count from a
    second row or a later day on, are not looked at.
    """

    order: ClassVar = 25

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding a source in which nearly all have rows; else one that passes."""
        rates = dict(_rates(experiment, evidence))
        many = {
            source: rate for source, rate in rates.items() if rate.share >= MOST_BUY
        }
        for source, rate in many.items():
            status, seen = _judged(experiment, evidence, source, rate)
            yield Finding(check="only_buyers", status=status, fact=seen)
        if rates and not many:
            most = max(rate.share for rate in rates.values())
            seen = fact("only_buyers.some_did_not", share=most)
            yield Finding(check="only_buyers", status="pass", fact=seen)


def _rates(experiment: Experiment, evidence: Evidence) -> Iterator[tuple[str, Bought]]:
    """How many have rows of each source that decides."""
    arms = {arm.name for arm in experiment.arms}
    reading = [m for m in experiment.metrics.values() if _asks_who(experiment, m)]
    for ever in experiment.companions_for("ever"):
        source = ever.collected[0].source
        if ever.name not in evidence.cells.blocks or not _count_first(reading, source):
            continue
        units = evidence.cells.pooled.total(ever.name, arms)
        if units.n >= LEAST_EXPOSED:
            yield source, _bought(units)


def _bought(units: Moments) -> Bought:
    """Shares of those who have rows after, with and before their exposure."""
    had, at_once, former = units.nonzero
    _, _, again, _, again_at_once, _ = units.products
    new = units.n - former
    if new < LEAST_EXPOSED:
        return Bought(had / units.n, at_once / units.n, former / units.n)
    return Bought(
        (had - again) / new, (at_once - again_at_once) / new, former / units.n
    )


def _judged(
    experiment: Experiment, evidence: Evidence, source: str, rate: Bought
) -> tuple[Status, Fact]:
    """What it means that nearly all have rows of a source."""
    share = rate.share
    if experiment.assignment.everybody:
        return "pass", fact("only_buyers.as_said", source=source, share=share)
    if rate.before >= MOSTLY_BEFORE:
        return "warn", fact("only_buyers.usual", source=source, share=share)
    strangers = evidence.quality.unassigned.get(source, 0)
    alone = strangers <= FEW_OTHERS * evidence.accounting.units_used
    if rate.at_once < MOST_BUY:
        gone = fact("only_buyers.gone", source=source, share=share, alone=alone)
        return "warn", gone
    economics = experiment.economics
    decisive = {experiment.primary, economics.value if economics else ""}
    reading = [m for m in experiment.metrics.values() if m.name in decisive]
    if not _count_first(reading, source):
        return "warn", fact("only_buyers.beside", source=source, share=share)
    return "warn", fact("only_buyers.at_once", source=source, share=share, alone=alone)


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
