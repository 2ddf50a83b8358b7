"""Whether attention decides in place of what it is meant to bring."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.resolve.sources_and_metrics import counts_attention
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["Vanity"]


@kinds.register("vanity")
class Vanity:
    """A warning where the primary is clicks, views or opens; else nothing."""

    order: ClassVar = 210

    def examine(
        self,
        experiment: Experiment,
        evidence: Evidence,  # noqa: ARG002  # the plan alone tells
    ) -> Iterable[Finding]:
        """One finding at most."""
        if not counts_attention(experiment):
            return
        attention = fact("vanity.attention_decides", metric=experiment.primary)
        yield Finding(check="vanity", status="warn", fact=attention)
