"""Metric kinds: one file a kind. The rest of the house asks, and never knows which.

A kind says what is collected of each unit (`measures`), which evidence it is read from
(`evidence`), how two arms are compared, what a prior may meet, and how it is planned
and named. `Metric` answers every question as a mean of amounts would: a function of
the measures' means, by the delta method. A kind overrides what is different of it;
`Proportion`, `ShareOfUnits` and `TimeToEvent` share what several kinds have in common.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from fractions import Fraction
from math import sqrt
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from holdback.errors import Problem
from holdback.experiments.language.expression import Expression, IsNull, Junction, Tree
from holdback.experiments.language.measure import Cap, Companion, EvidenceKind, Measure
from holdback.registry import Kinds

if TYPE_CHECKING:
    from holdback.facts import Fact
    from holdback.stats.design.aa_replays import Replayed
    from holdback.stats.design.power import Baseline, PowerDesign
    from holdback.stats.design.simulated_power import SimulatedPower
    from holdback.stats.evidence.arm_evidence import ArmEvidence
    from holdback.stats.evidence.effect import Estimate, Inference
    from holdback.stats.evidence.moments import Moments
    from holdback.stats.evidence.resplits import TwoSamples
    from holdback.stats.evidence.sample import Sample
    from holdback.stats.posterior.posterior import LiftPrior, Posterior
    from holdback.stats.variance_reduction.cuped import Adjusted

__all__ = [
    "LifetimeTerms",
    "Limit",
    "Metric",
    "answered",
    "answers_beside",
    "kinds",
]

ABBREVIATIONS = frozenset({"aov", "arpu", "cac", "clv", "csat", "ctr", "nps", "roas"})
"""Words of names that readers know as abbreviations."""
ANY_LEVEL = 0.95
"""Of intervals whose middle alone is asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What a value of a source may be: `low` to `high`, in the rows that count."""

    source: str
    value: Expression
    low: int
    high: int
    where: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LifetimeTerms:
    """How far beyond the window value is projected; `title` names the whole of it.

    `renews` is the time between two payments of a subscription, None for orders that
    come when they come; `discount` is a year's.
    """

    title: str
    horizon: timedelta
    discount: Fraction
    renews: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """What every metric kind has. The fields are the YAML keys of the kind.

    `unit` is ``money`` (the project's currency) or any word such as ``ms``;
    `digits` is the number of decimals kept of a unit's value (filled by the loader:
    the currency's minor unit for money, otherwise 6). A `hidden` metric is collected
    for something else, such as the metric that it is `of`, and not told by itself.
    """

    evidence: ClassVar[EvidenceKind] = "moments"
    """What it is read from; rows beside the moments, where `needs_rows` says so."""
    counts_unmatured: ClassVar[bool] = False
    """Whether units count whose time is not over, followed as far as they go."""
    has_lift: ClassVar[bool] = True
    """Whether a ratio of two values means something; else only their difference."""
    is_rate: ClassVar[bool] = False
    """Whether each unit's value is 0 or 1."""
    may_have_profit: ClassVar[bool] = False
    """Whether `margin_value` can say what a unit's rows earn."""
    credits_channels: ClassVar[bool] = False
    """Whether channels that touched a unit can be credited with its value."""
    is_quotient: ClassVar[bool] = False
    """Whether what was added to its numerator can be set against what was added to
    its denominator."""

    name: str
    label: str = ""
    unit: str | None = None
    better: Literal["higher", "lower"] = "higher"
    within: timedelta | None = None
    where: Expression | None = None
    cap: Cap | None = None
    margin_value: Expression | None = None
    digits: int = 6
    hidden: bool = False
    of: str = ""

    # What is collected

    def measures(self) -> tuple[Measure, ...]:
        """What is collected of each unit, uncapped, in the order of the formula."""
        raise NotImplementedError

    def formula(self, mean: Sequence[Any]) -> Any:
        """The metric's value from the measures' means (k,), by analytic arithmetic.

        A kind that is no function of means has none, and says how it is compared.
        """
        raise NotImplementedError

    def limits(self) -> tuple[Limit, ...]:
        """Values that cannot be outside a scale."""
        return ()

    def parts(self) -> tuple[Metric, ...]:
        """Hidden metrics that it is made of, such as the steps of a funnel."""
        return ()

    def companions(
        self,
        window: timedelta,  # noqa: ARG002  # kinds that have some may need it
    ) -> tuple[Companion, ...]:
        """What is collected beside it; the window's length is given.

        Raises ValueError, in words for the file's author, where that cannot be.
        """
        return ()

    @property
    def timed_by(self) -> str | None:
        """The key that only works where exposures have times."""
        return None if self.within is None else "within"

    @property
    def needs_events(self) -> bool:
        """Whether rows of its own are needed, with times."""
        return False

    # What it is

    @property
    def is_function_of_means(self) -> bool:
        """Whether it has a formula, and so covariates, strata and cohorts are read."""
        return self.evidence == "moments"

    @property
    def is_amount(self) -> bool:
        """Whether units' values have any size, so that a few of them may dominate."""
        return self.is_function_of_means and self.has_lift and not self.is_rate

    @property
    def is_mean(self) -> bool:
        """Whether it is the mean of one amount per unit."""
        return self.outcome is not None and not self.is_rate

    @property
    def outcome(self) -> Measure | None:
        """The one number of each unit that it is about; None where there is none."""
        if not (self.is_function_of_means and self.has_lift):
            return None
        measures = self.measures()
        return measures[0] if len(measures) == 1 else None

    @property
    def is_leaving(self) -> bool:
        """Whether a row says that the unit left for good."""
        return False

    @property
    def lifetime_terms(self) -> LifetimeTerms | None:
        """How its value is projected beyond the window; None where it is not."""
        return None

    # How arms are compared

    def estimates(
        self, control: ArmEvidence, treatment: ArmEvidence
    ) -> tuple[Estimate, Estimate] | None:
        """Its values in both arms, without covariates; None where one has none."""
        from holdback.stats.evidence.delta_method import estimate

        if not self.is_function_of_means:
            inference = self.compare(control, treatment, level=ANY_LEVEL)
            if inference.control is None or inference.treatment is None:
                return None
            return inference.control, inference.treatment
        try:
            first, second = (
                estimate(arm.moments, self.formula, arm.moments.columns)
                for arm in (control, treatment)
            )
        except (ValueError, ZeroDivisionError):
            return None
        return first, second

    def needs_rows(self, control: Estimate, treatment: Estimate) -> bool:
        """Whether the units' rows would make a better interval than the moments."""
        from holdback.stats.methods.compare import needs_rows

        return self.is_amount and needs_rows(control, treatment)

    def compare(
        self,
        control: ArmEvidence,
        treatment: ArmEvidence,
        *,
        level: float,
        tests: int = 1,
    ) -> Inference:
        """The treatment arm against control, without covariates.

        `tests` is how many p-values are read together with this one, for methods that
        draw until they can tell them apart. Raises ValueError for a level outside
        (0, 1).
        """
        from holdback.stats.evidence.resplits import TwoSamples
        from holdback.stats.methods.compare import compare

        samples = None
        if control.rows is not None and treatment.rows is not None:
            samples = TwoSamples(
                control=control.rows,
                treatment=treatment.rows,
                formula=self.formula,
                tests=tests,
            )
        return compare(
            control.moments,
            treatment.moments,
            formula=self.formula,
            columns=control.moments.columns,
            family=self._family,
            level=level,
            samples=samples,
        )

    def compare_estimates(
        self, control: Estimate, treatment: Estimate, *, level: float
    ) -> Inference:
        """Two values that something was done to, such as put together from strata."""
        from holdback.stats.methods.compare import compare_means
        from holdback.stats.methods.difference import compare_scores

        if not self.has_lift:
            return compare_scores(control, treatment, level=level)
        return compare_means(control, treatment, level=level, rates=self.is_rate)

    def compare_adjusted(
        self,
        net: Adjusted,
        evidence: tuple[ArmEvidence, ArmEvidence],  # noqa: ARG002  # some kinds count
        *,
        level: float,
        samples: TwoSamples | None = None,
    ) -> Inference:
        """Both arms net of covariates.

        `evidence` is what they were before, control first, and `samples` their rows
        with the covariates last, where they are at hand.
        """
        if not self.has_lift:
            return self.compare_estimates(net.control, net.treatment, level=level)
        return net.compared(level=level, samples=samples)

    def too_few_to_adjust(
        self,
        control: ArmEvidence,  # noqa: ARG002  # amounts have gates of their own
        treatment: ArmEvidence,  # noqa: ARG002
    ) -> Fact | None:
        """Why the plain values decide, although covariates are at hand."""
        return None

    def posterior(self, inference: Inference, prior: LiftPrior) -> Posterior:
        """What is believed of the lift after a comparison.

        Raises StatsError where no honest posterior exists.
        """
        from holdback.stats.posterior.posterior import posterior

        return posterior(inference, family=self._family, prior=prior)

    # How it is planned

    def baseline(self, moments: Moments) -> Baseline | None:
        """Itself without a test, from the measures' moments over some units.

        None where it has no value or no spread.
        """
        from holdback.stats.design.power import Baseline
        from holdback.stats.evidence.delta_method import estimate

        if moments.n < 2 or moments.total[-1] <= 0:
            return None
        before = estimate(moments, self.formula, moments.columns)
        if before.se <= 0 or before.value <= 0:
            return None
        return Baseline(
            mean=before.value,
            cv=before.se * sqrt(before.n) / before.value,
            nonzero_share=before.nonzero / before.n,
            skew=before.third * sqrt(before.n) / before.se**3,
        )

    def typed_baseline(
        self, mean: float, sd: float | None, response_rate: float | None
    ) -> Baseline:
        """The baseline of typed figures that `wrong_baseline` found possible."""
        from holdback.stats.design.power import Baseline

        del response_rate
        return Baseline(mean=mean, cv=(sd or 0.0) / mean)

    def wrong_baseline(
        self, mean: float | None, sd: float | None, response_rate: float | None
    ) -> Problem | None:
        """What is impossible about typed figures; None where nothing is."""
        del response_rate
        if mean is not None and mean > 0 and sd is not None and sd > 0:
            return None
        return Problem(
            where=f"--baseline {self.name}",
            what="needs a mean and a standard deviation above 0.",
            why="Power for amounts depends on how much units differ.",
            fix=f"Write for instance {self.name}=1.80,12.5.",
        )

    def design(
        self,
        baseline: Baseline,
        *,
        control_share: float,
        treatment_share: float,
        alpha: float,
    ) -> PowerDesign:
        """Its test at some shares of control and of a treatment arm."""
        from holdback.stats.design.power import MeanDesign

        return MeanDesign(
            cv=baseline.spread_left * (baseline.cv or 0.0),
            control_share=control_share,
            treatment_share=treatment_share,
            alpha=alpha,
        )

    @property
    def can_be_simulated(self) -> bool:
        """Whether a plan's power is simulated from the rows of units seen before."""
        return self.is_mean

    def simulated_power(  # whose units, how many, how often
        self,
        units: Sample,
        *,
        sizes: tuple[int, int],
        level: float,
        lifts: Sequence[float],
        runs: int,
        seed: tuple[int, ...],
    ) -> tuple[SimulatedPower, ...]:
        """Power at each of `lifts` for arms of `sizes` (control, treatment).

        Raises ValueError where there is nothing to draw.
        """
        from holdback.stats.design.simulated_power import simulated_power

        return simulated_power(
            units,
            sizes=sizes,
            formula=self.formula,
            family="proportion" if self.is_rate else "mean",
            level=level,
            lifts=lifts,
            runs=runs,
            seed=seed,
        )

    def replayed(  # whose units, and how they are split
        self,
        units: Sample,
        *,
        sizes: tuple[int, int],
        level: float,
        lift: float,
        replays: tuple[int, int],
        seed: tuple[int, ...],
    ) -> Replayed:
        """Its comparison of the same units split again and again.

        Raises ValueError for sizes that are not those of the units.
        """
        from holdback.stats.design.aa_replays import replay

        return replay(
            units,
            sizes=sizes,
            formula=self.formula,
            family="proportion" if self.is_rate else "mean",
            level=level,
            lift=lift,
            replays=replays,
            seed=seed,
        )

    # How it is named

    @property
    def scale(self) -> Literal["share", "value"]:
        """Whether values are written as percentages."""
        return "share" if self.is_rate else "value"

    @property
    def title(self) -> str:
        """How a reader is told of the metric: its label, or its name as words."""
        if self.label:
            return self.label
        first, *rest = (
            word.upper() if word in ABBREVIATIONS else word
            for word in self.name.split("_")
        )
        return " ".join([first[:1].upper() + first[1:], *rest])

    @property
    def kind(self) -> str:
        """The kind's name in the YAML."""
        return kinds.name_of(self)

    @property
    def _family(self) -> Literal["proportion", "mean", "score"]:
        if self.is_rate:
            return "proportion"
        return "mean" if self.has_lift else "score"


kinds: Kinds[Metric] = Kinds("holdback.experiments.metrics")


def answers_beside(metric: Metric) -> tuple[Companion, ...]:
    """How often each answer of a survey occurs: a unit's answer, and whether it did.

    What bounds under non-response are read from.
    """
    return (
        Companion(
            name=f"{metric.name}: answers",
            of=metric.name,
            reader="answers",
            collected=metric.measures(),
            within=metric.within,
        ),
    )


def answered(
    metric: Metric, source: str, answer: Expression, points: Expression
) -> tuple[Measure, Measure]:
    """A unit's mean of `points` over its answers, and whether it answered at all.

    A survey's score is their ratio: the sum over units of their mean answer, by the
    units that answered; who did not answer is left out of both.
    """
    present: Tree = IsNull(operand=answer.tree, negated=True)
    text, columns = f"{answer.text} is not null", answer.columns
    if metric.where is not None:
        present = Junction(operator="and", left=metric.where.tree, right=present)
        text = f"({metric.where.text}) and {text}"
        columns |= metric.where.columns
    counted = Measure(
        source=source,
        aggregate="any",
        where=Expression(text=text, tree=present, columns=columns),
        end=metric.within,
        digits=0,
    )
    return replace(counted, aggregate="mean", value=points, digits=6), counted
