"""Checks: one file a check, in rooms by what is asked: `split`, `data`, `result`.

A check looks at the evidence and reports. A failed one means that the numbers cannot
be believed, and blocks the decision; a warning is something that a reader must know.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Protocol

from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.registry import Kinds
from holdback.results.scorecard import Finding
from holdback.wording import counted

__all__ = ["Check", "findings", "kinds", "percent", "plural"]


class Check(Protocol):
    """What a check must offer; `order` is its place among the findings."""

    order: ClassVar[int]

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """What the check found; nothing when it does not apply."""
        ...


kinds: Kinds[Check] = Kinds("holdback.analysis.checks", rooms=True)


def findings(experiment: Experiment, evidence: Evidence) -> tuple[Finding, ...]:
    """All findings, those of the most basic checks first."""
    named = sorted(kinds.items(), key=lambda item: (item[1].order, item[0]))
    return tuple(
        finding
        for _, check in named
        for finding in check().examine(experiment, evidence)
    )


def percent(share: float) -> str:
    """A share as a percentage with three significant digits.

    >>> percent(0.01234), percent(0.25)
    ('1.23 %', '25 %')
    """
    return f"{float(f'{100 * share:.3g}'):g} %"


def plural(count: int, noun: str) -> str:
    """A count with its noun, one of those that the catalog knows.

    >>> plural(1, "unit"), plural(1200, "row")
    ('1 unit', '1,200 rows')
    """
    return counted(f"nouns.{noun}", count, count=f"{count:,}")
