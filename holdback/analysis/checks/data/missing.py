"""Rows that could not be used: unknown units, empty values, odd ids and times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from holdback.analysis.checks import kinds, plural
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.results.scorecard import Finding
from holdback.wording import say

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
        odd = [
            *_told(quality.missing_ids, say("checks.missing.without_a_unit_id")),
            *_told(quality.null_values, say("checks.missing.whose_value_is_empty")),
            *_told(
                quality.nonexistent_times,
                say("checks.missing.with_a_local_time"),
            ),
            *_told(quality.float_ids, say("checks.missing.with_a_decimal_number")),
        ]
        if quality.similar_ids:
            odd.append(
                say(
                    "checks.missing.of_unit_ids_differ",
                    similar_ids=plural(quality.similar_ids, "pair"),
                )
            )
        usual = [
            *_told(quality.unassigned, say("checks.missing.of_units_not_assigned")),
            *_told(quality.before, say("checks.missing.from_before_assignment")),
            *_told(quality.late, say("checks.missing.after_the_last_moment")),
        ]
        message = "; ".join([*odd, *usual])
        yield Finding(
            check="missing",
            status="warn" if odd else "pass",
            message=f"{message}."
            if message
            else say("checks.missing.every_row_could_be"),
        )


def _told(counts: Mapping[str, int], reason: str) -> list[str]:
    return [
        say(
            "checks.missing.told",
            count=plural(count, "row"),
            source=source,
            reason=reason,
        )
        for source, count in sorted(counts.items())
        if count
    ]
