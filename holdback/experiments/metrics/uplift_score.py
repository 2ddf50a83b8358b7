"""A unit's score beside its outcome: what uplift is read from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from holdback.experiments.language.expression import Expression
from holdback.experiments.language.measure import Measure
from holdback.experiments.metrics import Metric, Tallied

__all__ = ["SCORED", "Scored"]

SCORED = "uplift: score"
DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored(Metric):
    """The score that every unit had at exposure, and the primary's value of it."""

    source: str
    score: Expression
    outcome: Measure

    def measures(self) -> tuple[Measure, ...]:
        """The score, then the outcome."""
        score = Measure(
            source=self.source, aggregate="max", value=self.score, digits=DIGITS
        )
        return score, self.outcome

    def formula(self, mean: Sequence[Any]) -> Any:
        """The mean outcome: what is counted, not what is reported."""
        return mean[1]

    @property
    def tallied(self) -> Tallied:
        """Read from how often each score and value occur together."""
        return "scored"

    @property
    def kind(self) -> str:
        """No kind of the YAML."""
        return "scored"
