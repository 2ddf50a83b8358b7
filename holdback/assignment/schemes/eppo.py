"""Eppo: ``int(md5("<salt>-<id>")[:8 hex]) % totalShards``, one salt a question.

Eppo-exp/python-sdk: a split is served when each of its shards holds the subject; by
convention one shard is the traffic's and one the variation's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from holdback.assignment.layouts import cumulative, listed, opened
from holdback.assignment.recipe import Draw, Gate, Planned, Recipe
from holdback.assignment.scheme import Scheme, key, kinds
from holdback.errors import AssignmentError, Problem

__all__ = ["Eppo"]

Spans = tuple[tuple[int, int], ...]


@kinds.register("eppo")
@dataclass(frozen=True, slots=True, kw_only=True)
class Eppo(Scheme):
    """An allocation with a traffic shard and a split shard.

    `split_salt` defaults to the salt. `ranges` are arm: [[start, end], …] of shards;
    by default the shares follow each other.
    """

    split_salt: str | None = None
    traffic_salt: str | None = None
    total_shards: int = key("totalShards", 10_000)
    ranges: Mapping[str, Spans] = field(default_factory=dict)
    traffic_ranges: Spans = ()

    def recipe(self, planned: Planned) -> Recipe:
        """Traffic shard, then split shard.

        Raises AssignmentError for traffic below 100 % without a salt of its own.
        """
        salt = planned.salt if self.split_salt is None else self.split_salt
        ranges = cumulative(planned.shares, self.total_shards)
        if self.ranges:
            pairs = [(arm, span) for arm, many in self.ranges.items() for span in many]
            ranges = listed(pairs, planned)
        return Recipe(self._draw(salt), ranges, self._gates(planned))

    def _draw(self, salt: str) -> Draw:
        return Draw(hash="md5", digits=8, before=f"{salt}-", buckets=self.total_shards)

    def _gates(self, planned: Planned) -> tuple[Gate, ...]:
        if self.traffic_salt is None:
            if planned.traffic == 1 and not self.traffic_ranges:
                return ()
            raise AssignmentError(
                Problem(
                    what="a traffic below 100% needs `traffic_salt`",
                    why="Eppo draws the traffic from a shard with its own salt.",
                    fix="Add `params: {traffic_salt: SALT}` of the traffic shard.",
                )
            )
        ranges = self.traffic_ranges or opened(planned.traffic, self.total_shards)
        return (Gate(self._draw(self.traffic_salt), ranges, "outside_traffic"),)
