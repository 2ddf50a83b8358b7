"""Whether the arms stayed apart until their outcomes were in."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import ClassVar
from zoneinfo import ZoneInfo

from holdback.analysis.checks.check import kinds
from holdback.analysis.comparison.plain_lift import lifts_read_otherwise
from holdback.data.evidence.cells import Evidence
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["Dissolved"]

MOST_OF_ARM, MOST_OF_ALL = 0.25, 0.05
"""Shares of an arm, or of all units, that may switch without spoiling the result."""


@kinds.register("dissolved")
class Dissolved:
    """Units that were seen in another arm before their outcome was in.

    A holdback that gets the treatment while outcomes still count hides the effect: the
    lift wanes though the treatment does not. Above a quarter of an arm, or 5 % of all
    units, the check fails; from 1 % of an arm on it warns, with the lift read up to
    when the switching began.
    """

    order: ClassVar = 31

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """One finding, where units switched after they had joined."""
        switches = evidence.quality.switches
        if switches is None or not switches.matter:
            return
        units = switches.units
        rates = {arm: n / evidence.assigned[arm] for arm, n in units.items()}
        lost = max(units, key=rates.__getitem__)
        share = sum(units.values()) / sum(evidence.assigned.values())
        fails = rates[lost] > MOST_OF_ARM or share > MOST_OF_ALL
        both = lifts_read_otherwise(
            experiment, evidence.cells, evidence.variants.get("before_switch")
        )
        lifts = {} if fails else both
        yield Finding(
            check="dissolved",
            status="fail" if fails else "warn",
            fact=fact(
                "dissolved.seen",
                arm=lost,
                units=units[lost],
                share=rates[lost],
                since=_day(experiment, switches.since).isoformat(),
                metric=experiment.primary,
                lifts={arm: lift for arm, (lift, _) in lifts.items()},
                before={arm: other for arm, (_, other) in lifts.items()},
                readable=bool(both),
            ),
            shows_results=bool(lifts),
        )


def _day(experiment: Experiment, moment: datetime) -> date:
    """The day of a moment in the project's timezone."""
    return moment.astimezone(ZoneInfo(experiment.timezone)).date()
