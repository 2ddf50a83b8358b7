"""Sample-ratio mismatch: whether the arms got the shares that were planned."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from holdback.analysis.checks import kinds, percent
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.calendar import is_final
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.definition.split import planned_widths
from holdback.results.scorecard import Finding
from holdback.stats.srm.sample_ratio import sequential_srm, srm
from holdback.wording import say

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
        seen = ", ".join(
            say(
                "checks.srm.planned",
                arm=experiment.called(arm),
                count=f"{count:,}",
                percent=percent(count / total),
                percent_2=percent(widths[arm] / sum(widths.values())),
            )
            for arm, count in zip(arms, counts, strict=True)
        )
        where = "" if p_value >= WARN_BELOW else _furthest(experiment, evidence, widths)
        if p_value < FAIL_BELOW:
            yield Finding(
                check="srm",
                status="fail",
                p_value=p_value,
                message=(say("checks.srm.the_arms_do_not", seen=seen, where=where)),
            )
            return
        doubtful = p_value < WARN_BELOW
        smallest = (
            say(
                "checks.srm.had_only_of_the",
                detectable_share=percent(ratio.detectable_share),
                name=experiment.control.title,
            )
            if ratio.detectable_share is not None
            else ""
        )
        yield Finding(
            check="srm",
            status="warn" if doubtful else "pass",
            p_value=p_value,
            message=(
                (
                    say("checks.srm.the_shares_are_further")
                    if doubtful
                    else say("checks.srm.the_arms_have_the")
                )
                + f": {seen}.{where}{smallest}"
                + (say("checks.srm.read_daily") if daily is not None else "")
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
) -> str:
    """The day or segment whose shares are furthest from plan, if any stands out."""
    found = [
        (srm(counts, list(widths.values())).p_value, name, counts)
        for name, counts in _parts(experiment, evidence, widths)
        if sum(counts) >= LEAST_PART
    ]
    if not found:
        return ""
    p_value, name, counts = min(found)
    if p_value * len(found) >= WARN_BELOW:
        return say("checks.srm.no_single_day_or")
    share = percent(counts[0] / sum(counts))
    return say(
        "checks.srm.furthest_off_with_in",
        name=name,
        share=share,
        name_2=experiment.control.title,
    )


def _parts(
    experiment: Experiment, evidence: Evidence, widths: Mapping[str, int]
) -> Iterator[tuple[str, list[int]]]:
    """Units per arm of each day and of each level of each segment."""
    cells = evidence.cells
    block = next(iter(cells.blocks))
    for day in cells.days():
        counts = [cells.total(block, {arm}, day=day).n for arm in widths]
        yield day.isoformat(), counts
    for dimension in experiment.analysis.segments:
        for level in cells.levels(dimension):
            yield (
                f"{dimension} {level}",
                [
                    cells.total(block, {arm}, dimension=dimension, level=level).n
                    for arm in widths
                ],
            )
