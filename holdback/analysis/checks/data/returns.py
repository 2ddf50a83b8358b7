"""Returns that were taken off the purchase they belong to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks import kinds, percent, plural
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.results.scorecard import Finding
from holdback.wording import say

__all__ = ["Returns"]

MOST_UNMATCHED = 0.5


@kinds.register("returns")
class Returns:
    """Says how many returns found their purchase; most of them should."""

    order: ClassVar = 120

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding for each source with a rule for returns."""
        for name, found in sorted(evidence.quality.returns.items()):
            rule = experiment.sources[name].returns
            if rule is None or not found.rows:
                yield Finding(
                    check="returns",
                    status="skip",
                    message=say("checks.returns.no_row_is_a_return", name=name),
                )
                continue
            lost = found.unmatched / found.rows
            parts = [
                say(
                    "checks.returns.found_their_purchase",
                    matched=f"{found.rows - found.unmatched:,}",
                    rows=plural(found.rows, "return"),
                    name=name,
                )
            ]
            if found.unmatched:
                parts.append(
                    say(
                        "checks.returns.have_no_purchase",
                        unmatched=f"{found.unmatched:,}",
                        share=percent(lost),
                    )
                )
            if lost > MOST_UNMATCHED:
                parts.append(
                    say(
                        "checks.returns.check_the_columns",
                        columns=", ".join(rule.match) or "–",
                    )
                )
            yield Finding(
                check="returns",
                status="warn" if lost > MOST_UNMATCHED else "pass",
                message=" ".join(parts),
            )
