"""GO Feature Flag: ``fnv1a32(flag + key) % 100000``, thousandths of a percent.

thomaspoignant/go-feature-flag, modules/core/flag/rule.go and utils/hash.go (UTF-8).
Variations are laid out by name, from Z to A, whatever their order in the file.
"""

from __future__ import annotations

from dataclasses import dataclass

from holdback.assignment.layouts import in_order, largest_remainder
from holdback.assignment.recipe import Draw, Planned, Recipe
from holdback.assignment.scheme import Scheme, kinds
from holdback.errors import AssignmentError, Problem

__all__ = ["GoFeatureFlag"]

FLAG_BUCKETS = 100_000


@kinds.register("gofeatureflag")
@dataclass(frozen=True, slots=True, kw_only=True)
class GoFeatureFlag(Scheme):
    """A percentage rollout; arms bear the names of the variations.

    `flag` is the flag's name and defaults to the salt.
    """

    flag: str | None = None

    def recipe(self, planned: Planned) -> Recipe:
        """Percentages of the variations, by name from Z to A.

        Raises AssignmentError for traffic below 100 %.
        """
        if planned.traffic != 1:
            raise AssignmentError(
                Problem(
                    what="GO Feature Flag has no traffic: its percentages make 100%",
                    fix="Give the variations all of the traffic.",
                )
            )
        widths = largest_remainder(planned.shares, FLAG_BUCKETS)
        order = sorted(
            range(len(planned.arms)), key=lambda i: planned.names[i], reverse=True
        )
        flag = planned.salt if self.flag is None else self.flag
        draw = Draw(hash="fnv1a", before=flag, buckets=FLAG_BUCKETS)
        return Recipe(draw, in_order([widths[i] for i in order], order))

    def weaknesses(self) -> tuple[str, ...]:
        """One FNV-1a, and no separator."""
        return (
            (
                "gofeatureflag takes FNV-1a modulo 100 000: buckets depend on each "
                "other between flags, detectably though slightly."
            ),
            (
                "gofeatureflag joins flag and key with nothing between, so flag 'a' "
                "with key 'b1' and flag 'ab' with key '1' share a bucket."
            ),
        )
