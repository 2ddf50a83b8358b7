"""Rows that a condition leaves out without meaning to: blanks, and other spellings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.data.profiling.conditions import remedy_of
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["Conditions"]

MANY_BLANKS = 0.01


@kinds.register("conditions")
class Conditions:
    """Counts what `!=` and `not in` lose by empty values, and 'Paid' beside 'paid'.

    Blanks are told, and above 1 % of a source's rows they warn; another spelling of a
    text that a condition names always does.
    """

    order: ClassVar = 133

    def examine(
        self,
        experiment: Experiment,  # noqa: ARG002  # every check is asked the same way
        evidence: Evidence,
    ) -> Iterable[Finding]:
        """One finding a condition with blanks, and one a value written otherwise."""
        yield from _blanks(evidence)
        for source, spellings in sorted(evidence.quality.spellings.items()):
            for spelling in spellings:
                seen = fact(
                    "conditions.spelling",
                    source=source,
                    column=spelling.column,
                    meant=spelling.meant,
                    written=spelling.written,
                    rows=spelling.rows,
                )
                yield Finding(check="conditions", status="warn", fact=seen)


def _blanks(evidence: Evidence) -> Iterator[Finding]:
    read = {one.source: one.rows for one in evidence.inputs}
    for source, conditions in sorted(evidence.quality.blanks.items()):
        for condition, rows in sorted(conditions.items()):
            share = rows / max(read.get(source, rows), rows)
            seen = fact(
                "conditions.blanks",
                source=source,
                condition=condition,
                remedy=remedy_of(condition),
                rows=rows,
                share=share,
            )
            yield Finding(
                check="conditions",
                status="warn" if share > MANY_BLANKS else "pass",
                fact=seen,
            )
