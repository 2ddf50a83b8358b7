"""Whether events were logged just before the exposure that led to them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.analysis.comparison.plain_lift import lifts_read_otherwise
from holdback.data.evidence.cells import Evidence
from holdback.data.evidence.near_exposure import BEFORE_THAT, is_piled
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["ClockSkew"]

SUSPECTED_MINUTES = 5
MINUTE = timedelta(minutes=1)


@kinds.register("clock_skew")
class ClockSkew:
    """Events that pile up in the minutes before exposure: two clocks that run apart.

    They do not count, unless the source has a `tolerance`; the check says what counting
    them changes, or has changed.
    """

    order: ClassVar = 144

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """A finding a source where they pile up or are tolerated; none elsewhere."""
        quality = evidence.quality
        lifts = lifts_read_otherwise(
            experiment, evidence.cells, evidence.variants.get("tolerance")
        )
        primary = {m.source for m in experiment.metrics[experiment.primary].measures()}
        for source, rows in sorted(quality.skewed.items()):
            tolerance = experiment.sources[source].tolerance
            piled = is_piled(rows, quality.nearby.get(source, 0), BEFORE_THAT)
            if not rows or not (tolerance or piled):
                continue
            told = lifts if source in primary else {}
            yield Finding(
                check="clock_skew",
                status="pass" if tolerance else "warn",
                fact=fact(
                    "clock_skew.tolerated" if tolerance else "clock_skew.piled",
                    source=source,
                    rows=rows,
                    nearby=quality.nearby.get(source, 0),
                    minutes=tolerance / MINUTE if tolerance else SUSPECTED_MINUTES,
                    metric=experiment.primary,
                    lifts={arm: lift for arm, (lift, _) in told.items()},
                    otherwise={arm: other for arm, (_, other) in told.items()},
                ),
                shows_results=True,
            )
