"""Whether the arms were alike before the test."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import Fact, fact
from holdback.results.scorecard import Finding, Status
from holdback.stats.multiplicity.p_value_adjustment import holm
from holdback.stats.srm.balance import LEAST_EXPECTED_VALUES, balance

__all__ = ["PrePeriod"]

PRE_PERIOD_FAIL_BELOW = 0.001
PRE_PERIOD_WARN_BELOW = 0.01


@kinds.register("pre_period")
class PrePeriod:
    """Compares every measure from before exposure between each arm and control.

    Each measure against all random splits of the same units (`balance`), with Holm's
    correction over all of them: randomized arms differ before the test by chance only.
    It skips where no measure has values enough.
    """

    order: ClassVar = 90

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding; none without measures from before exposure."""
        asked = list(_comparisons(experiment, evidence))
        compared = [(arm, what, p) for arm, what, p in asked if p is not None]
        if not compared:
            if asked:
                few = fact("pre_period.few_values", least=LEAST_EXPECTED_VALUES)
                yield Finding(check="pre_period", status="skip", fact=few)
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
) -> Iterable[tuple[str, Fact, float | None]]:
    """Arm, measure from before exposure, and p-value (None: too few values)."""
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
                p_value = balance(
                    control.select([column.name]), treated.select([column.name])
                )
                measure = (
                    fact("pre_period.metric", title=metric.title)
                    if column.role == "before"
                    else fact("pre_period.attribute", column=column.name)
                )
                yield arm.name, measure, p_value
