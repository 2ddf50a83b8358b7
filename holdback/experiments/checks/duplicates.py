"""Rows that were delivered twice, and units that were exposed again."""

from __future__ import annotations

from collections.abc import Iterable

from holdback.experiments.checks import kinds, plural
from holdback.experiments.evidence import Evidence
from holdback.experiments.experiment import Experiment
from holdback.experiments.scorecard import Finding

__all__ = ["Duplicates"]


@kinds.register("duplicates")
class Duplicates:
    """Exact copies by `id` are dropped; later exposures of a unit do not count."""

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding."""
        copies = {s: n for s, n in evidence.quality.duplicates.items() if n}
        repeated = evidence.quality.repeated_exposures
        unchecked = [
            name
            for name, source in experiment.sources.items()
            if source.columns.id is None and name != experiment.assignment.source
        ]
        parts = [
            f"{plural(count, 'row')} of {name} stood there twice and counted once."
            for name, count in sorted(copies.items())
        ]
        if repeated:
            parts.append(
                f"{plural(repeated, 'later exposure')} of units already in the test: "
                "the first one counts."
            )
        if unchecked:
            parts.append(
                f"No `id` column is named for {', '.join(sorted(unchecked))}, so "
                "copies there would not be noticed."
            )
        yield Finding(
            check="duplicates",
            status="warn" if copies else "pass",
            message=" ".join(parts) or "No row stands in the data twice.",
        )
