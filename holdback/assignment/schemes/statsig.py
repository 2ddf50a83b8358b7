"""Statsig: the first 8 bytes of a SHA-256, big-endian.

statsig-io/python-sdk, statsig/evaluator.py: a rule's pass percentage hashes
``<config salt>.<rule salt>.<id>`` modulo 10000; experiments and layers place units by
the condition USER_BUCKET, ``<salt>.<id>`` modulo 1000.
"""

from __future__ import annotations

from dataclasses import dataclass

from holdback.assignment.layouts import cumulative, opened
from holdback.assignment.recipe import Draw, Gate, Planned, Recipe
from holdback.assignment.scheme import Scheme, kinds
from holdback.errors import AssignmentError, Problem

__all__ = ["Statsig"]

PASS_BUCKETS = 10_000
USER_BUCKETS = 1_000


@kinds.register("statsig")
@dataclass(frozen=True, slots=True, kw_only=True)
class Statsig(Scheme):
    """A gate with a pass percentage (`rule_salt` given), or an experiment.

    `config_salt` defaults to the salt. Of a gate the first arm is the one that
    passes. `allocation_salt` is the layer's: units of `allocation` (buckets out of
    1000; default: the first of the traffic's share) take part.
    """

    config_salt: str | None = None
    rule_salt: str | None = None
    allocation_salt: str | None = None
    allocation: tuple[int, ...] = ()

    def recipe(self, planned: Planned) -> Recipe:
        """The allocation's user buckets, then the rule or the groups.

        Raises AssignmentError for traffic below 100 % without a salt of its own.
        """
        salt = planned.salt if self.config_salt is None else self.config_salt
        gates = self._gates(planned)
        if self.rule_salt is not None:
            draw = _draw(f"{salt}.{self.rule_salt}.", PASS_BUCKETS)
            return Recipe(draw, cumulative(planned.shares, PASS_BUCKETS), gates)
        draw = _draw(f"{salt}.", USER_BUCKETS)
        return Recipe(draw, cumulative(planned.shares, USER_BUCKETS), gates)

    def _gates(self, planned: Planned) -> tuple[Gate, ...]:
        if self.allocation_salt is None:
            if planned.traffic == 1:
                return ()
            raise AssignmentError(
                Problem(
                    what="a traffic below 100% needs `allocation_salt`",
                    why="Statsig allocates units by a hash of its own.",
                    fix="Add `params: {allocation_salt: SALT}` of the layer.",
                )
            )
        spans = tuple((bucket, bucket + 1) for bucket in self.allocation)
        draw = _draw(f"{self.allocation_salt}.", USER_BUCKETS)
        ranges = spans or opened(planned.traffic, USER_BUCKETS)
        return (Gate(draw, ranges, "outside_traffic"),)


def _draw(before: str, buckets: int) -> Draw:
    return Draw(hash="sha256", digits=16, before=before, buckets=buckets)
