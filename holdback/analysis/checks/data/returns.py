"""Returns that were taken off the purchase they belong to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["Returns"]

MOST_UNMATCHED = 0.5


@kinds.register("returns")
class Returns:
    """Says how many returns found their purchase; most of them should."""

    order: ClassVar = 120

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding for each source with a rule for returns."""
        for name, returned in sorted(evidence.quality.returns.items()):
            rule = experiment.sources[name].returns
            if not returned.rows:
                nothing = fact("returns.none", source=name)
                yield Finding(check="returns", status="skip", fact=nothing)
                continue
            lost = returned.unmatched > MOST_UNMATCHED * returned.rows
            yield Finding(
                check="returns",
                status="warn" if lost else "pass",
                fact=fact(
                    "returns.mostly_unmatched",
                    source=name,
                    rows=returned.rows,
                    unmatched=returned.unmatched,
                    columns=() if rule is None else tuple(rule.match),
                )
                if lost
                else fact(
                    "returns.matched",
                    source=name,
                    rows=returned.rows,
                    unmatched=returned.unmatched,
                ),
            )
