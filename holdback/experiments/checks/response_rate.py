"""Whether the arms answered surveys equally often."""

from __future__ import annotations

from collections.abc import Iterable

from holdback.experiments.checks import kinds, percent
from holdback.experiments.comparison import moments_of
from holdback.experiments.evidence import Evidence
from holdback.experiments.experiment import Experiment
from holdback.experiments.scorecard import Finding
from holdback.stats.strata import same_split
from holdback.wording import say

__all__ = ["ResponseRate"]

WARN_BELOW = 0.01


@kinds.register("response_rate")
class ResponseRate:
    """Units that answered, by arm, for each survey; Pearson's chi-square.

    A score is that of the people who answered. Where a treatment changes who does, the
    arms' scores compare different people.
    """

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding a metric of answers."""
        for metric in experiment.metrics.values():
            if metric.kind not in {"nps", "csat"}:
                continue
            counts = []
            for arm in experiment.arms:
                moments = moments_of(evidence.cells, metric, {arm.name})
                answered = moments.nonzero[1]
                counts.append((answered, moments.n - answered))
            if min(sum(pair) for pair in counts) == 0:
                continue
            p_value = same_split(list(zip(*counts, strict=True)))
            told = ", ".join(
                f"{arm.title} {percent(answered / (answered + silent))}"
                for arm, (answered, silent) in zip(experiment.arms, counts, strict=True)
            )
            differ = p_value < WARN_BELOW
            yield Finding(
                check="response_rate",
                status="warn" if differ else "pass",
                p_value=p_value,
                message=say(
                    "checks.response_rate.was_answered_by",
                    title=metric.title,
                    told=told,
                )
                + (
                    say("checks.response_rate.the_arms_answered_unequally")
                    if differ
                    else ""
                ),
            )
