"""Sample-ratio mismatch: whether the arms got the shares that were planned."""

from __future__ import annotations

from collections.abc import Iterable
from math import lcm

from holdback.experiments.checks import kinds, percent
from holdback.experiments.evidence import Evidence
from holdback.experiments.experiment import Experiment
from holdback.experiments.scorecard import Finding
from holdback.experiments.splits import split_of
from holdback.stats.srm import srm

__all__ = ["SampleRatioMismatch", "planned_widths"]

FAIL_BELOW = 0.001
WARN_BELOW = 0.01


@kinds.register("srm")
class SampleRatioMismatch:
    """Units per arm against the planned shares.

    Fails below p = .001 and warns below .01 (Fabijan et al. 2019, KDD, and the
    practice of the large platforms). The counts are taken before anything is left
    out for crossovers or maturity.
    """

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding."""
        widths = planned_widths(experiment)
        arms = list(widths)
        counts = [evidence.assigned.get(arm, 0) for arm in arms]
        total = sum(counts)
        if total == 0:
            return
        ratio = srm(counts, [widths[arm] for arm in arms])
        seen = ", ".join(
            f"{arm} {count:,} ({percent(count / total)}, planned "
            f"{percent(widths[arm] / sum(widths.values()))})"
            for arm, count in zip(arms, counts, strict=True)
        )
        if ratio.p_value < FAIL_BELOW:
            yield Finding(
                check="srm",
                status="fail",
                p_value=ratio.p_value,
                message=(
                    f"The arms do not have the planned shares: {seen}. Chance alone "
                    "does this less than once in 1,000 tests, so units were lost or "
                    "moved, and no lift from these data can be believed. Look for "
                    "lost log entries, redirects, bots or a changed split."
                ),
            )
            return
        doubtful = ratio.p_value < WARN_BELOW
        smallest = (
            f" Had only {percent(ratio.detectable_share)} of the units come into "
            f"{experiment.control.name}, this check would most likely have noticed."
            if ratio.detectable_share is not None
            else ""
        )
        yield Finding(
            check="srm",
            status="warn" if doubtful else "pass",
            p_value=ratio.p_value,
            message=(
                (
                    "The shares are further from plan than usual"
                    if doubtful
                    else "The arms have the planned shares"
                )
                + f": {seen}.{smallest}"
            ),
        )


def planned_widths(experiment: Experiment) -> dict[str, int]:
    """Integer widths of the arms, control first, in proportion to their shares.

    Where the arms are computed here they are the true bucket widths; logged arms
    come from elsewhere, so the written shares are taken exactly.
    """
    ordered = (experiment.control, *experiment.treatments)
    source = experiment.sources[experiment.assignment.source]
    if source.columns.arm is None:
        widths = split_of(experiment).widths
        return {arm.name: widths[arm.name] for arm in ordered}
    scale = lcm(*(arm.share.denominator for arm in ordered))
    return {arm.name: int(arm.share * scale) for arm in ordered}
