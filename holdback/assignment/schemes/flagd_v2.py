"""flagd (OpenFeature), fractional evaluation version 2.

``(murmur3_32(flagKey + targetingKey, seed 0) * total weight) >> 32``, compared with
cumulative weights; open-feature/flagd, core/pkg/evaluator/fractional.go.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import lcm

from holdback.assignment.layouts import in_order, one_each
from holdback.assignment.recipe import Draw, Planned, Recipe
from holdback.assignment.scheme import Scheme, key, kinds
from holdback.errors import AssignmentError, Problem

__all__ = ["FlagdV2"]


@kinds.register("flagd_v2")
@dataclass(frozen=True, slots=True, kw_only=True)
class FlagdV2(Scheme):
    """A `fractional` operation with flagd's default bucketing key.

    `flagKey` defaults to the salt; `weights` to whole numbers in the shares' ratio.
    """

    flag_key: str | None = key("flagKey")
    weights: tuple[int, ...] | None = None

    def recipe(self, planned: Planned) -> Recipe:
        """Cumulative weights, in the order of the arms.

        Raises AssignmentError for traffic below 100 %.
        """
        if planned.traffic != 1:
            raise AssignmentError(
                Problem(
                    what="flagd's fractional operation has no traffic",
                    fix="Give the variants all of the traffic.",
                )
            )
        scale = lcm(*(share.denominator for share in planned.shares))
        weights = self.weights or tuple(int(s * scale) for s in planned.shares)
        one_each(weights, planned)
        flag = planned.salt if self.flag_key is None else self.flag_key
        draw = Draw(hash="murmur3", before=flag, reduce="scale", buckets=sum(weights))
        return Recipe(draw, in_order(weights))

    def weaknesses(self) -> tuple[str, ...]:
        """Nothing stands between flag and key."""
        return (
            (
                "flagd joins flag key and targeting key with nothing between them, so "
                "flag 'a' with key 'b1' and flag 'ab' with key '1' share a bucket."
            ),
        )
