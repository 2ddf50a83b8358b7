"""Whether the arms answered surveys equally often."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.analysis.comparison.comparison import moments_of
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.language.measure import Companion
from holdback.facts import Fact, fact
from holdback.results.scorecard import Finding
from holdback.stats.causal.lee_bounds import ArmAnswers, bounds, range_of_bounds
from holdback.stats.variance_reduction.post_stratification import same_split

__all__ = ["ResponseRate"]

RESPONSE_WARN_BELOW = 0.01


@kinds.register("response_rate")
class ResponseRate:
    """Units that answered, by arm, for each survey; Pearson's chi-square.

    A score is that of the people who answered. Where a treatment changes who does, the
    arms' scores compare different people.
    """

    order: ClassVar = 150

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding a metric of answers."""
        for hidden in experiment.companions_for("answers"):
            metric = experiment.metrics[hidden.of]
            counts = []
            for arm in experiment.arms:
                moments = moments_of(evidence.cells, metric, {arm.name})
                answered = moments.nonzero[1]
                counts.append((answered, moments.n - answered))
            if min(sum(pair) for pair in counts) == 0:
                continue
            p_value = same_split(list(zip(*counts, strict=True)))
            shares = {
                arm.name: answered / (answered + silent)
                for arm, (answered, silent) in zip(experiment.arms, counts, strict=True)
            }
            differ = p_value < RESPONSE_WARN_BELOW
            yield Finding(
                check="response_rate",
                status="warn" if differ else "pass",
                p_value=p_value,
                shows_results=differ,
                fact=fact(
                    "response_rate.unequal",
                    metric=metric.name,
                    shares=shares,
                    bounds=tuple(_bounded(experiment, evidence, hidden)),
                )
                if differ
                else fact("response_rate.equal", metric=metric.name, shares=shares),
            )


def _bounded(
    experiment: Experiment, evidence: Evidence, hidden: Companion
) -> Iterable[Fact]:
    """What the difference may be for those who answer in either arm."""
    level = float(experiment.analysis.level)
    arms = (experiment.control, *experiment.treatments)
    control, *others = (_answers(evidence, hidden, arm.name) for arm in arms)
    share = experiment.metrics[hidden.of].scale == "share"
    for arm, treated in zip(arms[1:], others, strict=True):
        if not control.units.sum() or not treated.units.sum():
            continue
        low, high = bounds(control, treated)
        least, most = range_of_bounds(control, treated, level=level)
        yield fact(
            "response_rate.bounds_of_share" if share else "response_rate.bounds",
            arm=arm.name,
            bounds=(float(low), float(high)),
            reach=(float(least), float(most)),
        )


def _answers(evidence: Evidence, hidden: Companion, arm: str) -> ArmAnswers:
    """The arm's answers, of the units whose time to answer is over."""
    counts = evidence.cells.counts(hidden.name, {arm}, within=hidden.within)
    values, did = counts.values.T
    units = counts.units.astype(float)
    return ArmAnswers(
        values=values[did > 0], units=units[did > 0], asked=float(units.sum())
    )
