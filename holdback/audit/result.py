"""What an audit of the assignment found, as the results hold it.

Counts from 1 to 9 are absent and named in `below_10`; so is a count that would reveal
one of them by subtraction, without being named.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from holdback.analysis.comparison.small_groups import SMALLEST, hidden

__all__ = [
    "ArmVerdict",
    "Audit",
    "AuditedDay",
    "AuditedPeriod",
    "Cause",
    "Change",
    "ChangeKind",
    "Compared",
    "Noted",
    "Pair",
    "compared",
]

Key = TypeVar("Key", bound=Hashable)
ChangeKind = Literal[
    "constant", "salt", "column", "form", "shares", "gate", "scheme", "part", "random"
]
ArmVerdict = Literal["agrees", "explained", "unexplained", "changing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """Units compared, and how many of them were logged in the recomputed arm."""

    units: int | None = None
    agreeing: int | None = None
    disagreeing: int | None = None
    agreement: float | None = None
    below_10: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Units of one recomputed and one logged arm.

    Without a recomputed arm, `reason` says why the unit should have none.
    """

    planned: str | None
    logged: str
    reason: str = ""
    units: int | None = None
    below_10: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedDay:
    """Units first exposed on one day of the project's timezone."""

    day: str
    compared: Compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One way in which the arms that were logged came about differently."""

    kind: ChangeKind
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """The fewest changes of the plan under which a sample of the log agrees.

    `agreement` is that of `sampled` units; absent when fewer than 10 differ.
    """

    changes: tuple[Change, ...]
    sampled: int
    agreement: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditedPeriod:
    """Days of one rate of agreement, both ends included; no days without times.

    `agrees`: the plan explains the log. `explained`: `cause` does. `unexplained`: no
    variation that was tried does. `changing`: a change came during this one day.
    """

    verdict: ArmVerdict
    compared: Compared
    first: str | None = None
    last: str | None = None
    cause: Cause | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """Rows that are no exposure of the test, by reason; or units, as `what` says."""

    reason: str
    what: Literal["rows", "units"]
    count: int | None = None
    below_10: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """Recomputed against logged arms of one experiment.

    `agrees` says that no unit was logged in another arm than recomputed; `changes` are
    the days on which agreement changes. Of units that were logged in two arms (noted
    as ``crossover``) the first one is compared; without times, none is.
    """

    schema: str = field(default="holdback/audit/1")
    experiment: str
    plan_hash: str
    source: str
    scheme: str
    salt: str
    params: Mapping[str, str] | None = None
    agrees: bool
    compared: Compared
    pairs: tuple[Pair, ...]
    days: tuple[AuditedDay, ...] = ()
    changes: tuple[str, ...] = ()
    periods: tuple[AuditedPeriod, ...] = ()
    noted: tuple[Noted, ...] = ()


def compared(counts: Mapping[Key, tuple[int, int]]) -> dict[Key, Compared]:
    """What may be shown of (agreeing, disagreeing) units of cells that add up."""
    units = hidden({key: sum(pair) for key, pair in counts.items()})
    covered = set(units)
    for side in (0, 1):
        covered |= hidden({key: pair[side] for key, pair in counts.items()}, covered)
    return {
        key: _shown(*pair, with_units=key not in units, with_sides=key not in covered)
        for key, pair in counts.items()
    }


def _shown(
    agreeing: int, disagreeing: int, *, with_units: bool, with_sides: bool
) -> Compared:
    units = agreeing + disagreeing
    counts = {"units": units, "agreeing": agreeing, "disagreeing": disagreeing}
    return Compared(
        units=units if with_units else None,
        agreeing=agreeing if with_sides else None,
        disagreeing=disagreeing if with_sides else None,
        agreement=agreeing / units if with_sides and units else None,
        below_10=tuple(name for name, n in counts.items() if 0 < n < SMALLEST),
    )
