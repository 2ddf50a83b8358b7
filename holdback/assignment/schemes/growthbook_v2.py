"""GrowthBook, hash version 2: FNV-1a of seed and id, and once more of its text.

``fnv1a32(str(fnv1a32(seed + id))) % 10000 / 10000``; growthbook-python (SDK 4.0.0),
function `gbhash`, over UTF-16 code units.
"""

from __future__ import annotations

from dataclasses import dataclass

from holdback.assignment.recipe import Draw
from holdback.assignment.scheme import kinds
from holdback.assignment.schemes.growthbook import GrowthBook, v2_draw

__all__ = ["GrowthBookV2"]


@kinds.register("growthbook_v2")
@dataclass(frozen=True, slots=True, kw_only=True)
class GrowthBookV2(GrowthBook):
    """GrowthBook with `hashVersion: 2`."""

    def draw(self, seed: str) -> Draw:
        """Seed and id, hashed twice."""
        return v2_draw(seed)

    def weaknesses(self) -> tuple[str, ...]:
        """Only namespaces are weak: they are always drawn by version 1."""
        if self.namespace is None:
            return ()
        return (
            (
                "GrowthBook draws namespaces by hash version 1, whose buckets are "
                "correlated between similar names; `filters` are not."
            ),
        )
