"""Split (Harness FME): MurmurHash3 of the key alone; the flag's seed parts the flags.

splitio/python-client, splitio/engine/splitters.py and evaluator.py: the bucket is
``abs(hash) % 100 + 1`` and the first cumulative partition that reaches it wins; a
traffic allocation below 100 draws by its own seed and lets in what is ``<=`` it.
Buckets count from 0 here. Algorithm 1 is the older hash of Java's strings.
"""

from __future__ import annotations

from dataclasses import dataclass

from holdback.assignment.layouts import in_order, whole_percents
from holdback.assignment.recipe import Draw, Gate, Planned, Recipe
from holdback.assignment.scheme import Scheme, key, kinds
from holdback.errors import AssignmentError, Problem

__all__ = ["SplitSoftware"]


@kinds.register("split")
@dataclass(frozen=True, slots=True, kw_only=True)
class SplitSoftware(Scheme):
    """A feature flag of Split; shares are its partitions, in order.

    `seed`, `algo` (2 murmur3, 1 legacy), `trafficAllocation` (percent, by default the
    traffic) and `trafficAllocationSeed` stand in the flag's definition.
    """

    seed: int
    algo: int = 2
    traffic_allocation: int | None = key("trafficAllocation")
    traffic_allocation_seed: int | None = key("trafficAllocationSeed")

    def recipe(self, planned: Planned) -> Recipe:
        """Traffic allocation, then partitions of whole percents.

        Raises AssignmentError for an algorithm that is none, or traffic below 100 %
        without a seed of its own.
        """
        if self.algo not in {1, 2}:
            raise AssignmentError(
                Problem(
                    what=f"there is no algo {self.algo}", fix="Write 2, or 1 (legacy)."
                )
            )
        widths = whole_percents(planned.shares, "an arm's share")
        gates = self._gates(planned)
        return Recipe(self._draw(self.seed), in_order(widths), gates)

    def weaknesses(self) -> tuple[str, ...]:
        """Hundred buckets, and a hash of Java's strings in algorithm 1."""
        if self.algo == 1:
            return (
                (
                    "split's algorithm 1 hashes as Java's strings do: ids in sequence "
                    "fall into buckets in sequence, under every seed."
                ),
            )
        return ()

    def _draw(self, seed: int) -> Draw:
        return Draw(
            hash="java" if self.algo == 1 else "murmur3", seed=seed, buckets=100
        )

    def _gates(self, planned: Planned) -> tuple[Gate, ...]:
        percent = self.traffic_allocation
        if percent is None:
            (percent,) = whole_percents([planned.traffic], "the traffic")
        if percent == 100:
            return ()
        if self.traffic_allocation_seed is None:
            raise AssignmentError(
                Problem(
                    what="a traffic below 100% needs `trafficAllocationSeed`",
                    fix="Copy it from the flag's definition into params.",
                )
            )
        draw = self._draw(self.traffic_allocation_seed)
        return (Gate(draw, ((0, percent),), "outside_traffic"),)
