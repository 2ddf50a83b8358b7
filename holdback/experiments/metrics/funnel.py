"""Funnel: how many of all assigned units got to each step."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.experiments.kinds.metric import kinds
from holdback.experiments.kinds.share_of_units import Proportion, ShareOfUnits
from holdback.experiments.language.expression import Expression
from holdback.experiments.language.measure import Measure

__all__ = ["Funnel", "FunnelStep", "Step"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: a row of its source."""

    step: str
    source: str
    value: Expression | None = None
    where: Expression | None = None


@kinds.register("funnel")
@dataclass(frozen=True, slots=True, kw_only=True)
class Funnel(Proportion):
    """Units that got to the last of the `steps` / all matured units.

    Every step is measured against all units that were assigned, never against those
    who got to the step before: who gets there is itself an effect of the treatment.
    """

    steps: tuple[Step, ...]

    def __post_init__(self) -> None:
        if len(self.steps) < 2:  # one step is a conversion
            raise ValueError("a funnel has two steps or more")
        names = [one.step for one in self.steps]
        twice = next((one for one in names if names.count(one) > 1), None)
        if twice is not None:
            raise ValueError(f"two of its steps are called '{twice}'")
        if self.where is not None:
            raise ValueError("each step has its own `where`")

    def measures(self) -> tuple[Measure, ...]:
        """Whether a unit got to the last step."""
        return self._step(self.steps[-1]).measures()

    def parts(self) -> tuple[FunnelStep, ...]:
        """One share of units a step."""
        return tuple(self._step(one) for one in self.steps)

    def _step(self, one: Step) -> FunnelStep:
        return FunnelStep(
            name=f"{self.name}: {one.step}",
            label=one.step,
            hidden=True,
            of=self.name,
            source=one.source,
            value=one.value,
            where=one.where,
            within=self.within,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelStep(ShareOfUnits):
    """Units that got to one step / all matured units."""

    @property
    def kind(self) -> str:
        """No kind of the YAML."""
        return "funnel step"
