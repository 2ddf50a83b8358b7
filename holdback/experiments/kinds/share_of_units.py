"""Metrics that are a share: of units, or of what units do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING, Any, ClassVar

from holdback.errors import Problem
from holdback.experiments.language.expression import Expression
from holdback.experiments.language.measure import Measure

if TYPE_CHECKING:
    from holdback.facts import Fact
    from holdback.stats.design.power import Baseline, PowerDesign
    from holdback.stats.evidence.arm_evidence import ArmEvidence

from holdback.experiments.kinds.metric import Metric

__all__ = ["Proportion", "ShareOfUnits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proportion(Metric):
    """What kinds have in common whose one measure is 0 or 1: a share of units."""

    is_rate: ClassVar[bool] = True

    def formula(self, mean: Sequence[Any]) -> Any:
        """The value from the measure's mean."""
        (rate,) = mean
        return rate

    def too_few_to_adjust(
        self, control: ArmEvidence, treatment: ArmEvidence
    ) -> Fact | None:
        """Too few units that converted, or that did not, for the adjusted range."""
        from holdback.stats.methods.proportion import too_few_to_adjust

        values = self.estimates(control, treatment)
        if values is None:
            return None
        first, second = ((arm.value * arm.n, float(arm.n)) for arm in values)
        return too_few_to_adjust(first, second)

    def typed_baseline(
        self, mean: float, sd: float | None, response_rate: float | None
    ) -> Baseline:
        """A rate tells its own spread."""
        from holdback.stats.design.power import Baseline

        del sd, response_rate
        return Baseline(mean=mean, cv=sqrt((1 - mean) / mean))

    def wrong_baseline(
        self, mean: float | None, sd: float | None, response_rate: float | None
    ) -> Problem | None:
        """A rate lies between 0 and 1."""
        del sd, response_rate
        if mean is not None and 0 < mean < 1:
            return None
        return Problem(
            where=f"--baseline {self.name}",
            what="a conversion rate lies between 0 % and 100 %, got "
            f"{'no number' if mean is None else format(mean, 'g')}.",
            fix=f"Write for instance {self.name}=3% or {self.name}=0.03.",
        )

    def design(
        self,
        baseline: Baseline,
        *,
        control_share: float,
        treatment_share: float,
        alpha: float,
    ) -> PowerDesign:
        """A test of two rates; of two means where covariates take variance off."""
        from holdback.stats.design.power import ProportionDesign

        if baseline.saved:
            return super(Proportion, self).design(
                baseline,
                control_share=control_share,
                treatment_share=treatment_share,
                alpha=alpha,
            )
        return ProportionDesign(
            rate=baseline.mean,
            control_share=control_share,
            treatment_share=treatment_share,
            alpha=alpha,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ShareOfUnits(Proportion):
    """What kinds have in common that ask whether a unit has a row of one source."""

    source: str
    value: Expression | None = None

    def measures(self) -> tuple[Measure, ...]:
        """Whether a unit has a row (with `value`: one whose value is not 0)."""
        return (
            Measure(
                source=self.source,
                aggregate="any",
                value=self.value,
                where=self.where,
                end=self.within,
                digits=0,
            ),
        )
