"""Whether the result is too good, or too bad, to be true."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.analysis.comparison.comparison import Comparison
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["Twyman"]

USUAL = 0.30
"""Width of the weak prior: lifts beyond it are rare in published programs."""


@kinds.register("twyman")
class Twyman:
    """Any figure that looks interesting is usually wrong (Twyman's law).

    Warns where the whole range of the primary's lift lies beyond ±30 %, as errors of
    logging make far more often than any treatment does.
    """

    order: ClassVar = 200

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding per arm that is out of the usual; one pass otherwise."""
        metric = experiment.metrics[experiment.primary]
        odd = seen = False
        for arm in experiment.treatments:
            effect = (
                Comparison.of(
                    experiment,
                    evidence.cells,
                    metric,
                    frozenset({arm.name}),
                )
                .plain(float(experiment.analysis.level))
                .relative
            )
            if effect is None:
                continue
            seen = True
            low, high = effect.interval.lower, effect.interval.upper
            if (low is not None and low > USUAL) or (
                high is not None and high < -USUAL
            ):
                odd = True
                beyond = fact(
                    "twyman.beyond_usual",
                    metric=metric.name,
                    arm=arm.name,
                    lift=effect.value,
                )
                yield Finding(
                    check="twyman", status="warn", fact=beyond, shows_results=True
                )
        if not odd:
            yield Finding(
                check="twyman",
                status="pass" if seen else "skip",
                fact=fact("twyman.usual" if seen else "twyman.no_lift"),
                shows_results=True,
            )
