"""Net promoter score: promoters less detractors, in points from -100 to 100."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from math import sqrt
from typing import TYPE_CHECKING, Any, ClassVar

from holdback.errors import Problem
from holdback.experiments.kinds.metric import (
    Limit,
    Metric,
    answered,
    answers_beside,
    kinds,
)
from holdback.experiments.language.expression import (
    Arithmetic,
    Compare,
    Expression,
    Number,
)
from holdback.experiments.language.measure import Companion, Measure

if TYPE_CHECKING:
    from holdback.stats.design.power import Baseline, PowerDesign
    from holdback.stats.evidence.arm_evidence import ArmEvidence
    from holdback.stats.evidence.effect import Inference
    from holdback.stats.evidence.moments import Moments
    from holdback.stats.evidence.resplits import TwoSamples
    from holdback.stats.methods.net_score import NetScore
    from holdback.stats.variance_reduction.cuped import Adjusted

__all__ = ["Nps"]

PROMOTER, DETRACTOR, BEST = 9, 6, 10
PROMOTER_POINTS = 100
"""Of a promoter; a detractor takes as many off."""


@kinds.register("nps")
@dataclass(frozen=True, slots=True, kw_only=True)
class Nps(Metric):
    """100 × (share answering 9 or 10 - share answering 0 to 6), of who answered.

    The question and its classes are those of Reichheld 2003, Harvard Business Review
    81(12). A unit with several answers counts once, with their mean class.
    """

    has_lift: ClassVar[bool] = False

    source: str
    value: Expression
    unit: str | None = "points"

    def measures(self) -> tuple[Measure, ...]:
        """The unit's class, 100, 0 or -100, and whether it answered."""
        text = self.value.text
        difference = Arithmetic(
            operator="-",
            left=_is(self.value, ">=", PROMOTER),
            right=_is(self.value, "<=", DETRACTOR),
        )
        points = Expression(
            text=f"{PROMOTER_POINTS} * "
            f"(({text} >= {PROMOTER}) - ({text} <= {DETRACTOR}))",
            tree=Arithmetic(
                operator="*",
                left=Number(value=Decimal(PROMOTER_POINTS)),
                right=difference,
            ),
            columns=self.value.columns,
        )
        return answered(self, self.source, self.value, points)

    def formula(self, mean: Sequence[Any]) -> Any:
        """The value from the measures' means."""
        points, answers = mean
        return points / answers

    def limits(self) -> tuple[Limit, ...]:
        """Answers lie between 0 and 10."""
        return (
            Limit(
                source=self.source,
                value=self.value,
                low=0,
                high=BEST,
                where=self.where,
            ),
        )

    def companions(self, window: timedelta) -> tuple[Companion, ...]:  # noqa: ARG002
        """How often each class occurs."""
        return answers_beside(self)

    def compare(
        self,
        control: ArmEvidence,
        treatment: ArmEvidence,
        *,
        level: float,
        tests: int = 1,
    ) -> Inference:
        """Score ranges of both arms' answers, put together."""
        from holdback.stats.methods.net_score import compare_net_scores

        values = self.estimates(control, treatment)
        if values is None:  # which says why there is no number
            return super(Nps, self).compare(
                control, treatment, level=level, tests=tests
            )
        answers = _answers(control.moments), _answers(treatment.moments)
        return compare_net_scores(*values, answers, points=PROMOTER_POINTS, level=level)

    def compare_adjusted(
        self,
        net: Adjusted,
        evidence: tuple[ArmEvidence, ArmEvidence],
        *,
        level: float,
        samples: TwoSamples | None = None,
    ) -> Inference:
        """The adjusted scores, with as many answers more as the adjustment is worth."""
        from holdback.stats.methods.net_score import NetScore, compare_net_scores

        del samples
        first, second = (
            NetScore(
                mean=min(
                    max(value.value / PROMOTER_POINTS, -plain.square), plain.square
                ),
                square=plain.square,
                n=plain.n / (1 - net.variance_reduction),
            )
            for value, plain in zip(
                (net.control, net.treatment),
                (_answers(side.moments) for side in evidence),
                strict=True,
            )
        )
        return compare_net_scores(
            net.control,
            net.treatment,
            (first, second),
            points=PROMOTER_POINTS,
            level=level,
        )

    def baseline(self, moments: Moments) -> Baseline | None:
        """The mean answer, the deviation of one, and how many answered."""
        from holdback.stats.design.power import Baseline
        from holdback.stats.evidence.delta_method import estimate

        if moments.n < 2 or moments.total[-1] <= 0:
            return None
        before = estimate(moments, self.formula, moments.columns)
        if before.se <= 0:
            return None
        answers = float(moments.total[-1])
        return Baseline(
            mean=before.value,
            cv=None,
            sd=before.se * sqrt(answers),
            response_rate=answers / before.n,
            nonzero_share=before.nonzero / before.n,
        )

    def typed_baseline(
        self, mean: float, sd: float | None, response_rate: float | None
    ) -> Baseline:
        """Of answers, and everybody answers where nothing else is said."""
        from holdback.stats.design.power import Baseline

        return Baseline(mean=mean, cv=None, sd=sd, response_rate=response_rate or 1.0)

    def wrong_baseline(
        self, mean: float | None, sd: float | None, response_rate: float | None
    ) -> Problem | None:
        """A score may be 0 or below; its answers vary, and some come back."""
        known = mean is not None and sd is not None and sd > 0
        if known and 0 < (response_rate or 1.0) <= 1:
            return None
        return Problem(
            where=f"--baseline {self.name}",
            what="needs the mean and the standard deviation of an answer, and the "
            "share of units that answer, both above 0.",
            why="A survey's power comes from the answers that come back.",
            fix=f"Write for instance {self.name}=30,70,12.4%.",
        )

    def design(
        self,
        baseline: Baseline,
        *,
        control_share: float,
        treatment_share: float,
        alpha: float,
    ) -> PowerDesign:
        """A test of the difference of two mean answers."""
        from holdback.stats.design.power import ScoreDesign

        return ScoreDesign(
            sd=baseline.spread_left * (baseline.sd or 0.0),
            response_rate=baseline.response_rate or 1.0,
            control_share=control_share,
            treatment_share=treatment_share,
            alpha=alpha,
        )


def _answers(moments: Moments) -> NetScore:
    """Mean and mean square of the answers; a promoter is 1."""
    from holdback.stats.methods.net_score import NetScore

    points, answers = moments.total
    square = moments.products[0] / 10 ** (2 * moments.digits[0])
    return NetScore(
        mean=points / PROMOTER_POINTS / answers,
        square=square / PROMOTER_POINTS**2 / answers,
        n=float(answers),
    )


def _is(value: Expression, operator: Any, edge: int) -> Compare:
    return Compare(
        operator=operator, left=value.tree, right=Number(value=Decimal(edge))
    )
