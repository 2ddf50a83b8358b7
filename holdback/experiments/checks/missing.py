"""Rows that could not be used: unknown units, empty values, odd ids and times."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from holdback.experiments.checks import kinds, plural
from holdback.experiments.evidence import Evidence
from holdback.experiments.experiment import Experiment
from holdback.experiments.scorecard import Finding

__all__ = ["Missing"]


@kinds.register("missing")
class Missing:
    """Says of each source how many rows did not count, and why.

    Rows of units that were never exposed are usual (a shop has other customers);
    they are told, but raise no warning.
    """

    def examine(
        self,
        experiment: Experiment,  # noqa: ARG002  # every check is asked the same way
        evidence: Evidence,
    ) -> Iterable[Finding]:
        """One finding."""
        quality = evidence.quality
        odd = [
            *_told(quality.missing_ids, "without a unit id"),
            *_told(quality.null_values, "whose value is empty or divided by zero"),
            *_told(
                quality.nonexistent_times,
                "with a local time that daylight saving skips, moved forward",
            ),
            *_told(quality.float_ids, "with a decimal number as unit id"),
        ]
        if quality.similar_ids:
            odd.append(
                f"{plural(quality.similar_ids, 'pair')} of unit ids differ only by "
                "case, spaces, accents' spelling or a trailing .0; they count as "
                "different units"
            )
        usual = [
            *_told(quality.unassigned, "of units not assigned to any arm"),
            *_told(quality.before, "from before assignment"),
            *_told(quality.late, "after the last moment analyzed"),
        ]
        message = "; ".join([*odd, *usual])
        yield Finding(
            check="missing",
            status="warn" if odd else "pass",
            message=f"{message}." if message else "Every row could be used.",
        )


def _told(counts: Mapping[str, int], reason: str) -> list[str]:
    return [
        f"{plural(count, 'row')} of {source} {reason}"
        for source, count in sorted(counts.items())
        if count
    ]
