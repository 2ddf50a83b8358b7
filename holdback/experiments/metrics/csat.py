"""Customer satisfaction: the share of answers in the top boxes, or their mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Literal

from holdback.experiments.kinds.metric import (
    Limit,
    Metric,
    answered,
    answers_beside,
    kinds,
)
from holdback.experiments.language.expression import Compare, Expression, Number
from holdback.experiments.language.measure import Companion, Measure

if TYPE_CHECKING:
    from holdback.facts import Fact
    from holdback.stats.evidence.arm_evidence import ArmEvidence
    from holdback.stats.evidence.effect import Estimate, Inference
    from holdback.stats.evidence.resplits import TwoSamples
    from holdback.stats.variance_reduction.cuped import Adjusted

__all__ = ["Csat"]


@kinds.register("csat")
@dataclass(frozen=True, slots=True, kw_only=True)
class Csat(Metric):
    """Share of those who answered that answered `top` or better.

    Without `top` it is the mean answer. A unit with several answers counts once, with
    the share of them in the top boxes, or with their mean. `answers` are the lowest
    and the highest answer there is; others are refused.
    """

    source: str
    value: Expression
    top: int | None = None
    answers: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        if self.top is None and self.answers is None:
            raise ValueError(
                "it needs `top: 4`, the lowest answer that counts as satisfied, or "
                "`answers: [1, 5]`, the scale, for the mean answer"
            )
        if self.answers is None:
            return
        low, high = (*self.answers, 0, 0)[:2]
        if len(self.answers) != 2 or low >= high:  # two ends
            raise ValueError("`answers` needs the lowest and the highest answer")
        if self.top is not None and not low < self.top <= high:
            raise ValueError("`top` lies outside the scale")

    def measures(self) -> tuple[Measure, ...]:
        """A unit's answers (or the share in the top boxes), and whether it answered."""
        if self.top is None:
            return answered(self, self.source, self.value, self.value)
        satisfied = Expression(
            text=f"{self.value.text} >= {self.top}",
            tree=Compare(
                operator=">=",
                left=self.value.tree,
                right=Number(value=Decimal(self.top)),
            ),
            columns=self.value.columns,
        )
        return answered(self, self.source, self.value, satisfied)

    def companions(self, window: timedelta) -> tuple[Companion, ...]:  # noqa: ARG002
        """How often each answer occurs."""
        return answers_beside(self)

    def limits(self) -> tuple[Limit, ...]:
        """Answers lie on the scale, where one is given."""
        if self.answers is None:
            return ()
        low, high = self.answers
        return (
            Limit(
                source=self.source,
                value=self.value,
                low=low,
                high=high,
                where=self.where,
            ),
        )

    def formula(self, mean: Sequence[Any]) -> Any:
        """The value from the measures' means."""
        top, answers = mean
        return top / answers

    @property
    def is_amount(self) -> bool:
        """The mean answer is; a share of answers has no heavy tail."""
        return self.top is None

    def compare(
        self,
        control: ArmEvidence,
        treatment: ArmEvidence,
        *,
        level: float,
        tests: int = 1,
    ) -> Inference:
        """The share in the top boxes as a rate of answers; the mean as any mean."""
        from holdback.stats.methods.answers import compare_shares_of_answers

        values = self.estimates(control, treatment)
        if self.top is None or values is None:
            return super(Csat, self).compare(
                control, treatment, level=level, tests=tests
            )
        return compare_shares_of_answers(
            *values, (control.moments, treatment.moments), level=level
        )

    def compare_estimates(
        self, control: Estimate, treatment: Estimate, *, level: float
    ) -> Inference:
        """Shares by log-delta, as rates are; means as any means."""
        from holdback.stats.methods.compare import compare_means

        shares = self.top is not None
        return compare_means(control, treatment, level=level, rates=shares)

    def compare_adjusted(
        self,
        net: Adjusted,
        evidence: tuple[ArmEvidence, ArmEvidence],
        *,
        level: float,
        samples: TwoSamples | None = None,
    ) -> Inference:
        """Shares by log-delta, as rates are; means as any means."""
        if self.top is None:
            return super(Csat, self).compare_adjusted(
                net, evidence, level=level, samples=samples
            )
        return self.compare_estimates(net.control, net.treatment, level=level)

    def too_few_to_adjust(
        self, control: ArmEvidence, treatment: ArmEvidence
    ) -> Fact | None:
        """As for a rate: of the answers in the top boxes, and of the others."""
        from holdback.stats.methods.proportion import too_few_to_adjust

        if self.top is None:
            return None
        return too_few_to_adjust(
            *(tuple(arm.moments.total) for arm in (control, treatment))
        )

    @property
    def scale(self) -> Literal["share", "value"]:
        """A share of those who answered; the mean answer is a number."""
        return "value" if self.top is None else "share"
