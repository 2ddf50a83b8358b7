"""Times whose form nobody declared: read in the only way that fits, and told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["DatesCheck"]


@kinds.register("dates")
class DatesCheck:
    """Tells in which form the times of a source were read."""

    order: ClassVar = 138

    def examine(
        self,
        experiment: Experiment,  # noqa: ARG002  # every check is asked the same way
        evidence: Evidence,
    ) -> Iterable[Finding]:
        """One finding a source whose times are not of ISO 8601."""
        for source, dates in sorted(evidence.quality.dates.items()):
            told = fact(
                "dates.guessed" if dates.guessed else "dates.declared",
                source=source,
                column=dates.column,
                form=dates.form,
                written=dates.written,
                meant=dates.meant,
            )
            yield Finding(check="dates", status="pass", fact=told)
