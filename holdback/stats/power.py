"""Power, sample size and detectable lift of a two-sided test at any split."""

from __future__ import annotations

from dataclasses import dataclass
from math import asin, ceil, expm1, log1p, pi, sin, sqrt

from holdback.stats.normal import cdf, quantile

__all__ = ["MeanDesign", "ProportionDesign"]


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
        """Chance to find a true relative lift with so many units in all arms."""
        shift = abs(self._effect(lift)) / (_unit_error(self) / sqrt(units))
        return _two_sided(shift, self.alpha)

    def units_needed(self, *, lift: float, power: float) -> int:
        """Units in all arms that find a true relative lift with this power."""
        need = _quantiles(self.alpha, power) * _unit_error(self) / self._effect(lift)
        return ceil(need**2)

    def detectable_lift(self, *, units: float, power: float) -> float:
        """The smallest rise that is found with this power, as a relative lift.

        Raises ValueError when even a rate of 100 % would not be.
        """
        need = _quantiles(self.alpha, power) * _unit_error(self) / sqrt(units)
        angle = asin(sqrt(self.rate)) + need / 2
        if angle > pi / 2:
            raise ValueError("no rate up to 100 % would be detected.")
        return sin(angle) ** 2 / self.rate - 1

    def _effect(self, lift: float) -> float:
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
        error = self.cv * _unit_error(self) / sqrt(units)
        return _two_sided(abs(log1p(lift)) / error, self.alpha)

    def units_needed(self, *, lift: float, power: float) -> int:
        """Units in all arms that find a true relative lift with this power."""
        need = _quantiles(self.alpha, power) * self.cv * _unit_error(self)
        return ceil((need / log1p(lift)) ** 2)

    def detectable_lift(self, *, units: float, power: float) -> float:
        """The smallest rise that is found with this power, as a relative lift."""
        need = _quantiles(self.alpha, power) * self.cv * _unit_error(self)
        return expm1(need / sqrt(units))


def _unit_error(design: ProportionDesign | MeanDesign) -> float:
    """√(1/share₁ + 1/share₂): the error of a difference, in one unit's deviations."""
    return sqrt(1 / design.control_share + 1 / design.treatment_share)


def _quantiles(alpha: float, power: float) -> float:
    if not alpha / 2 < power < 1:
        raise ValueError(f"`power` must lie in ({alpha / 2}, 1), got {power}.")
    return quantile(1 - alpha / 2) + quantile(power)


def _two_sided(shift: float, alpha: float) -> float:
    z = quantile(1 - alpha / 2)
    return cdf(shift - z) + cdf(-shift - z)


def _check_shares(control: float, treatment: float, alpha: float) -> None:
    if not (control > 0 and treatment > 0 and control + treatment <= 1 + 1e-9):
        raise ValueError(
            f"shares must be above 0 and sum to at most 1, got {control}, {treatment}."
        )
    if not 0 < alpha < 1:
        raise ValueError(f"`alpha` must lie in (0, 1), got {alpha}.")
