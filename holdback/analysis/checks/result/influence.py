"""Whether one unit carries the result."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.kinds.metric import Metric
from holdback.facts import fact
from holdback.results.scorecard import Finding
from holdback.stats.evidence.delta_method import without_largest

__all__ = ["Influence"]

INFLUENCE_WARN_ABOVE = 0.05


@kinds.register("influence")
class Influence:
    """The largest unit's share of each arm's sum, and the lift without it.

    The amount itself and the unit are never told: the share is enough to judge and
    gives nobody away.
    """

    order: ClassVar = 170

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding a sum metric of amounts; none when there is none.

        Nor where units are compared within stretches of days: a unit weighs there by
        its stretch.
        """
        if evidence.cells.stretches:
            return
        for name, _ in experiment.roles():
            metric = experiment.metrics[name]
            if metric.is_mean:
                yield from self._of(experiment, evidence, metric)

    @staticmethod
    def _of(
        experiment: Experiment, evidence: Evidence, metric: Metric
    ) -> Iterable[Finding]:
        column = evidence.cells.blocks[metric.name][0].name
        arms = {
            arm.name: evidence.cells.total(
                metric.name, {arm.name}, within=metric.within
            ).select([column])
            for arm in experiment.arms
        }
        if any(m.sums[0] <= 0 or m.n < 2 for m in arms.values()):
            return
        shares = {name: m.largest[0] / m.sums[0] for name, m in arms.items()}
        arm, share = max(shares.items(), key=lambda item: item[1])
        if share <= INFLUENCE_WARN_ABOVE:
            nobody = fact("influence.none", metric=metric.name, share=_coarse(share))
            yield Finding(check="influence", status="pass", fact=nobody)
            return
        control = experiment.control.name
        other = experiment.treatments[0].name if arm == control else arm
        means = {name: m.mean[0] for name, m in arms.items()}
        lift = means[other] / means[control] - 1
        means[arm] = without_largest(arms[arm], column).mean[0]
        if means[control] <= 0:
            return
        left = means[other] / means[control] - 1
        yield Finding(
            check="influence",
            status="warn",
            shows_results=True,
            fact=fact(
                "influence.one_unit",
                metric=metric.name,
                arm=arm,
                share=_coarse(share),
                other=other,
                control=control,
                lift=_coarse(lift),
                lift_without=_coarse(left),
            ),
        )


def _coarse(number: float) -> float:
    """Three significant digits: finer ones would give the unit's amount away."""
    return float(f"{number:.3g}")
