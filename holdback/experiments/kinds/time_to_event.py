"""Metrics of the time until something happens to a unit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, ClassVar

from holdback.experiments.language.measure import EvidenceKind, Measure

if TYPE_CHECKING:
    from holdback.stats.evidence.arm_evidence import ArmEvidence, ValueCounts
    from holdback.stats.evidence.effect import Inference
    from holdback.stats.evidence.life_table import Lives

from holdback.experiments.kinds.metric import Metric

__all__ = ["TimeToEvent"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeToEvent(Metric):
    """What kinds have in common that wait for a unit's first row.

    The value is the restricted mean time: the days until the first row, counted up to
    `within`, with units that are still waiting at as-of followed as far as they go.
    """

    evidence: ClassVar[EvidenceKind] = "value_counts"
    counts_unmatured: ClassVar[bool] = True

    source: str
    unit: str | None = "days"

    def __post_init__(self) -> None:
        if self.within is None or self.within < timedelta(days=1):
            raise ValueError("`within` says how long is waited: a day or more")
        if self.within % timedelta(days=1):
            raise ValueError("`within` is a number of whole days")

    def measures(self) -> tuple[Measure, ...]:
        """The day of the first row, counted from exposure; 0 without one."""
        return (
            Measure(
                source=self.source,
                aggregate="first_day",
                where=self.where,
                end=self.within,
                digits=0,
            ),
        )

    def compare(
        self,
        control: ArmEvidence,
        treatment: ArmEvidence,
        *,
        level: float,
        tests: int = 1,
    ) -> Inference:
        """Restricted mean times of two life tables."""
        from holdback.stats.methods.survival import compare_survival

        del tests
        days = 0 if self.within is None else self.within.days
        first, second = (_lives(arm.value_counts, days) for arm in (control, treatment))
        return compare_survival(first, second, level=level)

    @property
    def needs_events(self) -> bool:
        """What is waited for happens later."""
        return True


def _lives(counts: ValueCounts, days: int) -> Lives:
    from holdback.stats.evidence.life_table import StratifiedLifeTable, life_table

    tables = tuple(
        life_table(part.values[:, 0], part.watched, part.units, days)
        for _, part in counts.strata
    )
    if len(tables) == 1:
        return tables[0]
    weights = tuple(weight for weight, _ in counts.strata)
    return StratifiedLifeTable(parts=tables, weights=weights)
