"""Days between changes of the arms' shares: within them alone units are compared.

An average over days of different shares weighs the days differently in each arm, so a
harmful treatment can look like a gain (Simpson's paradox). Where shares changed beyond
chance, cells are put together by stretches of days with constant shares; where the arms
have too little in common for that, the comparison is of periods, and no result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from holdback.data.evidence.cells import Cells, DaySpan, Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.stats.evidence.stratified import LEAST_IN_STRATUM
from holdback.stats.srm.changed_shares import changed_shares, stretches

__all__ = ["SplitHistory", "split_history", "within_stretches"]

CHANGED_BELOW = 0.001
LEAST_IN_COMMON = 0.2
"""Share of an arm's units that must have joined while all arms did."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitHistory:
    """Whether the arms' shares changed from day to day, and what is left to compare.

    `stretches` are spans of days with constant shares, one where nothing changed;
    `compared` those in which every arm has units enough. `in_common` is the share of
    each arm's units that joined in the latter, `meeting_days` the days on which units
    joined control and another arm.
    """

    p_value: float
    stretches: tuple[DaySpan, ...]
    compared: tuple[DaySpan, ...]
    in_common: Mapping[str, float]
    meeting_days: int

    @property
    def changed(self) -> bool:
        """Whether the shares changed by more than chance."""
        return self.p_value < CHANGED_BELOW

    @property
    def comparable(self) -> bool:
        """Whether enough units of every arm joined while all the others did."""
        return min(self.in_common.values(), default=0.0) >= LEAST_IN_COMMON


def split_history(experiment: Experiment, cells: Cells) -> SplitHistory | None:
    """How units joined the arms; None where exposures have no days, or only one."""
    days = cells.days()
    if len(days) < 2:
        return None
    block = next(iter(cells.blocks))
    names = [arm.name for arm in experiment.arms]
    counts = [[cells.total(block, {n}, day=day).n for n in names] for day in days]
    p_value = changed_shares(counts)
    runs = [(0, len(days) - 1)] if p_value >= CHANGED_BELOW else stretches(counts)
    totals = [
        [sum(col) for col in zip(*counts[a : b + 1], strict=True)] for a, b in runs
    ]
    kept = [min(units) >= LEAST_IN_STRATUM for units in totals]
    control = names.index(experiment.control.name)
    return SplitHistory(
        p_value=p_value,
        stretches=_spans(days, runs),
        compared=_spans(days, [r for r, k in zip(runs, kept, strict=True) if k]),
        in_common={
            name: _share(
                [units[i] for units in totals],
                [units[i] for units, k in zip(totals, kept, strict=True) if k],
            )
            for i, name in enumerate(names)
        },
        meeting_days=sum(
            row[control] > 0 and sum(row) > row[control] for row in counts
        ),
    )


def within_stretches(experiment: Experiment, evidence: Evidence) -> Evidence:
    """The evidence, by stretches of constant shares where these changed."""
    if evidence.cells.stretches:
        return evidence
    history = split_history(experiment, evidence.cells)
    if history is None or not (history.changed and history.comparable):
        return evidence
    cells = replace(evidence.cells, stretches=history.stretches)
    return replace(evidence, cells=cells)


def _spans(days: tuple[date, ...], runs: list[tuple[int, int]]) -> tuple[DaySpan, ...]:
    return tuple((days[first], days[last]) for first, last in runs)


def _share(whole: list[int], part: list[int]) -> float:
    return sum(part) / sum(whole) if sum(whole) else 0.0
