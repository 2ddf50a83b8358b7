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

__all__ = ["Check", "findings", "kinds"]


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
