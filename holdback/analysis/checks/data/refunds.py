"""Amounts below zero among the sales."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["Refunds"]


@kinds.register("refunds")
class Refunds:
    """Tells how many rows give money back, and that they make nobody a buyer."""

    order: ClassVar = 125

    def examine(
        self,
        experiment: Experiment,  # noqa: ARG002  # every check is asked the same way
        evidence: Evidence,
    ) -> Iterable[Finding]:
        """One finding a source with such rows."""
        read = {one.source: one.rows for one in evidence.inputs}
        for source, rows in sorted(evidence.quality.refunds.items()):
            share = rows / max(read.get(source, rows), rows)
            seen = fact("refunds.seen", source=source, rows=rows, share=share)
            yield Finding(check="refunds", status="pass", fact=seen)
