"""Whether units had left before the test could keep them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["AlreadyGone"]

WARN_FROM = 0.01


@kinds.register("already_gone")
class AlreadyGone:
    """Rows of leaving that lie before their unit's exposure, by source.

    Who left before counts as one who stays, in both arms alike: the difference is
    right, but it is smaller than that of the units which could still leave.
    """

    order: ClassVar = 130

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """A warning from one row in a hundred units on; nothing below."""
        units = sum(evidence.assigned.values())
        sources = {
            measure.source
            for name, _ in experiment.roles()
            if experiment.metrics[name].is_leaving
            for measure in experiment.metrics[name].measures()
        }
        for source in sorted(sources):
            rows = evidence.quality.earlier.get(source, 0)
            if units and rows >= WARN_FROM * units:
                yield Finding(
                    check="already_gone",
                    status="warn",
                    fact=fact(
                        "already_gone.before",
                        source=source,
                        rows=rows,
                        share=rows / units,
                    ),
                )
