"""Power, sample size and detectable effect of a test at any split.

Every design says how far a true lift lies from one that is to be excluded, in errors
of the estimate for one unit (`drift`). All questions of power are then the same
arithmetic: two-sided, not worse than a margin, or equivalent. They follow from the
estimate being normal (derived here). Sizes leave out the chance to find an effect on
the wrong side, so they are on the safe one.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, expm1, log1p, sqrt

from holdback.stats.numeric import cdf, quantile, root

__all__ = [
    "USUAL_POWER",
    "Baseline",
    "Drift",
    "MeanDesign",
    "PowerDesign",
    "ProportionDesign",
    "ScoreDesign",
    "equivalence_power",
    "exceeding_power",
    "not_worse_power",
    "units_for_exceeding",
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
class Drift:
    """How far the truth lies from a lift that is to be excluded.

    `per_root`: in the estimate's errors, of one unit: times √units it is z's mean;
    `null`: the error that the test takes, as a multiple of the true one.
    """

    per_root: float
    null: float = 1.0

    def chance(self, units: float, z: float) -> float:
        """Of an estimate more than `z` of the test's errors beyond what is excluded.

        On the side of the truth, from which drift is counted.
        """
        return cdf(self.per_root * sqrt(units) - z * self.null)

    def units(self, z: float, power: float) -> float:
        """Units whose `chance` is the power."""
        return ((z * self.null + quantile(power)) / self.per_root) ** 2


@dataclass(frozen=True, slots=True, kw_only=True)
class ProportionDesign:
    """A rate compared between two arms by the score test, as the analysis does it.

    `rate` is control's; the shares are parts of all units. The test's error is that of
    rates that fit the excluded lift best; for no lift both are the pooled rate p̄. Equal
    arms then need n = (z √(2 p̄ q̄) + z' √(p₁q₁ + p₂q₂))² / (p₂ − p₁)² units each
    (Fleiss, Levin & Paik 2003, Statistical Methods for Rates and Proportions, ch. 4);
    other lifts: Farrington & Manning (1990), Statistics in Medicine 9: 1447–1454.
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
        return _two_sided(self, lift, units)

    def units_needed(self, *, lift: float, power: float) -> int:
        """Units in all arms that find a true relative lift with this power.

        Raises ValueError as `power` does, or for a power that is not between alpha/2
        and 1.
        """
        return _units(self, lift, 0.0, power)

    def detectable_lift(self, *, units: float, power: float) -> float:
        """The smallest rise that is found with this power, as a relative lift.

        Raises ValueError when even a rate of 100 % would not be, or for a power that
        is not between alpha/2 and 1.
        """
        _check_power(self.alpha, power)
        z, aim = quantile(1 - self.alpha / 2), quantile(power)

        def beyond(lift: float) -> float:
            drift = self.drift(lift)
            return drift.per_root * sqrt(units) - z * drift.null - aim

        most = (1 - self.rate) / self.rate
        if beyond(most * (1 - 1e-9)) < 0:
            raise ValueError("no rate up to 100 % would be detected.")
        return root(beyond, 0.0, most * (1 - 1e-9))

    def drift(self, lift: float, excluded: float = 0.0) -> Drift:
        """How far a true lift lies from another.

        Raises ValueError for a lift that takes the rate out of [0, 1].
        """
        treated, edge = (self._lifted(one) for one in (lift, excluded))
        control, weights = self.rate, (self.control_share, self.treatment_share)
        ratio = edge / control
        null = _restricted(control, treated, ratio, weights)
        gap = treated - ratio * control
        true = _error(control, treated, ratio, weights)
        return Drift(
            per_root=gap / true, null=_error(null, ratio * null, ratio, weights) / true
        )

    def _lifted(self, lift: float) -> float:
        treated = self.rate * (1 + lift)
        if not 0 <= treated <= 1:
            raise ValueError(f"a lift of {lift} takes the rate to {treated}.")
        return treated


def _restricted(
    control: float, treated: float, ratio: float, weights: tuple[float, float]
) -> float:
    """Control's rate that is likeliest where treated / control is `ratio`.

    The smaller root of A p² + B p + C, as in the score range of a ratio of rates
    (Miettinen & Nurminen 1985, Statistics in Medicine 4: 213–226).
    """
    w_c, w_t = weights
    if ratio == 0:
        return control
    a = (w_c + w_t) * ratio
    b = -(w_t * ratio + w_t * treated + w_c + w_c * control * ratio)
    c = w_c * control + w_t * treated
    return 2 * c / (-b + sqrt(max(0.0, b * b - 4 * a * c)))


def _error(
    control: float, treated: float, ratio: float, weights: tuple[float, float]
) -> float:
    """Of treated − ratio × control, for one unit in all arms."""
    w_c, w_t = weights
    variance = treated * (1 - treated) / w_t + ratio**2 * control * (1 - control) / w_c
    return sqrt(max(0.0, variance))


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
        return _two_sided(self, lift, units)

    def units_needed(self, *, lift: float, power: float) -> int:
        """Units in all arms that find a true relative lift with this power.

        Raises ValueError for a power that is not between alpha/2 and 1.
        """
        return _units(self, lift, 0.0, power)

    def detectable_lift(self, *, units: float, power: float) -> float:
        """The smallest rise that is found with this power, as a relative lift.

        Raises ValueError for a power that is not between alpha/2 and 1.
        """
        return expm1(_quantiles(self.alpha, power) * self.unit_error / sqrt(units))

    @property
    def unit_error(self) -> float:
        """Error of ln R, for one unit in all arms."""
        return self.cv * _split_error(self)

    def drift(self, lift: float, excluded: float = 0.0) -> Drift:
        """How far a true lift lies from another, both as ln(1 + lift)."""
        return Drift(per_root=(log1p(lift) - log1p(excluded)) / self.unit_error)


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
        return _units(self, lift, 0.0, power)

    def detectable_lift(self, *, units: float, power: float) -> float:
        """The smallest difference that is found with this power, in points.

        Raises ValueError for a power that is not between alpha/2 and 1.
        """
        return _quantiles(self.alpha, power) * self.unit_error / sqrt(units)

    @property
    def unit_error(self) -> float:
        """Error of the difference, for one unit in all arms, whether it answers."""
        return self.sd * _split_error(self) / sqrt(self.response_rate)

    def drift(self, lift: float, excluded: float = 0.0) -> Drift:
        """How far a true difference lies from another."""
        return Drift(per_root=(lift - excluded) / self.unit_error)


PowerDesign = ProportionDesign | MeanDesign | ScoreDesign


def not_worse_power(design: PowerDesign, *, margin: float, units: float) -> float:
    """Chance to show that nothing is lost beyond a margin, where nothing is lost.

    `margin` is the lift at the edge of what is accepted (−0.02 where a fall of 2 % is,
    0.02 where a rise is). One side at alpha/2, as the two-sided interval is read
    against the margin: one of the two one-sided tests of Schuirmann (1987). Raises
    ValueError for a margin that no rate can reach.
    """
    z = quantile(1 - design.alpha / 2)
    return _towards(design.drift(0.0, margin)).chance(units, z)


def units_for_not_worse(design: PowerDesign, *, margin: float, power: float) -> int:
    """Units in all arms with which `not_worse_power` is reached.

    Raises ValueError for a power that is not between alpha/2 and 1, or a margin that no
    rate can reach.
    """
    return _units(design, 0.0, margin, power)


def equivalence_power(design: PowerDesign, *, margin: float, units: float) -> float:
    """Chance to show a change of less than ± `margin` where there is none (TOST).

    Both one-sided tests at alpha/2, as the whole interval must lie inside; the nearer
    edge counts (Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics 15:
    657–680). Raises ValueError for a margin that no rate can reach.
    """
    z = quantile(1 - design.alpha / 2)
    up, down = (
        _towards(design.drift(0.0, edge)).chance(units, z) for edge in (margin, -margin)
    )
    return max(0.0, up + down - 1)


def exceeding_power(
    design: PowerDesign, *, lift: float, threshold: float, level: float, units: float
) -> float:
    """Chance that a one-sided reading at `level` puts a true `lift` above a threshold.

    With a flat prior it is the chance that P(lift > threshold) reaches the level
    (derived here from the normal estimate). Raises ValueError for a lift that no rate
    can reach.
    """
    return design.drift(lift, threshold).chance(units, quantile(level))


def units_for_exceeding(
    design: PowerDesign, *, lift: float, threshold: float, level: float, power: float
) -> float:
    """Units in all arms with which `exceeding_power` is reached, before rounding up.

    Raises ValueError for a lift that is not above the threshold, or that no rate can
    reach.
    """
    if lift <= threshold:
        raise ValueError(f"a lift of {lift} does not exceed {threshold}.")
    return design.drift(lift, threshold).units(quantile(level), power)


def _towards(drift: Drift) -> Drift:
    """The same, counted as a distance."""
    return Drift(per_root=abs(drift.per_root), null=drift.null)


def _split_error(design: MeanDesign | ScoreDesign) -> float:
    """√(1/share₁ + 1/share₂): the error of a difference, in one unit's deviations."""
    return sqrt(1 / design.control_share + 1 / design.treatment_share)


def _units(design: PowerDesign, lift: float, excluded: float, power: float) -> int:
    _check_power(design.alpha, power)
    drift = _towards(design.drift(lift, excluded))
    return ceil(drift.units(quantile(1 - design.alpha / 2), power))


def _quantiles(alpha: float, power: float) -> float:
    _check_power(alpha, power)
    return quantile(1 - alpha / 2) + quantile(power)


def _check_power(alpha: float, power: float) -> None:
    if not alpha / 2 < power < 1:
        raise ValueError(f"`power` must lie in ({alpha / 2}, 1), got {power}.")


def _two_sided(design: PowerDesign, lift: float, units: float) -> float:
    z = quantile(1 - design.alpha / 2)
    there = _towards(design.drift(lift))
    back = Drift(per_root=-there.per_root, null=there.null)
    return there.chance(units, z) + back.chance(units, z)


def _check_shares(control: float, treatment: float, alpha: float) -> None:
    if not (control > 0 and treatment > 0 and control + treatment <= 1 + 1e-9):
        raise ValueError(
            f"shares must be above 0 and sum to at most 1, got {control}, {treatment}."
        )
    if not 0 < alpha < 1:
        raise ValueError(f"`alpha` must lie in (0, 1), got {alpha}.")
