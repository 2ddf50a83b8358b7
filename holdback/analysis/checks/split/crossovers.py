"""Units seen in two arms, and whether leaving them out would favour an arm."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import Fact, fact
from holdback.results.scorecard import Finding
from holdback.stats.srm.sample_ratio import srm

__all__ = ["Crossovers"]

CROSSOVERS_FAIL_ABOVE = 0.05
UNEVEN_BELOW = 0.001


@kinds.register("crossovers")
class Crossovers:
    """Counts units that were exposed to more than one arm.

    A few come from logging in on a second device. Above 5 % the arms are no longer
    separate, and the check fails.

    It fails as well where they are left out and come from the arms at different rates:
    a unit drawn anew leaves a small arm far more often than a large one, and it is the
    frequent visitors that are drawn again, so the smaller arm loses its best customers.
    The exact (or chi-square) test that the crossed units have the arms' shares, at
    p = .001. Without times the first arm is not known, and nothing can be tested.
    """

    order: ClassVar = 30

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding."""
        by_arm = evidence.quality.crossovers
        crossed = sum(by_arm.values())
        if crossed == 0:
            nobody = fact("crossovers.none", arms=len(experiment.arms))
            yield Finding(check="crossovers", status="pass", fact=nobody)
            return
        share = crossed / sum(evidence.assigned.values())
        bias = _bias(experiment, evidence)
        uneven = bias is not None and bias.code == "crossovers.uneven"
        fails = uneven or share > CROSSOVERS_FAIL_ABOVE
        yield Finding(
            check="crossovers",
            status="fail" if fails else "warn",
            fact=fact(
                "crossovers.seen",
                units=crossed,
                share=share,
                by_arm=dict(sorted(by_arm.items())),
                treated=experiment.assignment.crossovers,
                bias=bias,
            ),
        )


def _bias(experiment: Experiment, evidence: Evidence) -> Fact | None:
    """Why it matters to leave crossed units out; None where nothing says so."""
    if experiment.assignment.crossovers != "exclude":
        return None
    source = experiment.sources[experiment.assignment.source]
    if source.columns.time is None:
        return fact("crossovers.unordered")
    units = {arm: n for arm, n in evidence.assigned.items() if n}
    crossed = {arm: evidence.quality.crossovers.get(arm, 0) for arm in units}
    if len(units) < 2:
        return None
    if srm(list(crossed.values()), list(units.values())).p_value >= UNEVEN_BELOW:
        return None
    return fact(
        "crossovers.uneven", rates={arm: crossed[arm] / n for arm, n in units.items()}
    )
