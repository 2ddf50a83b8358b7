"""Whether the arms were alike before the test."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from statistics import NormalDist
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import Fact, fact
from holdback.results.scorecard import Finding, Status
from holdback.stats.evidence.moments import Moments
from holdback.stats.multiplicity.p_value_adjustment import holm

__all__ = ["PrePeriod"]

PRE_PERIOD_FAIL_BELOW = 0.001
PRE_PERIOD_WARN_BELOW = 0.01


@kinds.register("pre_period")
class PrePeriod:
    """Compares every measure from before exposure between each arm and control.

    A two-sample z test per measure (means, unpooled variances), with Holm's
    correction over all of them. Randomized arms differ before the test by chance
    only.
    """

    order: ClassVar = 90

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding; none without measures from before exposure."""
        compared = list(_comparisons(experiment, evidence))
        if not compared:
            return
        adjusted = holm([p for _, _, p in compared])
        (arm, measure, _), p_value = min(
            zip(compared, adjusted, strict=True), key=lambda item: item[1]
        )
        alike = p_value >= PRE_PERIOD_WARN_BELOW
        yield Finding(
            check="pre_period",
            status=_status(p_value),
            p_value=p_value,
            fact=fact("pre_period.alike", comparisons=len(compared))
            if alike
            else fact(
                "pre_period.differed",
                arm=arm,
                control=experiment.control.name,
                measure=measure,
                comparisons=len(compared),
            ),
        )


def _status(p_value: float) -> Status:
    if p_value < PRE_PERIOD_FAIL_BELOW:
        return "fail"
    return "warn" if p_value < PRE_PERIOD_WARN_BELOW else "pass"


def _comparisons(
    experiment: Experiment, evidence: Evidence
) -> Iterable[tuple[str, Fact, float]]:
    """Arm, measure from before exposure, and p-value of each comparison."""
    seen = set()
    for name, metric in experiment.metrics.items():
        for column in evidence.cells.blocks[name]:
            key = (column.role, column.measure or column.name)
            if column.role not in {"before", "attribute"} or key in seen:
                continue
            seen.add(key)
            control = evidence.cells.total(name, {experiment.control.name})
            for arm in experiment.treatments:
                treated = evidence.cells.total(name, {arm.name})
                p_value = _p_value(
                    control.select([column.name]), treated.select([column.name])
                )
                if p_value is not None:
                    measure = (
                        fact("pre_period.metric", title=metric.title)
                        if column.role == "before"
                        else fact("pre_period.attribute", column=column.name)
                    )
                    yield arm.name, measure, p_value


def _p_value(control: Moments, treated: Moments) -> float | None:
    if min(control.n, treated.n) < 2:
        return None
    variance = control.cov[0, 0] / control.n + treated.cov[0, 0] / treated.n
    if variance <= 0:
        return None
    z = (treated.mean[0] - control.mean[0]) / sqrt(variance)
    return 2 * NormalDist().cdf(-abs(z))
