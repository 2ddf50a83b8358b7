"""Whether amounts are in the project's currency, and rows hold some."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["UnitOfAmounts"]


@kinds.register("unit_of_amounts")
class UnitOfAmounts:
    """Questions amounts a hundred or a thousand times off, before money is printed.

    Rows without an amount are questioned where a metric counts rows: a table with a row
    a customer and day makes everybody a buyer.
    """

    order: ClassVar = 141

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """A warning for each value of money whose unit is in doubt."""
        for source, scales in sorted(evidence.quality.odd_scales.items()):
            for odd in scales:
                if odd.cause == "zeros" and not _counts_rows(experiment, source):
                    continue
                yield Finding(
                    check="unit_of_amounts",
                    status="warn",
                    fact=fact(
                        "unit_of_amounts.questioned",
                        source=source,
                        cause=odd.cause,
                        value=odd.value,
                        currency=experiment.currency,
                        times=odd.times,
                        rows=odd.rows,
                        medians=odd.medians,
                    ),
                )


def _counts_rows(experiment: Experiment, source: str) -> bool:
    """Whether a metric asks of a source for any rows, whatever they hold."""
    return any(
        measure.source == source
        and measure.aggregate in {"any", "count", "first_day", "last_day"}
        and measure.value is None
        and measure.where is None
        for metric in experiment.metrics.values()
        for measure in metric.measures()
        if not metric.hidden
    )
