"""Whether the treatment reached its units, and only them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.analysis.compliance import shares_reached
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["Dilution"]

ALMOST_ALL = 0.95
SOME = 0.01


@kinds.register("dilution")
class Dilution:
    """Share of units reached by the treatment, where the file says how to see it.

    All units are compared as they were assigned: to leave out those not reached would
    compare people who differ. Units that were not reached dilute the lift, and control
    units that were reached hide it.
    """

    order: ClassVar = 60

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding a treatment arm."""
        name = experiment.analysis.reached
        if name is None:
            return
        for arm in experiment.treatments:
            shares = shares_reached(
                experiment,
                evidence.cells,
                experiment.metrics[name],
                frozenset({arm.name}),
            )
            if shares is None:
                continue
            (control, treated), _ = shares
            diluted = control > SOME or treated < ALMOST_ALL
            yield Finding(
                check="dilution",
                status="warn" if diluted else "pass",
                fact=fact(
                    "dilution.control_reached"
                    if control > SOME
                    else "dilution.partly_reached"
                    if diluted
                    else "dilution.all_reached",
                    arm=arm.name,
                    control=experiment.control.name,
                    reached=treated,
                    control_reached=control,
                ),
            )
