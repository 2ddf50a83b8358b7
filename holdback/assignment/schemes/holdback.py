"""The default scheme: 52 bits of a SHA-256 over ``<salt>:<purpose>:<id>``.

`h` is the first 13 hexadecimal digits of the digest and the bucket is `h % 10000`.
13 digits are 52 bits: exact in JavaScript's doubles and in the signed 64-bit integers
of SQL, with a modulo bias below 1e-11. A salt holds no colon, so no two pairs of salt
and id share a key; each purpose draws its own bucket, so whether a unit is in the
traffic says nothing about its arm.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from holdback.assignment.layouts import cumulative, opened
from holdback.assignment.recipe import Draw, Gate, Planned, Recipe
from holdback.assignment.scheme import Scheme, kinds
from holdback.errors import AssignmentError, Problem

__all__ = ["BUCKETS", "Holdback", "Purpose", "bucket", "check_salt", "draw"]

BUCKETS = 10_000
Purpose = Literal["holdout", "layer", "traffic", "arm"]

_SALT = re.compile(r"[A-Za-z0-9_.-]+")


@kinds.register("holdback")
@dataclass(frozen=True, slots=True, kw_only=True)
class Holdback(Scheme):
    """The house's own hash; `md5` in place of `sha256` where a system needs it.

    `purpose` ``holdout`` draws the arms as the global holdout of that salt is drawn:
    the first arm is the holdout itself, which a long-run experiment measures.
    """

    hash: Literal["sha256", "md5"] = "sha256"
    purpose: Literal["arm", "holdout"] = "arm"

    def recipe(self, planned: Planned) -> Recipe:
        """Traffic and arm by separate purposes, arms in the order of the file.

        Raises AssignmentError for a salt with a colon.
        """
        check_salt(planned.salt)
        gates: tuple[Gate, ...] = ()
        if planned.traffic != 1:
            traffic = draw(planned.salt, "traffic", self.hash)
            gates = (
                Gate(traffic, opened(planned.traffic, BUCKETS), "outside_traffic"),
            )
        return Recipe(
            draw(planned.salt, self.purpose, self.hash),
            cumulative(planned.shares, BUCKETS),
            gates,
        )


def draw(
    salt: str, purpose: Purpose, name: Literal["sha256", "md5"] = "sha256"
) -> Draw:
    """The draw of a salt for one purpose.

    Raises AssignmentError for a salt with a colon.
    """
    check_salt(salt)
    return Draw(hash=name, digits=13, before=f"{salt}:{purpose}:", buckets=BUCKETS)


def bucket(salt: str, purpose: Purpose, unit_id: str) -> int:
    """Bucket of a unit id, 0 to 9999.

    Raises AssignmentError for a salt with a colon.

    >>> bucket("home_personalization", "arm", "user_1")
    961
    """
    return draw(salt, purpose).number(unit_id)


def check_salt(salt: str) -> None:
    """Raise AssignmentError for a salt that could make two keys meet."""
    if not _SALT.fullmatch(salt):
        raise AssignmentError(
            Problem(
                what=f"the salt {salt!r} cannot be used",
                why="Salt, purpose and id are joined by colons before hashing.",
                fix="Use letters, digits, '_', '.' and '-' only.",
            )
        )
