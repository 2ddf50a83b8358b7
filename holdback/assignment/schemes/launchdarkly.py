"""LaunchDarkly: 60 bits of ``sha1("<flag>.<salt>.<key>")`` or ``sha1("<seed>.<key>")``.

launchdarkly/python-server-sdk, ldclient/impl/evaluator_common.py: the fraction is
compared by ``<`` with cumulative weights of 100 000; who passes all gets the last one.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate

from holdback.assignment.layouts import largest_remainder, position_of, up_to
from holdback.assignment.recipe import Planned, Recipe, fraction, sha1_draw
from holdback.assignment.scheme import Scheme, kinds
from holdback.errors import AssignmentError, Problem

__all__ = ["LaunchDarkly", "Variation"]

TOTAL = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """An arm's weight of 100 000; `untracked` units are outside the experiment."""

    variation: str
    weight: int
    untracked: bool = False


@kinds.register("launchdarkly")
@dataclass(frozen=True, slots=True, kw_only=True)
class LaunchDarkly(Scheme):
    """A percentage rollout or an experiment on a flag.

    `flag_key` defaults to the experiment's salt and needs the flag's own `salt`; a
    rollout with a `seed` needs neither. `variations` default to the shares, in order.
    """

    flag_key: str | None = None
    salt: str | None = None
    seed: int | None = None
    variations: tuple[Variation, ...] = ()

    def recipe(self, planned: Planned) -> Recipe:
        """Cumulative weights, in the order of the rollout's variations.

        Raises AssignmentError for traffic below 100 % without variations, or where the
        salt or seed is missing.
        """
        draw = sha1_draw(self._prefix(planned), buckets=TOTAL)
        parts = self.variations or self._planned_variations(planned)
        sums = accumulate((part.weight / TOTAL for part in parts), initial=0.0)
        spans = list(up_to(list(sums)[1:], draw.size, fraction))
        start, _, last = spans[-1]
        spans[-1] = (start, draw.size, last)
        ranges = tuple(
            (start, end, position_of(parts[i].variation, planned))
            for start, end, i in spans
            if not parts[i].untracked
        )
        return Recipe(draw, ranges)

    def _prefix(self, planned: Planned) -> str:
        if self.seed is not None:
            return f"{self.seed}."
        if self.salt is None:
            raise AssignmentError(
                Problem(
                    what="LaunchDarkly needs the flag's `salt` or the rollout's `seed`",
                    why="The fraction hashes flag key and salt, or the seed.",
                    fix="Add `params: {salt: …}` from the flag's JSON.",
                )
            )
        flag = planned.salt if self.flag_key is None else self.flag_key
        return f"{flag}.{self.salt}."

    def _planned_variations(self, planned: Planned) -> tuple[Variation, ...]:
        if planned.traffic != 1:
            raise AssignmentError(
                Problem(
                    what="a traffic below 100% needs `variations`",
                    why="Which weights are untracked is written in the flag's JSON.",
                    fix="Copy rollout.variations, with the arms as variation.",
                )
            )
        weights = largest_remainder(planned.shares, TOTAL)
        return tuple(
            Variation(variation=name, weight=weight)
            for name, weight in zip(planned.names, weights, strict=True)
        )
