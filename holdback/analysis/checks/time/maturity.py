"""Whether the test is over and every unit has had its full time."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.calendar import complete_on, is_final
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import Fact, fact
from holdback.results.scorecard import Finding

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
        end = complete_on(experiment)
        if experiment.analysis.looks == "always_valid":
            any_day = fact("maturity.always_valid", waiting=waiting)
            yield Finding(check="maturity", status="pass", fact=any_day)
        elif end is not None and not is_final(experiment, evidence.as_of):
            stopped = any(reach.ended for reach in evidence.reaches)
            looks = experiment.analysis.looks
            running = fact(
                "maturity.stopped" if stopped else "maturity.running",
                complete_on=end.isoformat(),
                waiting=waiting,
                looks=looks if isinstance(looks, str) else "planned",
            )
            yield Finding(check="maturity", status="warn", fact=running)
        else:
            over = fact("maturity.over", waiting=waiting)
            yield Finding(check="maturity", status="pass", fact=over)

    @staticmethod
    def _waiting(experiment: Experiment, evidence: Evidence) -> Fact | None:
        cells = evidence.cells.pooled
        arms = [arm.name for arm in experiment.arms]
        timed = {
            name: (cells.total(name, arms, within=metric.within).n, metric.within)
            for name, metric in experiment.metrics.items()
            if not metric.hidden and metric.within is not None and name in cells.blocks
        }
        if not timed:
            return None
        matured, within = min(timed.values(), key=lambda m: (m[0], -m[1]))
        total = cells.total(next(iter(cells.blocks)), arms).n
        if total == matured:
            return fact("maturity.nobody_waits")
        return fact(
            "maturity.units_wait",
            units=total - matured,
            share=(total - matured) / total,
            days=within.days,
        )
