"""A quantile of units' values, such as the load time that three in four stay below."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, ClassVar

from holdback.experiments.kinds.metric import Metric, answered, kinds
from holdback.experiments.language.expression import Expression
from holdback.experiments.language.measure import EvidenceKind, Measure

if TYPE_CHECKING:
    from holdback.stats.evidence.arm_evidence import ArmEvidence
    from holdback.stats.evidence.effect import Inference
    from holdback.stats.evidence.order_statistics import (
        CountedValues,
        StratifiedValues,
    )

__all__ = ["Quantile"]


@kinds.register("quantile")
@dataclass(frozen=True, slots=True, kw_only=True)
class Quantile(Metric):
    """The value that a share `quantile` of the units with a row do not exceed.

    A unit with several rows counts once, with their mean. Units without a row are
    left out, so where the treatment changes who has one the arms differ in more than
    the value.
    """

    evidence: ClassVar[EvidenceKind] = "value_counts"

    source: str
    value: Expression
    quantile: Fraction

    def __post_init__(self) -> None:
        if not 0 < self.quantile < 1:
            raise ValueError("`quantile` lies between 0% and 100%, such as 75%")

    def measures(self) -> tuple[Measure, ...]:
        """A unit's mean value, and whether it has one."""
        return answered(self, self.source, self.value, self.value)

    def compare(
        self,
        control: ArmEvidence,
        treatment: ArmEvidence,
        *,
        level: float,
        tests: int = 1,
    ) -> Inference:
        """Order statistics of the units that have a value."""
        from holdback.stats.methods.quantile import compare_quantiles

        del tests
        return compare_quantiles(
            _with_a_value(control),
            _with_a_value(treatment),
            q=float(self.quantile),
            level=level,
        )


def _with_a_value(arm: ArmEvidence) -> CountedValues | StratifiedValues:
    from holdback.stats.evidence.order_statistics import CountedValues, StratifiedValues

    strata = []
    for weight, counts in arm.value_counts.strata:
        kept = counts.values[:, 1] > 0
        values = CountedValues.of(counts.values[kept, 0], counts.units[kept])
        strata.append((weight, counts.n, values))
    some = [stratum for stratum in strata if stratum[2].n]
    if len(strata) == 1 or not some:
        return strata[0][2]
    return StratifiedValues.of(some)
