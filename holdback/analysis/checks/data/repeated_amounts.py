"""Amounts that stand on several rows: an order that counts once a line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["RepeatedAmounts"]

LEAST_REPEATED, SHARE_REPEATED = 5, 0.01


@kinds.register("repeated_amounts")
class RepeatedAmounts:
    """Rows of one unit with the same moment and amount, where no `id` is named.

    From five such rows and 1 % of the source on they warn: chance makes fewer.
    """

    order: ClassVar = 115

    def examine(
        self,
        experiment: Experiment,  # noqa: ARG002  # every check is asked the same way
        evidence: Evidence,
    ) -> Iterable[Finding]:
        """One finding a source in which they are many."""
        read = {one.source: one.rows for one in evidence.inputs}
        for source, rows in sorted(evidence.quality.repeated_amounts.items()):
            share = rows / max(read.get(source, rows), rows)
            if rows >= LEAST_REPEATED and share > SHARE_REPEATED:
                seen = fact(
                    "repeated_amounts.seen", source=source, rows=rows, share=share
                )
                yield Finding(check="repeated_amounts", status="warn", fact=seen)
