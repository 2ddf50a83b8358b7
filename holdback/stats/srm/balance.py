"""Balance: whether a measure from before the test fell evenly into two arms."""

from __future__ import annotations

from math import sqrt

from holdback.stats.evidence.moments import Moments
from holdback.stats.evidence.stratified import StratifiedMoments
from holdback.stats.numeric import cdf
from holdback.stats.srm.agreement import fisher

__all__ = ["LEAST_EXPECTED_VALUES", "balance", "pearson_tails"]

LEAST_EXPECTED_VALUES = 5
"""Values other than 0 that the smaller arm should expect."""
SYMMETRIC = 1e-8
SKEWED = 0.5
"""Skewness of the mean from which Pearson's law ends before the true one does."""


def balance(control: Moments, treatment: Moments) -> float | None:
    """P-value of "the measure of `control` is that of a random part of both arms".

    Each arm's moments are of one measure, stratified alike or not at all. Null: who
    is in which arm is a random split of these units. The measured values are then
    fixed, and the mean of control has exactly the moments of a sample without
    replacement (`_split_moments`), whatever the values are; its law is taken for
    Pearson's type III with that skewness, and the p-value is twice the smaller tail.
    0/1 measures have Fisher's exact test. None where the smaller arm expects fewer
    than 5 values other than 0, or nothing varies.
    """
    both = control + treatment
    if min(control.n, treatment.n) < 2 or not _enough(control, both):
        return None
    if _is_binary(both):
        return fisher(
            (control.nonzero[0], treatment.nonzero[0]), (control.n, treatment.n)
        )
    moved = variance = third = 0.0
    for weight, part, whole in _strata(control, both):
        if not 2 < whole.n != part.n:
            continue
        own, cube = _split_moments(whole, part.n)
        moved += weight * float(part.mean[0] - whole.mean[0])
        variance += weight**2 * own
        third += weight**3 * cube
    if variance <= 0:
        return None
    tails = pearson_tails(moved / sqrt(variance), third / variance**1.5)
    return min(1.0, 2 * min(tails))


def pearson_tails(z: float, skewness: float) -> tuple[float, float]:
    """Lower and upper tail of a standardized Pearson type III law at `z`.

    A gamma law with shape 4 / γ² about its mean, mirrored for γ < 0. Its thin side
    ends at −2 / γ, where sums of heavy-tailed values do not end: from γ = ½ on that
    side is at least the normal's.
    """
    from scipy.special import gammainc, gammaincc

    if abs(skewness) < SYMMETRIC:
        return cdf(z), cdf(-z)
    if skewness < 0:
        lower, upper = pearson_tails(-z, -skewness)
        return upper, lower
    shape = 4 / skewness**2
    at = max(shape + 2 * z / skewness, 0.0)
    thin, long = float(gammainc(shape, at)), float(gammaincc(shape, at))
    return (max(thin, cdf(z)) if skewness > SKEWED else thin), long


def _split_moments(whole: Moments, n: int) -> tuple[float, float]:
    """Variance and third moment of the mean of `n` units drawn from `whole`.

    (N − n) M₂ / (n (N − 1)) and (N − n)(N − 2n) M₃ / (n² (N − 1)(N − 2)), with M the
    central moments of the N values: a sample without replacement (the variance:
    Cochran 1977, Sampling Techniques, theorem 2.2; the third moment derived alike and
    checked by enumerating splits).
    """
    size = whole.n
    second = float(whole.cov[0, 0]) * (size - 1) / size
    cube = float(whole.third[0, 0, 0])
    variance = (size - n) * second / (n * (size - 1))
    third = (size - n) * (size - 2 * n) * cube / (n**2 * (size - 1) * (size - 2))
    return variance, third


def _enough(control: Moments, both: Moments) -> bool:
    smaller = min(control.n, both.n - control.n)
    return both.nonzero[0] * smaller >= LEAST_EXPECTED_VALUES * both.n


def _is_binary(both: Moments) -> bool:
    """Whether every unit has 0 or 1, and all are compared at once."""
    alike = both.sums[0] == both.products[0] == both.nonzero[0]
    return both.digits[0] == 0 and alike and not isinstance(both, StratifiedMoments)


def _strata(control: Moments, both: Moments) -> list[tuple[float, Moments, Moments]]:
    """Weight, control's moments and those of both arms, of every stratum."""
    if isinstance(control, StratifiedMoments) and isinstance(both, StratifiedMoments):
        return list(zip(both.weights, control.parts, both.parts, strict=True))
    return [(1.0, control, both)]
