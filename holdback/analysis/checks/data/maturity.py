"""Whether the test is over and every unit has had its full time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks import kinds, percent, plural
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.calendar import complete_on, is_final
from holdback.experiments.definition.experiment import Experiment
from holdback.results.scorecard import Finding
from holdback.wording import say

__all__ = ["Maturity"]


@kinds.register("maturity")
class Maturity:
    """Tells units that are left out of a metric because their time has not passed."""

    order: ClassVar = 100

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding; none when the data have no time."""
        if evidence.as_of is None:
            return
        waiting = self._waiting(experiment, evidence)
        if experiment.analysis.looks == "always_valid":
            told = say("checks.maturity.always_valid_ranges_may")
            yield Finding(
                check="maturity", status="pass", message=f"{told} {waiting}".strip()
            )
            return
        if not is_final(experiment, evidence.as_of):
            yield Finding(
                check="maturity",
                status="warn",
                message=(
                    say(
                        "checks.maturity.the_test_is_not",
                        experiment=complete_on(experiment),
                        waiting=waiting,
                    )
                ),
            )
            return
        yield Finding(
            check="maturity",
            status="pass",
            message=say("checks.maturity.the_test_is_over", waiting=waiting).strip(),
        )

    @staticmethod
    def _waiting(experiment: Experiment, evidence: Evidence) -> str:
        told = (m.within for m in experiment.metrics.values() if not m.hidden)
        longest = max((within for within in told if within is not None), default=None)
        if longest is None:
            return ""
        arms = [arm.name for arm in experiment.arms]
        block = next(iter(evidence.cells.blocks))
        total = evidence.cells.total(block, arms).n
        matured = evidence.cells.total(block, arms, within=longest).n
        if total == matured:
            return say("checks.maturity.every_unit_has_had")
        return say(
            "checks.maturity.have_not_had_their",
            plural=plural(total - matured, "unit"),
            percent=percent((total - matured) / total),
            days=longest.days,
        )
