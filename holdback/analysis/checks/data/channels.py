"""Whether the treatment's channels, as the plan names them, occur in the touches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.analysis.comparison.small_groups import SMALLEST
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.language.quantities import nearest
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["Channels"]


@kinds.register("channels")
class Channels:
    """A warning for each channel of `attribution` that met nobody, or next to nobody.

    Those that met fewer than 10 units are counted with the other channels.
    """

    order: ClassVar = 220

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding a channel."""
        asked = experiment.attribution
        if asked is None or not evidence.paths:
            return
        touched: Counter[str] = Counter()
        for arm in experiment.treatments:
            for path in evidence.paths.get(arm.name, ()):
                for channel in set(path.channels):
                    touched[channel] += path.units
        for channel in asked.channels or ():
            if touched[channel] >= SMALLEST:
                continue
            met = (
                fact("channels.few", channel=channel, least=SMALLEST)
                if channel in touched
                else fact(
                    "channels.none", channel=channel, nearest=nearest(channel, touched)
                )
            )
            yield Finding(check="channels", status="warn", fact=met)
