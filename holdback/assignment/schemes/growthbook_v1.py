"""GrowthBook, hash version 1: ``fnv1a32(id + seed) % 1000 / 1000``.

growthbook-python (SDK 4.0.0), function `gbhash`; FNV-1a runs over UTF-16 code units
there. It is the default of experiments without `hashVersion`.
"""

from __future__ import annotations

from dataclasses import dataclass

from holdback.assignment.recipe import Draw
from holdback.assignment.scheme import kinds
from holdback.assignment.schemes.growthbook import GrowthBook, v1_draw

__all__ = ["GrowthBookV1"]


@kinds.register("growthbook_v1")
@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthBookV1(GrowthBook):
    """GrowthBook with `hashVersion: 1`."""

    def draw(self, seed: str) -> Draw:
        """Id and seed, with nothing between them."""
        return v1_draw(seed)

    def weaknesses(self) -> tuple[str, ...]:
        """Correlated buckets: GrowthBook's pull request 959 made version 2 for it."""
        return (
            (
                "growthbook_v1 ties experiments together: with keys such as exp_1 and "
                "exp_2 a unit's buckets are correlated (about 0.05), so an experiment "
                "that part of another's units see has a skewed split; hashVersion 2 "
                "does not."
            ),
            (
                "growthbook_v1 joins id and seed with nothing between them, so "
                "'user1' + '23' and 'user12' + '3' share a bucket."
            ),
        )
