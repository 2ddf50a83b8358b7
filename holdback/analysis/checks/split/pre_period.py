"""Whether the arms were alike before the test."""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt
from statistics import NormalDist
from typing import ClassVar

from holdback.analysis.checks import kinds, plural
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.results.scorecard import Finding, Status
from holdback.stats.evidence.moments import Moments
from holdback.stats.multiplicity.p_value_adjustment import holm
from holdback.wording import say

__all__ = ["PrePeriod"]

FAIL_BELOW = 0.001
WARN_BELOW = 0.01


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
        (arm, label, _), p_value = min(
            zip(compared, adjusted, strict=True), key=lambda item: item[1]
        )
        tests = plural(len(compared), "comparison")
        alike = say("checks.pre_period.the_arms_were_alike", tests=tests)
        differed = say(
            "checks.pre_period.the_arms_differed_before",
            label=label,
            arm=experiment.called(arm),
            name=experiment.control.title,
            tests=tests,
        )
        yield Finding(
            check="pre_period",
            status=_status(p_value),
            p_value=p_value,
            message=alike if p_value >= WARN_BELOW else differed,
        )


def _status(p_value: float) -> Status:
    if p_value < FAIL_BELOW:
        return "fail"
    return "warn" if p_value < WARN_BELOW else "pass"


def _comparisons(
    experiment: Experiment, evidence: Evidence
) -> Iterable[tuple[str, str, float]]:
    seen = set()
    for name, block in evidence.cells.blocks.items():
        metric = experiment.metrics[name]
        for column in block:
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
                    label = (
                        say("checks.pre_period.comparisons", title=metric.title)
                        if column.role == "before"
                        else column.name
                    )
                    yield arm.name, label, p_value


def _p_value(control: Moments, treated: Moments) -> float | None:
    if min(control.n, treated.n) < 2:
        return None
    variance = control.cov[0, 0] / control.n + treated.cov[0, 0] / treated.n
    if variance <= 0:
        return None
    z = (treated.mean[0] - control.mean[0]) / sqrt(variance)
    return 2 * NormalDist().cdf(-abs(z))
