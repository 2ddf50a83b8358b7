"""Units set aside before an experiment: global holdouts, and ranges of layers.

Both draw with the house's own hash under their own salt, whatever the scheme of the
experiment's arms, so that one holdout holds across experiments of several systems.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from holdback.assignment.recipe import Gate
from holdback.assignment.schemes.holdback import BUCKETS, draw
from holdback.errors import AssignmentError, Problem

__all__ = ["Holdout", "LayerRange", "edge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holdout:
    """A share of all units that no experiment which names it may touch."""

    name: str
    share: Fraction
    salt: str

    def gate(self) -> Gate:
        """Lets through who is not held out: buckets from the holdout's share on."""
        width = edge(self.share)
        if not 0 < self.share < 1 or not 0 < width < BUCKETS:
            raise AssignmentError(
                Problem(
                    what=f"the share of holdout '{self.name}' is "
                    f"{float(self.share):.6g}",
                    fix="Write a share from 0.01% to 99.99%.",
                )
            )
        return Gate(draw(self.salt, "holdout"), ((width, BUCKETS),), "holdout")


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerRange:
    """A part [start, end) of a layer; experiments on other parts exclude this one."""

    name: str
    salt: str
    start: Fraction
    end: Fraction

    def gate(self) -> Gate:
        """Lets through the layer's buckets from start to end."""
        span = (edge(self.start), edge(self.end))
        if not 0 <= self.start < self.end <= 1 or span[0] == span[1]:
            raise AssignmentError(
                Problem(
                    what=f"the range of layer '{self.name}' goes from "
                    f"{float(self.start):.6g} to {float(self.end):.6g}",
                    fix="Write [from, to] with 0% <= from < to <= 100%.",
                )
            )
        return Gate(draw(self.salt, "layer"), (span,), "outside_layer")


def edge(share: Fraction) -> int:
    """The bucket at which a share ends, half a bucket rounded up.

    >>> edge(Fraction(1, 3))
    3333
    """
    return int(share * BUCKETS + Fraction(1, 2))
