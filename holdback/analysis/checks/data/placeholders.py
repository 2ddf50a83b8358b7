"""Words in place of ids: whose rows belong to nobody."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["Placeholders"]


@kinds.register("placeholders")
class Placeholders:
    """Rows whose unit is a word such as ``(not set)``: they count for nobody."""

    order: ClassVar = 135

    def examine(
        self,
        experiment: Experiment,  # noqa: ARG002  # every check is asked the same way
        evidence: Evidence,
    ) -> Iterable[Finding]:
        """One finding where there are such rows."""
        words = evidence.quality.placeholders
        if words:
            seen = fact("placeholders.seen", sources=words)
            yield Finding(check="placeholders", status="warn", fact=seen)
