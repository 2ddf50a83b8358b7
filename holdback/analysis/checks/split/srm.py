"""Sample-ratio mismatch: whether the arms got the shares that were planned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from holdback.analysis.checks import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.calendar import is_final
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.definition.split import planned_widths
from holdback.facts import Fact, fact
from holdback.results.scorecard import Finding
from holdback.stats.srm.sample_ratio import sequential_srm, srm

__all__ = ["SampleRatioMismatch"]

FAIL_BELOW = 0.001
WARN_BELOW = 0.01
LEAST_PART = 100


@kinds.register("srm")
class SampleRatioMismatch:
    """Units per arm against the planned shares.

    Fails below p = .001 and warns below .01 (Fabijan et al. 2019, KDD, and the
    practice of the large platforms). The counts are taken before anything is left
    out for crossovers or maturity.
    """

    order: ClassVar = 10

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding."""
        widths = planned_widths(experiment)
        arms = list(widths)
        counts = [evidence.assigned.get(arm, 0) for arm in arms]
        total = sum(counts)
        if total == 0:
            return
        ratio = srm(counts, [widths[arm] for arm in arms])
        p_value = ratio.p_value
        daily = _running(experiment, evidence, widths)
        if daily is not None:
            p_value = daily
        units = dict(zip(arms, counts, strict=True))
        planned = {arm: width / sum(widths.values()) for arm, width in widths.items()}
        as_planned = p_value >= WARN_BELOW
        where = None if as_planned else _furthest(experiment, evidence, widths)
        if p_value < FAIL_BELOW:
            yield Finding(
                check="srm",
                status="fail",
                p_value=p_value,
                fact=fact("srm.mismatch", units=units, planned=planned, where=where),
            )
            return
        share = ratio.detectable_share
        detectable = None
        if share is not None:
            control = experiment.control.name
            detectable = fact("srm.detectable", share=share, control=control)
        yield Finding(
            check="srm",
            status="pass" if as_planned else "warn",
            p_value=p_value,
            fact=fact(
                "srm.as_planned" if as_planned else "srm.doubtful",
                units=units,
                planned=planned,
                where=where,
                detectable=detectable,
                sequential=daily is not None,
            ),
        )


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
    found = [
        (srm(counts, list(widths.values())).p_value, part, counts)
        for part, counts in _parts(experiment, evidence, widths)
        if sum(counts) >= LEAST_PART
    ]
    if not found:
        return None
    p_value, part, counts = min(found, key=lambda one: (one[0], " ".join(one[1])))
    if p_value * len(found) >= WARN_BELOW:
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
