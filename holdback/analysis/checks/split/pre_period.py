"""Whether the arms were alike before the test."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import Fact, fact
from holdback.results.scorecard import Finding, Status
from holdback.stats.multiplicity.p_value_adjustment import holm
from holdback.stats.srm.balance import LEAST_EXPECTED_VALUES, balance

__all__ = ["PrePeriod"]

ArmsBefore = tuple[str, Fact, float | None]
"""Arm, measure from before exposure, and p-value (None: too few values)."""
PRE_PERIOD_FAIL_BELOW = 0.001
PRE_PERIOD_WARN_BELOW = 0.01


@kinds.register("pre_period")
class PrePeriod:
    """Compares every measure from before exposure between each arm and control.

    Of each source of events that is all that it holds from before, asked for or not:
    who has any, how many rows, how much; then covariates. Each measure against all
    random splits of the same units (`balance`), with Holm's correction over all of
    them: randomized arms differ before the test by chance only. It skips where
    covariates are asked for and none has values enough.
    """

    order: ClassVar = 90

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding; none without measures from before exposure."""
        asked = list(_covariates(experiment, evidence))
        known = asked + list(_former(experiment, evidence))
        compared = [(arm, what, p) for arm, what, p in known if p is not None]
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


def _covariates(experiment: Experiment, evidence: Evidence) -> Iterator[ArmsBefore]:
    """What was asked for: measures over the lookback, and attributes."""
    seen = set()
    for name, metric in experiment.metrics.items():
        for column in evidence.cells.blocks[name]:
            key = (column.role, column.measure or column.name)
            if column.role not in {"before", "attribute"} or key in seen:
                continue
            seen.add(key)
            measure = (
                fact("pre_period.metric", title=metric.title)
                if column.role == "before"
                else fact("pre_period.attribute", column=column.name)
            )
            yield from _compared(experiment, evidence, (name, column.name), measure)


def _former(experiment: Experiment, evidence: Evidence) -> Iterator[ArmsBefore]:
    """All that sources hold from before; nothing of those that begin later."""
    for former in experiment.companions_for("former"):
        if former.name not in evidence.cells.blocks:
            continue
        (column,) = evidence.cells.blocks[former.name]
        (collected,) = former.collected
        kind = "amount" if collected.aggregate == "sum" else collected.aggregate
        measure = fact("pre_period.former", source=collected.source, kind=kind)
        yield from _compared(experiment, evidence, (former.name, column.name), measure)


def _compared(
    experiment: Experiment, evidence: Evidence, column: tuple[str, str], measure: Fact
) -> Iterator[ArmsBefore]:
    """A column of a block, between control and each other arm."""
    block, name = column
    control = evidence.cells.total(block, {experiment.control.name}).select([name])
    for arm in experiment.treatments:
        treated = evidence.cells.total(block, {arm.name}).select([name])
        yield arm.name, measure, balance(control, treated)
