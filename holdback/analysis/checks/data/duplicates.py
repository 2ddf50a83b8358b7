"""Rows that were delivered twice, and units that were exposed again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks import kinds, plural
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.results.scorecard import Finding
from holdback.wording import say

__all__ = ["Duplicates"]


@kinds.register("duplicates")
class Duplicates:
    """Exact copies by `id` are dropped; later exposures of a unit do not count."""

    order: ClassVar = 110

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
            say(
                "checks.duplicates.of_stood_there_twice",
                count=plural(count, "row"),
                name=name,
            )
            for name, count in sorted(copies.items())
        ]
        if repeated:
            parts.append(
                say(
                    "checks.duplicates.of_units_already_in",
                    repeated=plural(repeated, "exposure"),
                )
            )
        if unchecked:
            parts.append(
                say(
                    "checks.duplicates.no_id_column_is",
                    join=", ".join(sorted(unchecked)),
                )
            )
        yield Finding(
            check="duplicates",
            status="warn" if copies else "skip" if unchecked else "pass",
            message=" ".join(parts) or say("checks.duplicates.no_row_stands_in"),
        )
