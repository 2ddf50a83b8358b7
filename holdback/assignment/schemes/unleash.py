"""Unleash: MurmurHash3 of ``groupId:id``, seeds 0 (rollout) and 86028157 (variants).

Unleash client specification and yggdrasil: the number is the hash modulo 100 (rollout)
or modulo the total weight (variants), plus 1, and the first cumulative share that
reaches it wins. Here numbers count from 0. The second seed came with node-sdk 533:
before it, a rollout of 10 % left a tenth of the variants' buckets.
"""

from __future__ import annotations

from dataclasses import dataclass

from holdback.assignment.layouts import (
    in_order,
    largest_remainder,
    one_each,
    whole_percents,
)
from holdback.assignment.recipe import Draw, Gate, Planned, Recipe
from holdback.assignment.scheme import Scheme, key, kinds

__all__ = ["Unleash"]

VARIANT_SEED = 86028157
TOTAL_WEIGHT = 1000


@kinds.register("unleash")
@dataclass(frozen=True, slots=True, kw_only=True)
class Unleash(Scheme):
    """A flexible rollout with variants. `groupId` defaults to the salt.

    `feature` is the feature's name where the variants are the feature's own and not
    the strategy's: they are then drawn by it. `rollout` is in percent and defaults to
    the traffic; `weights` (whole numbers) default to the shares of 1000.
    """

    group_id: str | None = key("groupId")
    feature: str | None = None
    rollout: int | None = None
    weights: tuple[int, ...] | None = None

    def recipe(self, planned: Planned) -> Recipe:
        """The rollout's hundredths, then the variants' weights."""
        group = planned.salt if self.group_id is None else self.group_id
        weights = self.weights or largest_remainder(planned.shares, TOTAL_WEIGHT)
        one_each(weights, planned)
        draw = Draw(
            hash="murmur3",
            seed=VARIANT_SEED,
            before=f"{self.feature or group}:",
            buckets=sum(weights),
        )
        return Recipe(draw, in_order(weights), self._gates(group, planned))

    def _gates(self, group: str, planned: Planned) -> tuple[Gate, ...]:
        rollout = self.rollout
        if rollout is None:
            (rollout,) = whole_percents([planned.traffic], "the traffic")
        if rollout == 100:
            return ()
        draw = Draw(hash="murmur3", before=f"{group}:", buckets=100)
        return (Gate(draw, ((0, rollout),), "outside_traffic"),)
