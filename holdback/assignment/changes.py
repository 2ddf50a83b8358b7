"""What a changed split would do to the units that already have an arm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from holdback.assignment.split import Split

__all__ = ["Changes", "changes"]

UNITS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """Shares of invented units; `causes` say what was changed, a phrase each.

    Of the units that had an arm, `switched` have another one now and `dropped` have
    none; of those that had none, `joined` have one.
    """

    switched: float
    dropped: float
    joined: float
    units: int
    causes: tuple[str, ...]

    @property
    def moves_nobody(self) -> bool:
        """Whether everybody who had an arm still has it."""
        return not self.switched and not self.dropped


def changes(before: Split, after: Split, *, units: int = UNITS) -> Changes:
    """What becomes of `units` invented ids under two splits.

    Ids are ``unit-0``, ``unit-1``, …, so the answer is always the same. A share s has
    the standard error ``sqrt(s (1 - s) / units)``, at most 0.35 percentage points; a
    raised traffic under separate hashes gives exactly 0.

    >>> from dataclasses import replace
    >>> from fractions import Fraction
    >>> arms = (("a", Fraction(1, 2)), ("b", Fraction(1, 2)))
    >>> fifth = Split("checkout", arms, traffic=Fraction(1, 5))
    >>> changes(fifth, replace(fifth, traffic=Fraction(1))).moves_nobody
    True
    """
    had = switched = dropped = joined = 0
    for number in range(units):
        unit = f"unit-{number}"
        old, new = before.assign(unit).arm, after.assign(unit).arm
        had += old is not None
        switched += old is not None and new is not None and old != new
        dropped += old is not None and new is None
        joined += old is None and new is not None
    return Changes(
        switched=switched / had if had else 0.0,
        dropped=dropped / had if had else 0.0,
        joined=joined / (units - had) if units > had else 0.0,
        units=units,
        causes=tuple(_causes(before, after)),
    )


def _causes(before: Split, after: Split) -> Iterator[str]:
    if before.scheme != after.scheme:
        yield f"scheme {before.scheme.kind} became {after.scheme.kind}, or its params"
    if before.phase != after.phase:
        yield f"phase {before.phase} became {after.phase}, which draws all arms anew"
    if before.salt != after.salt:
        yield f"salt '{before.salt}' became '{after.salt}'"
    if before.names != after.names:
        yield f"arms {', '.join(before.names)} became {', '.join(after.names)}"
    elif before.arms != after.arms:
        yield "the shares of the arms changed"
    if before.traffic != after.traffic:
        word = "rose" if after.traffic > before.traffic else "fell"
        yield f"the traffic {word}"
    for what in ("holdout", "layer", "overrides"):
        if getattr(before, what) != getattr(after, what):
            yield f"the {what} changed"
