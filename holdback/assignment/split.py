"""Split: which arm a unit id belongs to, from a hash and nothing else.

The standard library is enough here, so that a web shop may import this module alone.
Order of the decision: unusable id → override → traffic → arm. Traffic and arm are
drawn by separate hashes: raising the traffic brings new units in and moves nobody.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import accumulate
from typing import TYPE_CHECKING, Any, Literal

from holdback.assignment.ids import unit_text
from holdback.assignment.schemes.holdback import BUCKETS, bucket, check_salt
from holdback.assignment.widths import largest_remainder
from holdback.errors import AssignmentError, Problem

if TYPE_CHECKING:
    from holdback.assignment.columns import Assignments
    from holdback.assignment.sql import SqlColumns

__all__ = ["REASONS", "Assigned", "Reason", "Split"]

Reason = Literal["assigned", "override", "outside_traffic", "invalid_id"]
REASONS: tuple[Reason, ...] = ("assigned", "override", "outside_traffic", "invalid_id")


@dataclass(frozen=True, slots=True)
class Assigned:
    """What became of one unit: its arm, the bucket of the arm's hash, and why.

    `arm` is None without an arm. `bucket` is the one drawn for the arm, also where
    an override or the traffic decided; it is None for an unusable id only.
    """

    arm: str | None
    bucket: int | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class Split:
    """Planned shares as ranges of 10 000 buckets, and the salt that draws them.

    `arms` are (name, share) in order, with shares that sum to 1; `overrides` are
    unit id → arm. `phase` above 1 salts the hash with ``<salt>.phase<k>``, so that
    changed shares start with a fresh draw (`hashed_salt`). A unit takes part when its
    bucket of the traffic lies below `traffic_buckets`. Raises AssignmentError when
    the parts do not fit together.

    >>> half = Fraction(1, 2)
    >>> Split("checkout", (("holdback", half), ("personalized", half))).assign("u-1")
    Assigned(arm='personalized', bucket=5351, reason='assigned')
    """

    salt: str
    arms: tuple[tuple[str, Fraction], ...]
    traffic: Fraction = Fraction(1)
    phase: int = 1
    overrides: Mapping[str, str] = field(default_factory=dict)
    traffic_buckets: int = field(init=False, repr=False, compare=False)
    hashed_salt: str = field(init=False, repr=False, compare=False)
    _ends: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        problems = list(_problems(self))
        if problems:
            raise AssignmentError(problems)
        check_salt(self.salt)
        widths = largest_remainder([share for _, share in self.arms], BUCKETS)
        for (name, _), width in zip(self.arms, widths, strict=True):
            if not width:
                raise AssignmentError(_too_small(f"the share of arm '{name}'"))
        opened = int(self.traffic * BUCKETS + Fraction(1, 2))
        if self.traffic and not opened:
            raise AssignmentError(_too_small("the traffic"))
        salt = self.salt if self.phase == 1 else f"{self.salt}.phase{self.phase}"
        object.__setattr__(self, "traffic_buckets", opened)
        object.__setattr__(self, "hashed_salt", salt)
        object.__setattr__(self, "_ends", tuple(accumulate(widths)))

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the arms, in order."""
        return tuple(name for name, _ in self.arms)

    @property
    def widths(self) -> dict[str, int]:
        """Buckets of each arm; they sum to 10 000 and are the true shares."""
        starts = (0, *self._ends)
        widths = (end - start for start, end in zip(starts, self._ends, strict=False))
        return dict(zip(self.names, widths, strict=True))

    def arm_of(self, bucket_number: int) -> str:
        """Name of the arm whose range holds a bucket."""
        return self.arms[bisect_right(self._ends, bucket_number)][0]

    def assign(self, unit_id: object) -> Assigned:
        """Arm of one unit id (text, or a whole number)."""
        unit = unit_text(unit_id)
        if unit is None:
            return Assigned(None, None, "invalid_id")
        salt = self.hashed_salt
        drawn = bucket(salt, "arm", unit)
        if unit in self.overrides:
            return Assigned(self.overrides[unit], drawn, "override")
        open_buckets = self.traffic_buckets
        if open_buckets < BUCKETS and bucket(salt, "traffic", unit) >= open_buckets:
            return Assigned(None, drawn, "outside_traffic")
        return Assigned(self.arm_of(drawn), drawn, "assigned")

    def assign_many(self, ids: Any) -> Assignments:
        """Arms of many ids: a sequence, an array or a column of a frame."""
        from holdback.assignment.columns import assigned

        return assigned(self, ids)

    def sql(self, unit_sql: str, dialect: str) -> SqlColumns:
        """The same assignment as SQL text; `unit_sql` is text or a whole number."""
        from holdback.assignment.sql import sql_columns

        return sql_columns(self, unit_sql, dialect)


def _problems(split: Split) -> Iterator[Problem]:
    names = split.names
    if not names or len(set(names)) < len(names) or not all(map(_is_plain, names)):
        yield Problem(
            what=f"the arms ({', '.join(map(repr, names))}) cannot be told apart",
            fix="Give each arm a name of its own.",
        )
    shares = [share for _, share in split.arms]
    if names and (min(shares) <= 0 or sum(shares) != 1):
        yield Problem(
            what=f"the shares sum to {float(sum(shares)):.6g}, or one is not above 0",
            fix="Write shares above 0 that sum to 100%; a third is written 1/3.",
        )
    if not 0 <= split.traffic <= 1:
        yield Problem(
            what=f"the traffic is {float(split.traffic):.6g}",
            fix="Write a share from 0% to 100%.",
        )
    if split.phase < 1:
        yield Problem(what=f"the phase is {split.phase}", fix="Count phases from 1.")
    for unit, arm in split.overrides.items():
        if not _is_plain(unit) or unit_text(unit) is None or arm not in names:
            yield Problem(
                what=f"the override {unit!r}: {arm!r} names no usable id or no arm",
                fix=f"Use an id as text and one of the arms {', '.join(names)}.",
            )


def _is_plain(text: object) -> bool:
    """Whether a text can stand in a SQL literal of every database."""
    return isinstance(text, str) and bool(text) and "\0" not in text


def _too_small(what: str) -> Problem:
    return Problem(
        what=f"{what} is smaller than one of {BUCKETS} buckets",
        fix="Use at least 0.01%.",
    )
