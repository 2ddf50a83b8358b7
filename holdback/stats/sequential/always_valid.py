"""Always-valid reading: an interval that may be looked at whenever one likes."""

from __future__ import annotations

from math import e, log, sqrt

__all__ = ["TUNED_AT", "multiplier"]

TUNED_AT = 5000
"""Units at which the sequence is narrowest, where nothing says otherwise."""


def multiplier(n: float, *, tuned_at: float = TUNED_AT, alpha: float = 0.05) -> float:
    """Half-width of the confidence sequence after `n` units, in standard errors.

    √((1 + 1/(nρ²)) ln((nρ² + 1)/α²)), the asymptotic confidence sequence of
    Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas (arXiv 2103.06476), with ρ² such
    that it is narrowest at `tuned_at` units: ρ² n* = c with c − ln(1 + c) = −2 ln α,
    which is c = −W₋₁(−α²/e) − 1. It holds at all times at once for large samples, so
    it costs width at any single one.

    Raises ValueError unless `n` and `tuned_at` are above 0 and alpha in (0, 1).

    >>> round(multiplier(10_000, tuned_at=10_000), 3)
    3.035
    """
    if n <= 0 or tuned_at <= 0 or not 0 < alpha < 1:
        raise ValueError(
            f"`n` and `tuned_at` must be above 0 and `alpha` in (0, 1), got {n}, "
            f"{tuned_at}, {alpha}."
        )
    scaled = n / tuned_at * _best(alpha)
    return sqrt((1 + 1 / scaled) * log((scaled + 1) / alpha**2))


def _best(alpha: float) -> float:
    """The c > 0 with c − ln(1 + c) = −2 ln α: the lower branch of Lambert's W."""
    from scipy.special import lambertw

    return -float(lambertw(-(alpha**2) / e, -1).real) - 1
