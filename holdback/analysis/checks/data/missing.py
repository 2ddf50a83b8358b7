"""Rows that could not be used: unknown units, empty values, odd ids and times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import Value, fact
from holdback.results.scorecard import Finding

__all__ = ["Missing"]


@kinds.register("missing")
class Missing:
    """Says of each source how many rows did not count, and why.

    Rows of units that were never exposed are usual (a shop has other customers);
    they are told, but raise no warning.
    """

    order: ClassVar = 140

    def examine(
        self,
        experiment: Experiment,  # noqa: ARG002  # every check is asked the same way
        evidence: Evidence,
    ) -> Iterable[Finding]:
        """One finding."""
        quality = evidence.quality
        odd = _by_reason(
            missing_ids=quality.missing_ids,
            null_values=quality.null_values,
            nonexistent_times=quality.nonexistent_times,
            float_ids=quality.float_ids,
            damaged_ids=quality.damaged_ids,
            missing_times=quality.missing_times,
            stray_times=quality.stray_times,
        )
        usual = _by_reason(
            filtered=quality.filtered,
            repeated_times=quality.repeated_times,
            unassigned=quality.unassigned,
            before=quality.before,
            late=quality.late,
        )
        similar_ids = quality.similar_ids
        if not (odd or usual or similar_ids):
            nothing = fact("missing.none")
            yield Finding(check="missing", status="pass", fact=nothing)
            return
        unusual = bool(odd or similar_ids)
        yield Finding(
            check="missing",
            status="warn" if unusual else "pass",
            fact=fact(
                "missing.odd" if unusual else "missing.usual",
                odd=odd,
                similar_ids=similar_ids,
                usual=usual,
            ),
        )


def _by_reason(**counts: Mapping[str, int]) -> dict[str, Value]:
    """Reason → source → rows, where there are any."""
    rows: dict[str, Value] = {}
    for reason, by_source in counts.items():
        left = {source: count for source, count in sorted(by_source.items()) if count}
        if left:
            rows[reason] = left
    return rows
