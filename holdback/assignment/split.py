"""Split: which arm a unit id belongs to, from a hash and nothing else.

The standard library is enough here, so that a web shop may import this module alone.
Order of the decision: unusable id → override → global holdout → eligibility → layer →
traffic → arm. Each is drawn by a hash of its own: raising the traffic brings new units
in and moves nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, get_args

from holdback.assignment.ids import unit_text
from holdback.assignment.recipe import Draw, Gate, Planned, Reason, Recipe
from holdback.assignment.reserved import Holdout, LayerRange
from holdback.assignment.schemes import Scheme
from holdback.assignment.schemes.holdback import Holdback
from holdback.errors import AssignmentError, Problem

if TYPE_CHECKING:
    from holdback.assignment.columns import Assignments
    from holdback.assignment.sql import SqlColumns

__all__ = ["REASONS", "Assigned", "Reason", "Split"]

REASONS: tuple[Reason, ...] = get_args(Reason)


@dataclass(frozen=True, slots=True)
class Assigned:
    """What became of one unit: its arm, the bucket of the arm's hash, and why.

    `arm` is None without an arm. `bucket` is the one drawn for the arm, also where
    something earlier decided; it is None for an unusable id only.
    """

    arm: str | None
    bucket: int | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class Split:
    """Planned shares as ranges of buckets, and the salt that draws them.

    `arms` are (name, share) in order, with shares that sum to 1; `overrides` are
    unit id → arm. `phase` above 1 salts the hash with ``<salt>.phase<k>``, so that
    changed shares start with a fresh draw (`hashed_salt`). `scheme` says how ids are
    hashed; `holdout` and `layer` set units aside before it. Raises AssignmentError
    when the parts do not fit together.

    >>> half = Fraction(1, 2)
    >>> Split("checkout", (("holdback", half), ("personalized", half))).assign("u-1")
    Assigned(arm='personalized', bucket=5351, reason='assigned')
    """

    salt: str
    arms: tuple[tuple[str, Fraction], ...]
    traffic: Fraction = Fraction(1)
    phase: int = 1
    overrides: Mapping[str, str] = field(default_factory=dict)
    scheme: Scheme = field(default_factory=Holdback)
    holdout: Holdout | None = None
    layer: LayerRange | None = None
    recipe: Recipe = field(init=False, repr=False, compare=False)
    early: tuple[Gate, ...] = field(init=False, repr=False, compare=False)
    late: tuple[Gate, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        problems = list(_problems(self))
        if problems:
            raise AssignmentError(problems)
        planned = Planned(self.hashed_salt, self.arms, self.traffic)
        recipe = self.scheme.recipe(planned)
        for name, width in zip(self.names, recipe.widths(len(self.arms)), strict=True):
            if not width:
                raise AssignmentError(
                    Problem(
                        what=f"arm '{name}' has no bucket under this scheme",
                        fix="Give it a greater share.",
                    )
                )
        early = () if self.holdout is None else (self.holdout.gate(),)
        layer = () if self.layer is None else (self.layer.gate(),)
        object.__setattr__(self, "recipe", recipe)
        object.__setattr__(self, "early", early)
        object.__setattr__(self, "late", (*layer, *recipe.gates))

    @property
    def hashed_salt(self) -> str:
        """The salt of this phase."""
        return self.salt if self.phase == 1 else f"{self.salt}.phase{self.phase}"

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the arms, in order."""
        return tuple(name for name, _ in self.arms)

    @property
    def draws(self) -> tuple[Draw, ...]:
        """Every hash that decides, in order; the arm's is the last."""
        return (*(gate.draw for gate in (*self.early, *self.late)), self.recipe.draw)

    @property
    def widths(self) -> dict[str, int]:
        """How many of the arm's buckets each arm has: the true shares."""
        widths = self.recipe.widths(len(self.arms))
        return dict(zip(self.names, widths, strict=True))

    def arm_of(self, number: int) -> str | None:
        """Name of the arm whose range holds a number of the arm's draw."""
        position = self.recipe.position(number)
        return None if position is None else self.arms[position][0]

    def assign(self, unit_id: object, *, eligible: bool = True) -> Assigned:
        """Arm of one unit id (text, or a whole number).

        A unit that is not `eligible` for the experiment, by its attributes, has no arm.
        """
        unit = unit_text(unit_id)
        if unit is None:
            return Assigned(None, None, "invalid_id")
        draw = self.recipe.draw
        number = draw.number(unit)
        bucket = draw.shown(number)
        if unit in self.overrides:
            return Assigned(self.overrides[unit], bucket, "override")
        for gate in self.early:
            if not gate.passes(unit):
                return Assigned(None, bucket, gate.reason)
        if not eligible:
            return Assigned(None, bucket, "not_eligible")
        for gate in self.late:
            if not gate.passes(unit):
                return Assigned(None, bucket, gate.reason)
        arm = self.arm_of(number)
        return Assigned(arm, bucket, "outside_traffic" if arm is None else "assigned")

    def assign_many(self, ids: Any) -> Assignments:
        """Arms of many ids: a sequence, an array or a column of a frame."""
        from holdback.assignment.columns import assigned

        return assigned(self, ids)

    def sql(
        self, unit_sql: str, dialect: str, *, eligible: str | None = None
    ) -> SqlColumns:
        """The same assignment as SQL text; `unit_sql` is text or a whole number.

        `eligible` is a condition in the same dialect, never null.
        """
        from holdback.assignment.sql import sql_columns

        return sql_columns(self, unit_sql, dialect, eligible=eligible)


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
