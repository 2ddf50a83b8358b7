"""Whether the amounts are in one currency, and what was converted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["CurrencyCheck"]


@kinds.register("currency")
class CurrencyCheck:
    """Tells by which column the currency is known, and what was multiplied by what.

    Rows in another currency without a rate are refused before anything is counted.
    """

    order: ClassVar = 139

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding a source of money in which something tells the currency."""
        for source, seen in sorted(evidence.quality.currencies.items()):
            told = fact(
                "currency.told",
                source=source,
                column=seen.column,
                own=experiment.currency,
                guessed=int(seen.guessed),
                rows=dict(seen.rows),
                rates=dict(seen.rates),
                blank=seen.blank,
            )
            yield Finding(
                check="currency",
                status="warn" if seen.blank else "pass",
                fact=told,
            )
