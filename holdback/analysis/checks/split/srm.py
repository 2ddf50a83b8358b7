"""Sample-ratio mismatch: whether the arms got the shares that were planned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.analysis.stretches import split_history
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.calendar import is_final
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.definition.split import planned_widths
from holdback.facts import Fact, fact
from holdback.results.scorecard import Finding, Status
from holdback.stats.srm.sample_ratio import sequential_detectable, sequential_srm, srm

__all__ = ["SampleRatioMismatch"]

SRM_FAIL_BELOW = 0.001
SRM_WARN_BELOW = 0.01
LEAST_PART = 100
NEARLY_EQUAL = 0.1
"""Part of equal shares by which those that nobody planned may miss them."""


@kinds.register("srm")
class SampleRatioMismatch:
    """Units per arm against the planned shares.

    Fails below p = .001 and warns below .01 (Fabijan et al. 2019, KDD, and the
    practice of the large platforms). The counts are taken before anything is left
    out for crossovers or maturity. Where the shares changed from day to day
    (`split_drift`), they are tested as a whole only; arms that never joined on the
    same day have no shares. Shares that were counted in the data (they are where
    equal ones do not fit) fit them whatever happened: that is no pass, and near equal
    ones are told, as hardly anybody plans 52 to 48.
    """

    order: ClassVar = 10

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding."""
        widths = planned_widths(experiment)
        arms = list(widths)
        counts = [evidence.assigned.get(arm, 0) for arm in arms]
        history = split_history(experiment, evidence.cells)
        changed = history is not None and history.changed
        periods = changed and history is not None and not history.meeting_days
        if sum(counts) == 0 or periods:
            return
        ratio = srm(counts, [widths[arm] for arm in arms])
        daily = None if changed else _running(experiment, evidence, widths)
        p_value = ratio.p_value if daily is None else daily
        seen = (
            ratio.detectable_share
            if daily is None
            else sequential_detectable(sum(counts), list(widths.values()))
        )
        units = dict(zip(arms, counts, strict=True))
        planned = {arm: width / sum(widths.values()) for arm, width in widths.items()}
        if p_value >= SRM_WARN_BELOW and experiment.assignment.counted_shares:
            yield _unplanned(units)
            return
        if p_value >= SRM_WARN_BELOW:
            outcome = fact(
                "srm.as_planned",
                units=units,
                planned=planned,
                detectable=_detectable(experiment, seen),
                sequential=daily is not None,
            )
        elif p_value >= SRM_FAIL_BELOW:
            outcome = fact(
                "srm.doubtful",
                units=units,
                planned=planned,
                where=_furthest(experiment, evidence, widths),
                detectable=_detectable(experiment, seen),
                sequential=daily is not None,
            )
        else:
            outcome = fact(
                "srm.mismatch",
                units=units,
                planned=planned,
                where=_furthest(experiment, evidence, widths),
            )
        yield Finding(
            check="srm", status=_status(p_value), p_value=p_value, fact=outcome
        )


def _unplanned(units: Mapping[str, int]) -> Finding:
    """What counted shares tell: nothing, unless equal ones were missed by little."""
    equal = sum(units.values()) / len(units)
    if all(abs(count / equal - 1) < NEARLY_EQUAL for count in units.values()):
        return Finding(
            check="srm", status="warn", fact=fact("srm.nearly_equal", units=units)
        )
    return Finding(check="srm", status="skip", fact=fact("srm.counted", units=units))


def _status(p_value: float) -> Status:
    if p_value < SRM_FAIL_BELOW:
        return "fail"
    return "warn" if p_value < SRM_WARN_BELOW else "pass"


def _detectable(experiment: Experiment, share: float | None) -> Fact | None:
    """How few of the units coming into control the test that was made would notice."""
    if share is None:
        return None
    return fact("srm.detectable", share=share, control=experiment.control.name)


def _running(
    experiment: Experiment, evidence: Evidence, widths: Mapping[str, int]
) -> float | None:
    """The p-value that holds at every look, while the test goes on; else None."""
    ended = experiment.analysis.looks != "always_valid" and is_final(
        experiment, evidence.as_of
    )
    days = evidence.cells.days()
    if ended or not days:
        return None
    block = next(iter(evidence.cells.blocks))
    by_day = [
        [evidence.cells.total(block, {arm}, day=day).n for arm in widths]
        for day in days
    ]
    return sequential_srm(by_day, list(widths.values()))


def _furthest(
    experiment: Experiment, evidence: Evidence, widths: Mapping[str, int]
) -> Fact | None:
    """The day or segment whose shares are furthest from plan, if any stands out."""
    parts = [
        (srm(counts, list(widths.values())).p_value, part, counts)
        for part, counts in _parts(experiment, evidence, widths)
        if sum(counts) >= LEAST_PART
    ]
    if not parts:
        return None
    p_value, part, counts = min(parts, key=lambda one: (one[0], " ".join(one[1])))
    if p_value * len(parts) >= SRM_WARN_BELOW:
        return fact("srm.nowhere_alone")
    return fact(
        "srm.furthest_off",
        part=part,
        share=counts[0] / sum(counts),
        control=experiment.control.name,
    )


def _parts(
    experiment: Experiment, evidence: Evidence, widths: Mapping[str, int]
) -> Iterator[tuple[tuple[str, ...], list[int]]]:
    """Units per arm of each day and of each level of each segment."""
    cells = evidence.cells
    block = next(iter(cells.blocks))
    for day in cells.days():
        counts = [cells.total(block, {arm}, day=day).n for arm in widths]
        yield (day.isoformat(),), counts
    for dimension in experiment.analysis.segments:
        for level in cells.levels(dimension):
            yield (
                (dimension, level),
                [
                    cells.total(block, {arm}, dimension=dimension, level=level).n
                    for arm in widths
                ],
            )
