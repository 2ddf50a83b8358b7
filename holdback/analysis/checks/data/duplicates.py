"""Rows that were delivered twice, and units that were exposed again."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["Duplicates"]


@kinds.register("duplicates")
class Duplicates:
    """Exact copies by `id` are dropped; later exposures of a unit do not count.

    Rows of different units are no copies: ids that they share are told, and so are
    words that stand in place of an id.
    """

    order: ClassVar = 110

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding."""
        copies = {s: n for s, n in sorted(evidence.quality.duplicates.items()) if n}
        repeated = evidence.quality.repeated_exposures
        ids = experiment.identities
        rules = [source.refunds for source in experiment.sources.values()]
        others: set[str | None] = {rule.source for rule in rules if rule is not None}
        others |= {experiment.assignment.source, None if ids is None else ids.source}
        unchecked = sorted(
            name
            for name, source in experiment.sources.items()
            if source.columns.id is None and name not in others
        )
        idless = dict(sorted(evidence.quality.idless.items()))
        shared = dict(sorted(evidence.quality.shared_ids.items()))
        if not (copies or repeated or unchecked or idless or shared):
            clean = fact("duplicates.none")
            yield Finding(check="duplicates", status="pass", fact=clean)
            return
        yield Finding(
            check="duplicates",
            status="warn"
            if copies or idless or shared
            else "skip"
            if unchecked
            else "pass",
            fact=fact(
                "duplicates.copies"
                if copies
                else "duplicates.unsure"
                if idless or shared
                else "duplicates.unchecked"
                if unchecked
                else "duplicates.repeated",
                copies=copies,
                repeated=repeated,
                unchecked=tuple(unchecked),
                idless=idless or None,
                shared=shared or None,
            ),
        )
