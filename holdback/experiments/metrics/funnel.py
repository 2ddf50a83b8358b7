"""Funnel: how many of all assigned units got to each step."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

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
    In strict `order` a unit gets to a step by a row at or after the first by which it
    got to the step before, so steps are nested; in any each stands by itself.
    """

    steps: tuple[Step, ...]
    order: Literal["strict", "any"] = field(
        default="strict",
        metadata={
            "meaning": "strict: a step counts after the one before; any: whenever."
        },
    )

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
        return self._in_order()[-1].measures()

    def parts(self) -> tuple[FunnelStep, ...]:
        """One share of units a step; then, without a label, the last in any order."""
        steps = self._in_order()
        if self.order == "any":
            return steps
        last = replace(
            steps[-1], name=f"{self.name}: in any order", label="", after=None
        )
        return (*steps, last)

    def _in_order(self) -> tuple[FunnelStep, ...]:
        steps: list[FunnelStep] = []
        for step in self.steps:
            ordered = self.order == "strict" and steps
            (before,) = steps[-1].measures() if ordered else (None,)
            steps.append(self._step(step, before))
        return tuple(steps)

    def _step(self, step: Step, before: Measure | None) -> FunnelStep:
        return FunnelStep(
            name=f"{self.name}: {step.step}",
            label=step.step,
            hidden=True,
            of=self.name,
            source=step.source,
            value=step.value,
            where=step.where,
            within=self.within,
            after=before,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class FunnelStep(ShareOfUnits):
    """Units that got to one step / all matured units."""

    after: Measure | None = None

    def measures(self) -> tuple[Measure, ...]:
        """Whether a unit has a row, from what it comes `after` on."""
        (any_time,) = super(FunnelStep, self).measures()
        return (replace(any_time, after=self.after),)

    @property
    def kind(self) -> str:
        """No kind of the YAML."""
        return "funnel step"
