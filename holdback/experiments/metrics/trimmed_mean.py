"""Mean of the units in the middle: what is left when a share is cut from each tail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from math import copysign, expm1, floor, log, sqrt
from typing import TYPE_CHECKING, ClassVar

from holdback.experiments.kinds.metric import Metric, kinds
from holdback.experiments.language.expression import Expression
from holdback.experiments.language.measure import Aggregate, EvidenceKind, Measure
from holdback.facts import Fact, fact

if TYPE_CHECKING:
    from holdback.stats.design.simulated_power import SimulatedPower
    from holdback.stats.evidence.arm_evidence import ArmEvidence, ValueCounts
    from holdback.stats.evidence.effect import Estimate, Inference
    from holdback.stats.evidence.sample import Sample
    from holdback.stats.evidence.tails import StudentTails

__all__ = ["TrimmedMean"]

LEAST_KEPT = 20
"""Units of an arm with a value other than 0 that must be left."""


@kinds.register("trimmed_mean")
@dataclass(frozen=True, slots=True, kw_only=True)
class TrimmedMean(Metric):
    """Mean over units of an aggregate of each unit's rows, without both tails.

    The share `trim` of each arm's units with the smallest values is left out, and as
    many with the largest: zeros count as values. It is the mean of the usual unit, so
    no sum, and never the money of a test.
    """

    evidence: ClassVar[EvidenceKind] = "value_counts"

    source: str
    value: Expression | None = None
    aggregate: Aggregate | None = None
    trim: Fraction = field(
        default=Fraction(1, 20),
        metadata={"meaning": "The share left out at each end, such as 5%."},
    )

    def __post_init__(self) -> None:
        if not 0 < self.trim < Fraction(1, 2):
            raise ValueError(
                "`trim` is cut from each end and lies above 0% and below 50%, such as "
                "5%; 50% would leave no unit"
            )
        if self.cap is not None:
            raise ValueError("`trim` already leaves the largest values out of it")

    def measures(self) -> tuple[Measure, ...]:
        """What to collect of each unit."""
        aggregate = self.aggregate or ("count" if self.value is None else "sum")
        counts = aggregate in {"count", "distinct", "any"}
        return (
            Measure(
                source=self.source,
                aggregate=aggregate,
                value=self.value,
                where=self.where,
                end=self.within,
                digits=0 if counts else self.digits,
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
        """Yuen's test of the difference, and the same on the log ratio."""
        del tests
        first, second = (
            Middle.of(arm.value_counts, self.trim) for arm in (control, treatment)
        )
        return compare_middles(first, second, level=level, trim=self.trim)

    @property
    def can_be_simulated(self) -> bool:
        """The tests of a plan are drawn from units seen before."""
        return True

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
        """Power with units drawn again, their values multiplied, read by the same test.

        Raises ValueError where there is nothing to draw.
        """
        from holdback.stats.design.simulated_power import power_by
        from holdback.stats.evidence.arm_evidence import ValueCounts

        def read(control: Sample, treated: Sample) -> int:
            first, second = (
                Middle.of(ValueCounts.of_sample(side), self.trim)
                for side in (control, treated)
            )
            if any(_refusal(arm, "", self.trim) for arm in (first, second)):
                return 0
            test = _log_ratio(first, second) or _difference(first, second)
            return int(copysign(abs(test.t) > test.reach(level), test.t))

        return power_by(read, units, sizes=sizes, lifts=lifts, runs=runs, seed=seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Middle:
    """What is left of an arm of `n` units: `kept` of them, `nonzero` with a value.

    `variance` is that of their `mean`, from the winsorized deviations of all.
    """

    mean: float
    variance: float
    n: int
    kept: int
    nonzero: int

    @classmethod
    def of(cls, counts: ValueCounts, trim: Fraction) -> Middle:
        """The middle of counted values, exact where several units have the same.

        With g = ⌊trim · n⌋ units left out at each end, h = n − 2g, and SSD the sum of
        squared deviations after the g smallest are set to the smallest one left and
        the g largest to the largest, the variance is SSD / (h (h − 1)) (Yuen 1974,
        "The two-sample trimmed t for unequal population variances", Biometrika 61:
        165–170).
        """
        import numpy as np

        if len(counts.strata) > 1:
            return cls._of_strata(counts, float(trim))
        n = counts.n
        cut = floor(trim * n)
        kept = n - 2 * cut
        if kept < 2:  # a variance needs two
            return cls(mean=0.0, variance=0.0, n=n, kept=kept, nonzero=0)
        order = np.argsort(counts.values[:, 0], kind="stable")
        values, units = counts.values[order, 0], counts.units[order]
        through = np.cumsum(units)
        left = np.clip(
            np.minimum(through, n - cut) - np.maximum(through - units, cut), 0, None
        )
        mean = float(left @ values) / kept
        lowest, highest = values[np.flatnonzero(left)[[0, -1]]]
        pulled = np.clip(values, lowest, highest)
        deviations = pulled - float(units @ pulled) / n
        return cls(
            mean=mean,
            variance=float(units @ deviations**2) / (kept * (kept - 1)),
            n=n,
            kept=kept,
            nonzero=int(left[values != 0].sum()),
        )

    @classmethod
    def _of_strata(cls, counts: ValueCounts, trim: float) -> Middle:
        """The middle of the weighted strata.

        A unit of a stratum counts w/n; the share `trim` of the weight is cut from each
        end, and the variance is Σ w² s²/n over (1 − 2 trim)², s² that of the winsorized
        values in the stratum (the influence function of the trimmed mean: Huber 1981,
        Robust Statistics, section 3.3). `kept` is the effective number that is left.
        """
        import numpy as np

        values = counts.values[:, 0]
        mass = np.concatenate([w * part.units / part.n for w, part in counts.strata])
        order = np.argsort(values, kind="stable")
        through = np.cumsum(mass[order])
        edges = np.minimum(through, 1 - trim), np.maximum(through - mass[order], trim)
        left = np.clip(edges[0] - edges[1], 0, None)
        inside = left > 1e-12  # no unit is that light
        left, rest = left[inside], 1 - 2 * trim
        lowest, highest = values[order][inside][[0, -1]]
        spread = sum(
            w**2
            * float(part.units @ (pulled - float(part.units @ pulled) / part.n) ** 2)
            / (part.n - 1)
            / part.n
            for w, part in counts.strata
            for pulled in [np.clip(part.values[:, 0], lowest, highest)]
        )
        effective = 1 / sum(w**2 / part.n for w, part in counts.strata)
        kept = counts.units[order][inside]
        return cls(
            mean=float(left @ values[order][inside]) / float(left.sum()),
            variance=spread / rest**2,
            n=counts.n,
            kept=floor(rest * effective),
            nonzero=int(kept[values[order][inside] != 0].sum()),
        )

    @property
    def kept_units(self) -> bool:
        """Whether enough units are left for a mean and its variance."""
        return self.kept > 1

    @property
    def estimate(self) -> Estimate:
        """In the words of every method."""
        from holdback.stats.evidence.effect import Estimate

        return Estimate(
            value=self.mean,
            se=sqrt(self.variance),
            n=self.n,
            third=0.0,
            nonzero=self.nonzero,
        )


def compare_middles(
    control: Middle, treatment: Middle, *, level: float, trim: Fraction
) -> Inference:
    """Difference and ratio of two trimmed means.

    The difference by Yuen's test, its null that they are equal; the lift by the delta
    method on the log ratio with the same winsorized variances and degrees of freedom,
    its null a ratio of 1, which is the one that p-value and verdict are of. Where an
    arm's value is not above its own error there is no lift, and p-value and verdict
    are Yuen's. No range where fewer than 20 of the units that are left have a value, or
    all are alike; no number where only zeros are left.
    """
    for side, arm in (("control", control), ("treatment", treatment)):
        refusal = _refusal(arm, side, trim)
        if refusal is not None:
            return _untested(control, treatment, refusal, level)
    return _tested(control, treatment, level=level, trim=trim)


def _refusal(arm: Middle, side: str, trim: Fraction) -> Fact | None:
    """Why an arm cannot be judged; None where it can."""
    if not arm.kept_units:
        return fact("trimmed_mean.few_units", side=side, units=arm.n)
    if not arm.nonzero:
        return fact("trimmed_mean.only_zeros", side=side, trim=float(trim))
    if arm.nonzero < LEAST_KEPT:
        return fact(
            "trimmed_mean.few_values", side=side, units=arm.nonzero, least=LEAST_KEPT
        )
    return fact("trimmed_mean.no_spread", side=side) if arm.variance == 0 else None


def _untested(
    control: Middle, treatment: Middle, refusal: Fact, level: float
) -> Inference:
    """The values and their difference as they were seen, where both arms have one."""
    from holdback.stats.evidence.effect import Contrast, Inference, Interval

    estimable = all(arm.kept_units and arm.nonzero for arm in (control, treatment))
    return Inference(
        control=control.estimate if estimable else None,
        treatment=treatment.estimate if estimable else None,
        absolute=Contrast(
            value=treatment.mean - control.mean,
            se=sqrt(control.variance + treatment.variance),
            interval=Interval(lower=None, upper=None, level=level),
        )
        if estimable
        else None,
        relative=None,
        p_value=None,
        method="none",
        note=refusal,
    )


def _tested(
    control: Middle, treatment: Middle, *, level: float, trim: Fraction
) -> Inference:
    from holdback.stats.evidence.effect import Contrast, Inference, Interval, LogRatio
    from holdback.stats.numeric import quantile

    seen, difference = treatment.mean - control.mean, _difference(control, treatment)
    off = difference.reach(level) * difference.error
    relative = log_ratio = None
    ratio = _log_ratio(control, treatment)
    if ratio is not None:
        far = ratio.reach(level) * ratio.error
        width = far / quantile((1 + level) / 2)
        lift = expm1(ratio.seen)
        log_ratio = LogRatio(value=ratio.seen, se=width)
        relative = Contrast(
            value=lift,
            se=(1 + lift) * width,
            interval=Interval(
                lower=expm1(ratio.seen - far),
                upper=expm1(ratio.seen + far),
                level=level,
            ),
        )
    return Inference(
        control=control.estimate,
        treatment=treatment.estimate,
        absolute=Contrast(
            value=seen,
            se=difference.error,
            interval=Interval(lower=seen - off, upper=seen + off, level=level),
        ),
        relative=relative,
        p_value=(ratio or difference).p_value,
        method="yuen_welch" if ratio is None else "yuen_log_ratio",
        note=fact("trimmed_mean.difference", trim=float(trim))
        if ratio is None
        else fact("methods.trimmed_mean", trim=float(trim)),
        log_ratio=log_ratio,
        tails=(ratio or difference).tails,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Student:
    """What was seen of a quantity that is 0 without an effect, over its error."""

    seen: float
    error: float
    freedom: float

    @property
    def t(self) -> float:
        """Student's t."""
        return self.seen / self.error

    @property
    def p_value(self) -> float:
        """Two-sided."""
        from scipy.special import stdtr

        return float(2 * stdtr(self.freedom, -abs(self.t)))

    @property
    def tails(self) -> StudentTails:
        """One-sided p-values at any value of the quantity."""
        from holdback.stats.evidence.tails import StudentTails

        return StudentTails(value=self.seen, error=self.error, freedom=self.freedom)

    def reach(self, level: float) -> float:
        """How many errors an interval reaches to each side."""
        from scipy.special import stdtrit

        return float(stdtrit(self.freedom, (1 + level) / 2))


def _difference(control: Middle, treatment: Middle) -> Student:
    """Yuen's test: Welch's, with the units that are left for those there are."""
    return _student(
        treatment.mean - control.mean,
        (control.variance, treatment.variance),
        (control, treatment),
    )


def _log_ratio(control: Middle, treatment: Middle) -> Student | None:
    """The same on the log ratio, by the delta method; None where it means nothing.

    With skewed values and a small control arm its two tails are far more alike than
    those of the difference, as an arm's spread grows with its mean. Both means must
    lie above their own error.
    """
    arms = control, treatment
    if min(arm.mean - sqrt(arm.variance) for arm in arms) <= 0:
        return None
    first, second = (arm.variance / arm.mean**2 for arm in arms)
    return _student(log(treatment.mean / control.mean), (first, second), arms)


def _student(
    seen: float, variances: tuple[float, float], arms: tuple[Middle, Middle]
) -> Student:
    shares = [
        variance**2 / (arm.kept - 1)
        for variance, arm in zip(variances, arms, strict=True)
    ]
    both = sum(variances)
    return Student(seen=seen, error=sqrt(both), freedom=both**2 / sum(shares))
