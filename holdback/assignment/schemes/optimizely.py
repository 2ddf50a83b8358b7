"""Optimizely: ``floor(murmur3_32(id + experiment id, seed 1) / 2**32 * 10000)``.

optimizely/python-sdk, optimizely/bucketer.py. Arms are the entities of a traffic
allocation, each up to its `endOfRange`; an empty entity is nobody's.
"""

from __future__ import annotations

from dataclasses import dataclass

from holdback.assignment.layouts import cumulative, position_of
from holdback.assignment.recipe import Draw, Gate, Planned, Recipe
from holdback.assignment.scheme import Scheme, key, kinds
from holdback.errors import AssignmentError, Problem

__all__ = ["Allocation", "ExclusionGroup", "Optimizely"]

TRAFFIC_BUCKETS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """An entity up to the end of its range; buckets start where the last one ended."""

    entity_id: str = key("entityId", "")
    end_of_range: int = key("endOfRange", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExclusionGroup:
    """Experiments that exclude each other: a second hash, on the group's id."""

    id: str
    traffic_allocation: tuple[Allocation, ...] = key("trafficAllocation", ())


@kinds.register("optimizely")
@dataclass(frozen=True, slots=True, kw_only=True)
class Optimizely(Scheme):
    """An experiment of Optimizely Feature Experimentation.

    `experiment_id` defaults to the salt. In `trafficAllocation` the arms stand by
    name, as `entityId`.
    """

    experiment_id: str | None = None
    traffic_allocation: tuple[Allocation, ...] = key("trafficAllocation", ())
    group: ExclusionGroup | None = None

    def recipe(self, planned: Planned) -> Recipe:
        """The group, then the ranges of the traffic allocation.

        Raises AssignmentError for traffic below 100 % without a traffic allocation.
        """
        parent = planned.salt if self.experiment_id is None else self.experiment_id
        return Recipe(_draw(parent), self._ranges(planned), self._gates(parent))

    def weaknesses(self) -> tuple[str, ...]:
        """Nothing stands between the id and the experiment's."""
        return (
            (
                "optimizely joins id and experiment id with nothing between them, so "
                "'user1' in experiment '23' and 'user12' in '3' share a bucket."
            ),
        )

    def _ranges(self, planned: Planned) -> tuple[tuple[int, int, int], ...]:
        if self.traffic_allocation:
            return tuple(
                (start, end, position_of(entity, planned))
                for start, end, entity in _entities(self.traffic_allocation)
                if entity
            )
        if planned.traffic != 1:
            raise AssignmentError(
                Problem(
                    what="a traffic below 100% needs `trafficAllocation`",
                    why="Where Optimizely ends each arm's range is written there.",
                    fix="Copy it from the datafile, with the arms as entityId.",
                )
            )
        return cumulative(planned.shares, TRAFFIC_BUCKETS)

    def _gates(self, parent: str) -> tuple[Gate, ...]:
        if self.group is None:
            return ()
        spans = tuple(
            (start, end)
            for start, end, entity in _entities(self.group.traffic_allocation)
            if entity == parent
        )
        return (Gate(_draw(self.group.id), spans, "outside_layer"),)


def _draw(parent: str) -> Draw:
    return Draw(
        hash="murmur3", seed=1, after=parent, reduce="scale", buckets=TRAFFIC_BUCKETS
    )


def _entities(
    allocations: tuple[Allocation, ...],
) -> list[tuple[int, int, str]]:
    ends = [allocation.end_of_range for allocation in allocations]
    names = [allocation.entity_id for allocation in allocations]
    return list(zip((0, *ends), ends, names, strict=False))
