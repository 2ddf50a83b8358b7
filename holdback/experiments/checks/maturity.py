"""Whether the test is over and every unit has had its full time."""

from __future__ import annotations

from collections.abc import Iterable

from holdback.experiments.checks import kinds, percent, plural
from holdback.experiments.evidence import Evidence
from holdback.experiments.experiment import Experiment
from holdback.experiments.period import complete_on, is_final
from holdback.experiments.scorecard import Finding

__all__ = ["Maturity"]


@kinds.register("maturity")
class Maturity:
    """Tells units that are left out of a metric because their time has not passed."""

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding; none when the data have no time."""
        if evidence.as_of is None:
            return
        waiting = self._waiting(experiment, evidence)
        if experiment.analysis.looks == "always_valid":
            told = "Always-valid ranges may be read on any day."
            yield Finding(
                check="maturity", status="pass", message=f"{told} {waiting}".strip()
            )
            return
        if not is_final(experiment, evidence.as_of):
            yield Finding(
                check="maturity",
                status="warn",
                message=(
                    "The test is not over: it is complete on "
                    f"{complete_on(experiment)}, and the data end earlier. {waiting}"
                    "The result is read once, at the end; until then the figures are "
                    "a preview. If the data are complete and only quiet, say so with "
                    f"--as-of {complete_on(experiment)}."
                ),
            )
            return
        yield Finding(
            check="maturity",
            status="pass",
            message=f"The test is over. {waiting}".strip(),
        )

    @staticmethod
    def _waiting(experiment: Experiment, evidence: Evidence) -> str:
        horizons = evidence.cells.horizons
        if not horizons:
            return ""
        arms = [arm.name for arm in experiment.arms]
        block = next(iter(evidence.cells.blocks))
        total = evidence.cells.total(block, arms).n
        matured = evidence.cells.total(block, arms, within=horizons[-1]).n
        if total == matured:
            return "Every unit has had its full time. "
        return (
            f"{plural(total - matured, 'unit')} ({percent((total - matured) / total)}) "
            f"have not had their full {horizons[-1].days} days yet and are left out of "
            "the metrics that need them. "
        )
