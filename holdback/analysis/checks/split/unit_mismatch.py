"""Whether the units analyzed are the units that were split, and found in the data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar

from holdback.analysis.checks import kinds, percent, plural
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.definition.split import planned_widths
from holdback.results.scorecard import Finding
from holdback.wording import say

__all__ = ["UnitMismatch"]

FEW_ROWS = 100
FEW_MATCHES = 0.01
MANY_CROSSED = 0.05


@kinds.register("unit_mismatch")
class UnitMismatch:
    """Compares ids between sources, and crossing with a fresh draw at each exposure.

    A source of which nearly no row belongs to a unit of the experiment may have ids of
    another kind, or the experiment is small: that is a warning. Units that cross arms
    about as often as if each exposure had been drawn anew were split by something
    smaller, such as a session: with shares p, a second exposure drawn anew lands
    elsewhere with probability 1 − Σ p². Half of that per later exposure is alike, if
    more units cross than logging in elsewhere explains (5 %).
    """

    order: ClassVar = 40

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding, where there is anything to compare."""
        strangers = list(_strangers(experiment, evidence))
        redrawn = _redrawn(experiment, evidence)
        told = [
            say(
                "checks.unit_mismatch.nothing_belongs",
                source=source,
                rows=f"{rows:,}",
            )
            if share == 0
            else say(
                "checks.unit_mismatch.little_belongs",
                share=percent(share),
                source=source,
                rows=f"{rows:,}",
            )
            for source, share, rows in strangers
        ]
        if redrawn:
            told.append(redrawn)
        if told:
            yield Finding(
                check="unit_mismatch",
                status="fail" if redrawn else "warn",
                message=" ".join(told),
            )
        elif evidence.quality.unassigned or evidence.quality.repeated_exposures:
            yield Finding(
                check="unit_mismatch",
                status="pass",
                message=say("checks.unit_mismatch.the_ids_of_the"),
            )


def _strangers(
    experiment: Experiment, evidence: Evidence
) -> Iterator[tuple[str, float, int]]:
    """Sources with few matching rows: name, share that matches, rows."""
    rows = {one.source: one.rows for one in evidence.inputs}
    for source, unknown in sorted(evidence.quality.unassigned.items()):
        if source == experiment.assignment.source or rows.get(source, 0) < FEW_ROWS:
            continue
        share = 1 - unknown / rows[source]
        if share < FEW_MATCHES:
            yield source, max(share, 0.0), rows[source]


def _redrawn(experiment: Experiment, evidence: Evidence) -> str:
    """What is said when arms look as if they were drawn at each exposure."""
    crossed = sum(evidence.quality.crossovers.values())
    later = evidence.quality.repeated_exposures
    widths = planned_widths(experiment).values()
    elsewhere = 1 - sum((width / sum(widths)) ** 2 for width in widths)
    units = sum(evidence.assigned.values())
    few = not later or crossed <= MANY_CROSSED * units
    if few or crossed < later * elsewhere / 2:
        return ""
    return say(
        "checks.unit_mismatch.redrawn",
        crossed=plural(crossed, "unit"),
        later=f"{later:,}",
    )
