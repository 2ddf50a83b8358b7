"""How lopsided an estimate is: what decides whether a plain interval may be used."""

from __future__ import annotations

from math import sqrt

from holdback.stats.evidence.effect import Estimate

__all__ = ["log_lean", "skew_coefficient"]


def skew_coefficient(control: Estimate, treatment: Estimate) -> float:
    """A = (κ₃T − κ₃C) / (vT + vC)^1.5: how lopsided the difference of means is.

    κ₃ is the third cumulant of a mean and v its variance. In the first term of the
    Edgeworth expansion, each tail of Welch's interval at 95 % moves by φ(z) A
    (2z² + 1) / 6 = 8.45 % × A, one up, the other down (Boos & Hughes-Oliver 2000,
    The American Statistician 54: 121–128, for one sample). 0 when nothing varies.
    """
    error = sqrt(control.se**2 + treatment.se**2)
    return (treatment.third - control.third) / error**3 if error else 0.0


def log_lean(control: Estimate, treatment: Estimate) -> float:
    """B = (vC − vT) / (2 √(vC + vT)), v the relative variances: the log's own lean.

    The curvature of the logarithm moves each tail of the interval for the log ratio
    by φ(z) B z² = 22.5 % × B at 95 %, with the same sign as A moves it. 0 when
    nothing varies. The values must not be 0.
    """
    c = (control.se / control.value) ** 2
    t = (treatment.se / treatment.value) ** 2
    return (c - t) / (2 * sqrt(c + t)) if c + t > 0 else 0.0
