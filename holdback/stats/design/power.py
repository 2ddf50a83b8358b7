"""Power, sample size and detectable effect of a test at any split.

Every design says what a true effect is on its own scale (`effect`) and how large the
error of that is for one unit (`unit_error`, divided by √units). All questions of power
are then the same arithmetic: two-sided, not worse than a margin, or equivalent. They
follow from the estimate being normal (derived here). Sizes leave out the chance to find
an effect on the wrong side, so they are on the safe one.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, ceil, expm1, log1p, pi, sin, sqrt

from holdback.stats.numeric import cdf, quantile

__all__ = [
    "USUAL_POWER",
    "Baseline",
    "MeanDesign",
    "PowerDesign",
    "ProportionDesign",
    "ScoreDesign",
    "equivalence_power",
    "exceeding_power",
    "not_worse_power",
    "units_for_not_worse",
]

USUAL_POWER = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """A metric as it is without the test: mean and relative spread of one unit.

    `cv` is the coefficient of variation of a unit's (linearized) value; `days` the
    length of the history, None where the figure was given. A score has no `cv`
    (None) and the deviation `sd` of one answer instead; `response_rate` is the share
    of units that answer. `saved` is the part of the variance that covariates from
    before exposure take off, `skew` the skewness of a unit's value.
    """

    mean: float
    cv: float | None
    nonzero_share: float | None = None
    days: int | None = None
    sd: float | None = None
    response_rate: float | None = None
    saved: float = 0.0
    skew: float | None = None

    @property
    def spread_left(self) -> float:
        """What covariates leave of the deviation, as a share of it."""
        return sqrt(1 - self.saved)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProportionDesign:
    """A rate compared between two arms: Cohen's arcsine transform.

    `rate` is control's; the shares are parts of all units. Cohen (1988), Statistical
    Power Analysis, ch. 6: h = 2 asin √p₁ − 2 asin √p₂, with standard error
    √(1/n₁ + 1/n₂).
    """

    rate: float
    control_share: float
    treatment_share: float
    alpha: float = 0.05

    def __post_init__(self) -> None:
        if not 0 < self.rate < 1:
            raise ValueError(f"`rate` must lie in (0, 1), got {self.rate}.")
        _check_shares(self.control_share, self.treatment_share, self.alpha)

    def power(self, *, lift: float, units: float) -> float:
        """Chance to find a true relative lift with so many units in all arms.

        Raises ValueError for a lift that takes the rate out of [0, 1].
        """
        return _two_sided(self, self.effect(lift), units)

    def units_needed(self, *, lift: float, power: float) -> int:
        """Units in all arms that find a true relative lift with this power.

        Raises ValueError as `power` does, or for a power that is not between alpha/2
        and 1.
        """
        return _units(self, self.effect(lift), power)

    def detectable_lift(self, *, units: float, power: float) -> float:
        """The smallest rise that is found with this power, as a relative lift.

        Raises ValueError when even a rate of 100 % would not be, or for a power that
        is not between alpha/2 and 1.
        """
        need = _quantiles(self.alpha, power) * self.unit_error / sqrt(units)
        angle = asin(sqrt(self.rate)) + need / 2
        if angle > pi / 2:
            raise ValueError("no rate up to 100 % would be detected.")
        return sin(angle) ** 2 / self.rate - 1

    @property
    def unit_error(self) -> float:
        """Error of the difference of angles, for one unit in all arms."""
        return _split_error(self)

    def effect(self, lift: float) -> float:
        """The difference of angles that a lift makes, in radians.

        Raises ValueError for a lift that takes the rate out of [0, 1].
        """
        treated = self.rate * (1 + lift)
        if not 0 <= treated <= 1:
            raise ValueError(f"a lift of {lift} takes the rate to {treated}.")
        return 2 * asin(sqrt(treated)) - 2 * asin(sqrt(self.rate))


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanDesign:
    """A mean (or ratio) compared between two arms, on the log scale.

    `cv` is the coefficient of variation of one unit's value. The analysis reads
    ln R with standard error CV √(1/n₁ + 1/n₂), so the power is that of a shift of
    ln(1 + lift) at this error: a little less than the formula for differences gives
    for a rise, a little more for a fall. For a ratio, `cv` is that of its linearized
    values; a covariate of correlation ρ multiplies it by √(1 − ρ²).
    """

    cv: float
    control_share: float
    treatment_share: float
    alpha: float = 0.05

    def __post_init__(self) -> None:
        if not self.cv > 0:
            raise ValueError(f"`cv` must be above 0, got {self.cv}.")
        _check_shares(self.control_share, self.treatment_share, self.alpha)

    def power(self, *, lift: float, units: float) -> float:
        """Chance to find a true relative lift with so many units in all arms."""
        return _two_sided(self, self.effect(lift), units)

    def units_needed(self, *, lift: float, power: float) -> int:
        """Units in all arms that find a true relative lift with this power.

        Raises ValueError for a power that is not between alpha/2 and 1.
        """
        return _units(self, self.effect(lift), power)

    def detectable_lift(self, *, units: float, power: float) -> float:
        """The smallest rise that is found with this power, as a relative lift.

        Raises ValueError for a power that is not between alpha/2 and 1.
        """
        return expm1(_quantiles(self.alpha, power) * self.unit_error / sqrt(units))

    @property
    def unit_error(self) -> float:
        """Error of ln R, for one unit in all arms."""
        return self.cv * _split_error(self)

    def effect(self, lift: float) -> float:
        """ln(1 + lift)."""
        return log1p(lift)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreDesign:
    """A score compared between two arms by the difference of its means.

    `sd` is the standard deviation of one answer, `response_rate` the share of units
    that answer; lifts are differences in the score's points.
    """

    sd: float
    control_share: float
    treatment_share: float
    alpha: float = 0.05
    response_rate: float = 1.0

    def __post_init__(self) -> None:
        if not self.sd > 0:
            raise ValueError(f"`sd` must be above 0, got {self.sd}.")
        if not 0 < self.response_rate <= 1:
            raise ValueError(
                f"`response_rate` lies in (0, 1], got {self.response_rate}."
            )
        _check_shares(self.control_share, self.treatment_share, self.alpha)

    def power(self, *, lift: float, units: float) -> float:
        """Chance to find a true difference with so many units in all arms."""
        return _two_sided(self, lift, units)

    def units_needed(self, *, lift: float, power: float) -> int:
        """Units in all arms that find a true difference with this power.

        Raises ValueError for a power that is not between alpha/2 and 1.
        """
        return _units(self, lift, power)

    def detectable_lift(self, *, units: float, power: float) -> float:
        """The smallest difference that is found with this power, in points.

        Raises ValueError for a power that is not between alpha/2 and 1.
        """
        return _quantiles(self.alpha, power) * self.unit_error / sqrt(units)

    @property
    def unit_error(self) -> float:
        """Error of the difference, for one unit in all arms, whether it answers."""
        return self.sd * _split_error(self) / sqrt(self.response_rate)

    def effect(self, lift: float) -> float:
        """The difference itself."""
        return lift


PowerDesign = ProportionDesign | MeanDesign | ScoreDesign


def not_worse_power(design: PowerDesign, *, margin: float, units: float) -> float:
    """Chance to show that nothing is lost beyond a margin, where nothing is lost.

    `margin` is the lift at the edge of what is accepted (−0.02 where a fall of 2 % is,
    0.02 where a rise is). One side at alpha/2, as the two-sided interval is read
    against the margin: one of the two one-sided tests of Schuirmann (1987).
    """
    shift = abs(design.effect(margin)) * sqrt(units) / design.unit_error
    return cdf(shift - quantile(1 - design.alpha / 2))


def units_for_not_worse(design: PowerDesign, *, margin: float, power: float) -> int:
    """Units in all arms with which `not_worse_power` is reached.

    Raises ValueError for a power that is not between alpha/2 and 1.
    """
    return _units(design, design.effect(margin), power)


def equivalence_power(design: PowerDesign, *, margin: float, units: float) -> float:
    """Chance to show a change of less than ± `margin` where there is none (TOST).

    Both one-sided tests at alpha/2, as the whole interval must lie inside; the nearer
    edge counts (Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics 15:
    657–680).
    """
    z, root = quantile(1 - design.alpha / 2), sqrt(units) / design.unit_error
    up, down = design.effect(margin) * root, -design.effect(-margin) * root
    return max(0.0, cdf(up - z) + cdf(down - z) - 1)


def exceeding_power(
    design: PowerDesign, *, lift: float, threshold: float, level: float, units: float
) -> float:
    """Chance that a one-sided reading at `level` puts a true `lift` above a threshold.

    With a flat prior it is the chance that P(lift > threshold) reaches the level
    (derived here from the normal estimate).
    """
    gap = design.effect(lift) - design.effect(threshold)
    return cdf(gap * sqrt(units) / design.unit_error - quantile(level))


def _split_error(design: PowerDesign) -> float:
    """√(1/share₁ + 1/share₂): the error of a difference, in one unit's deviations."""
    return sqrt(1 / design.control_share + 1 / design.treatment_share)


def _units(design: PowerDesign, effect: float, power: float) -> int:
    return ceil((_quantiles(design.alpha, power) * design.unit_error / effect) ** 2)


def _quantiles(alpha: float, power: float) -> float:
    if not alpha / 2 < power < 1:
        raise ValueError(f"`power` must lie in ({alpha / 2}, 1), got {power}.")
    return quantile(1 - alpha / 2) + quantile(power)


def _two_sided(design: PowerDesign, effect: float, units: float) -> float:
    shift = abs(effect) * sqrt(units) / design.unit_error
    z = quantile(1 - design.alpha / 2)
    return cdf(shift - z) + cdf(-shift - z)


def _check_shares(control: float, treatment: float, alpha: float) -> None:
    if not (control > 0 and treatment > 0 and control + treatment <= 1 + 1e-9):
        raise ValueError(
            f"shares must be above 0 and sum to at most 1, got {control}, {treatment}."
        )
    if not 0 < alpha < 1:
        raise ValueError(f"`alpha` must lie in (0, 1), got {alpha}.")
