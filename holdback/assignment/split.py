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
from typing import Any

from holdback.assignment.batch import Assignments, assigned
from holdback.assignment.recipe import Assigned, Draw, Gate, Planned, Recipe
from holdback.assignment.scheme import Scheme
from holdback.assignment.schemes.holdback import BUCKETS, Holdback, draw
from holdback.assignment.sql import SqlColumns, sql_columns
from holdback.assignment.unit_ids import unit_text
from holdback.errors import AssignmentError, Problem

__all__ = [
    "HoldoutShare",
    "LayerRange",
    "Split",
    "edge",
]


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
    holdout: HoldoutShare | None = None
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
        return assigned(self, ids)

    def sql(
        self, unit_sql: str, dialect: str, *, eligible: str | None = None
    ) -> SqlColumns:
        """The same assignment as SQL text; `unit_sql` is text or a whole number.

        `eligible` is a condition in the same dialect, never null.
        """
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


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldoutShare:
    """A share of all units that no experiment which names it may touch."""

    name: str
    share: Fraction
    salt: str

    def gate(self) -> Gate:
        """Lets through who is not held out: buckets from the holdout's share on.

        Raises AssignmentError for a share that is no number of buckets.
        """
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
        """Lets through the layer's buckets from start to end.

        Raises AssignmentError for a range that is none.
        """
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
