"""Whether the clocks of two logs are of different timezones."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.data.evidence.near_exposure import hours_early
from holdback.experiments.definition.experiment import Experiment
from holdback.facts import fact
from holdback.results.scorecard import Finding

__all__ = ["Timezones"]

ENOUGH_HOURS = 200
APART, MUCH_BETTER, LEAST_SHIFT = 0.15, 0.5, 2


@kinds.register("timezones")
class Timezones:
    """Times without an offset that fit the exposures far better some hours later.

    Seen in two ways: rows begin whole hours before their exposures, or their hours of
    the day are those of the exposures but for a shift.
    """

    order: ClassVar = 143

    def examine(self, experiment: Experiment, evidence: Evidence) -> Iterable[Finding]:
        """A warning a source; a pass where exposures and events could be compared."""
        own = experiment.assignment.source
        hours = {reach.source: reach.hours for reach in evidence.reaches}
        for source in sorted(hours.keys() - {own}):
            if not (hours[source] and hours.get(own)):
                continue
            quarters = evidence.quality.quarters.get(source)
            before = evidence.quality.day_before.get(source, 0)
            early = None if quarters is None else hours_early(quarters, before)
            if early is not None:
                yield Finding(
                    check="timezones",
                    status="warn",
                    fact=fact("timezones.early", source=source, hours=early, own=own),
                )
            elif (shift := _shift(hours[own], hours[source])) is not None:
                yield Finding(
                    check="timezones",
                    status="warn",
                    fact=fact("timezones.shifted", source=source, hours=shift, own=own),
                )
            else:
                yield Finding(
                    check="timezones",
                    status="pass",
                    fact=fact("timezones.alike", source=source, own=own),
                )


def _shift(exposures: Sequence[int], events: Sequence[int]) -> int | None:
    """By how many hours events lie behind where they fit the exposures best.

    Measured by the total variation between the two days, as shares. None where they
    are alike as they are, or no shift makes much difference.
    """
    if min(sum(exposures), sum(events)) < ENOUGH_HOURS:
        return None
    distances = {
        shift: _distance([exposures[(h - shift) % 24] for h in range(24)], events)
        for shift in range(-11, 13)
    }
    best = min(distances, key=lambda shift: (distances[shift], abs(shift)))
    here, there = distances[0], distances[best]
    if here < APART or there > MUCH_BETTER * here or abs(best) < LEAST_SHIFT:
        return None
    return best


def _distance(one: Sequence[int], other: Sequence[int]) -> float:
    total, all_ = sum(one), sum(other)
    apart = (abs(a / total - b / all_) for a, b in zip(one, other, strict=True))
    return sum(apart) / 2
