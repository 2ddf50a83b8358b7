"""A system of one's own: a key template, a hash, digits and buckets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from holdback.assignment.hashes import DIGESTS, HashName
from holdback.assignment.layouts import cumulative, opened
from holdback.assignment.recipe import Draw, Gate, Planned, Recipe
from holdback.assignment.scheme import Scheme, key, kinds
from holdback.errors import AssignmentError, Problem

__all__ = ["Custom"]

HASH_DIGITS = {"sha256": 64, "sha1": 40, "md5": 32}
_PLACE = re.compile(r"\{(\w*)\}")


@kinds.register("custom")
@dataclass(frozen=True, slots=True, kw_only=True)
class Custom(Scheme):
    """Any scheme of the form "hash a key, take a bucket".

    `key` is a template that holds ``{id}`` once, and may hold ``{salt}`` and
    ``{purpose}`` (traffic or arm). The first `hex_digits` of a digest count; murmur3
    and fnv1a have 32 bits. `reduce: scale` takes the fraction of `buckets` in place of
    the remainder. With `arm_buckets` the arm is drawn from the bucket's remainder by
    it, so that one hash serves traffic and arm.
    """

    template: str = key("key", "{salt}:{id}")
    hash: Literal["sha256", "sha1", "md5", "murmur3", "fnv1a"] = "sha256"
    hex_digits: int = 13
    seed: int = 0
    buckets: int = 10_000
    reduce: Literal["modulo", "scale"] = "modulo"
    arm_buckets: int | None = None

    def recipe(self, planned: Planned) -> Recipe:
        """Traffic from the first buckets, arms in order of the shares.

        Raises AssignmentError for a key without the id, or digits that the hash lacks.
        """
        self._check()
        gates: tuple[Gate, ...] = ()
        if planned.traffic != 1:
            traffic = self._draw(planned.salt, "traffic", None)
            ranges = opened(planned.traffic, self.buckets)
            gates = (Gate(traffic, ranges, "outside_traffic"),)
        draw = self._draw(planned.salt, "arm", self.arm_buckets)
        return Recipe(draw, cumulative(planned.shares, draw.size), gates)

    def weaknesses(self) -> tuple[str, ...]:
        """What the template leaves out."""
        sentences = []
        if "{salt}" not in self.template:
            sentences.append(
                "the custom key has no {salt}: every experiment draws the same arms."
            )
        if "{purpose}" not in self.template and self.arm_buckets is None:
            sentences.append(
                "the custom key has no {purpose}: below a traffic of 100% the arms "
                "are drawn from the buckets that the traffic has left over."
            )
        if re.search(
            r"\{(salt|purpose)\}\{id\}|\{id\}\{(salt|purpose)\}", self.template
        ):
            sentences.append(
                "the custom key joins id and salt with nothing between them: "
                "'a' + 'b1' and 'ab' + '1' share a bucket."
            )
        if self.hash == "fnv1a":
            sentences.append(
                "FNV-1a's buckets are correlated between similar salts; sha256 is not."
            )
        return tuple(sentences)

    def _draw(self, salt: str, purpose: str, remainder: int | None) -> Draw:
        filled = self.template.replace("{purpose}", purpose)
        before, _, after = filled.partition("{id}")
        name: HashName = self.hash
        return Draw(
            hash=name,
            digits=self.hex_digits,
            seed=self.seed,
            before=before.replace("{salt}", salt),
            after=after.replace("{salt}", salt),
            reduce=self.reduce,
            buckets=self.buckets,
            remainder=remainder,
        )

    def _check(self) -> None:
        places = _PLACE.findall(self.template)
        if places.count("id") != 1 or set(places) - {"id", "salt", "purpose"}:
            raise AssignmentError(
                Problem(
                    what=f"the key '{self.template}' does not hold {{id}} once",
                    why="A key may hold {id}, {salt} and {purpose}.",
                    fix="Write for instance key: '{salt}:{id}'.",
                )
            )
        longest = HASH_DIGITS[self.hash] if self.hash in DIGESTS else 8
        if not 1 <= self.hex_digits <= longest and self.hash in DIGESTS:
            raise AssignmentError(
                Problem(
                    what=f"{self.hash} has {longest} hexadecimal digits, "
                    f"not {self.hex_digits}",
                    fix="Write hex_digits: 13, which every database can compute.",
                )
            )
        for name, value in (
            ("buckets", self.buckets),
            ("arm_buckets", self.arm_buckets or self.buckets),
        ):
            if not 2 <= value <= 2**31:
                raise AssignmentError(
                    Problem(
                        what=f"{name} is {value}", fix="Write 10000, or at least 2."
                    )
                )
