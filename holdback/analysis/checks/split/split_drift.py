"""Whether the split stayed the same from day to day, and what is compared if not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.analysis.stretches import SplitHistory, split_history
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import Fact, fact
from holdback.results.scorecard import Finding

__all__ = ["SplitDrift"]


@kinds.register("split_drift")
class SplitDrift:
    """Arms by day of first exposure, tested for one split on all days.

    Where the split changed, units are compared within stretches of days with constant
    shares, and the finding says which. It fails where that cannot be done: the arms
    share no days (before and after is no comparison of groups), or too few of an arm's
    units joined while all the others did.
    """

    order: ClassVar = 20

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding where there are several days of exposure."""
        history = split_history(experiment, evidence.cells)
        if history is None:
            return
        trouble = _trouble(history) if history.changed else None
        if not history.changed:
            outcome = fact("split_drift.steady")
        else:
            outcome = trouble or _stratified(evidence, history)
        yield Finding(
            check="split_drift",
            status="fail" if trouble else "warn" if history.changed else "pass",
            p_value=history.p_value,
            fact=outcome,
        )


def _trouble(history: SplitHistory) -> Fact | None:
    """Why the arms cannot be compared within stretches; None where they can."""
    if not history.meeting_days:
        return fact("split_drift.two_periods")
    if not history.comparable:
        arm, share = min(history.in_common.items(), key=lambda item: item[1])
        return fact("split_drift.little_in_common", arm=arm, share=share)
    return None


def _stratified(evidence: Evidence, history: SplitHistory) -> Fact:
    """The stretches that are compared, and the units that joined outside them."""
    block = next(iter(evidence.cells.blocks))
    cells = evidence.cells.pooled
    arms = {cell.arm for cell in cells.rows}
    inside = sum(
        cells.total(block, arms, since=first, through=last).n
        for first, last in history.compared
    )
    return fact(
        "split_drift.within_stretches",
        changes=tuple(first.isoformat() for first, _ in history.stretches[1:]),
        stretches=len(history.compared),
        left_out=cells.total(block, arms).n - inside,
    )
