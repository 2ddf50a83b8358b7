"""What replays on an experiment's own units found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from holdback.results.section import sections

__all__ = ["MethodRecord", "Simulation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodRecord:
    """Shares of the replays: where nothing was true, and where `lift` was.

    `method` is ``chosen`` (the product's rule) or ``welch``. `error` is the
    Monte-Carlo standard error of the share of false alarms.
    """

    method: str
    false_wins: float
    false_losses: float
    error: float
    power: float
    coverage: float
    no_interval: float

    @property
    def false_alarms(self) -> float:
        """Share of replays without an effect that found one."""
        return self.false_wins + self.false_losses


@sections.register(
    "simulation", after="decision", order=10, single=True, shows_results=False
)
@dataclass(frozen=True, slots=True, kw_only=True)
class Simulation:
    """Replays of one experiment's primary metric on its own units."""

    experiment: str
    plan_hash: str
    metric: str
    label: str
    arm: str
    units: int
    with_value: int
    smaller_arm: int
    level: float
    lift: float
    replays: int
    replays_with_lift: int
    methods: Mapping[str, int]
    records: tuple[MethodRecord, ...]
    schema: str = field(default="holdback/simulation/1")

    def record(self, method: str) -> MethodRecord:
        """What the replays say of a method."""
        return next(record for record in self.records if record.method == method)
