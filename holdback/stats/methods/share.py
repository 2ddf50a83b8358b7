"""A share of few: how many of so many, with its range."""

from __future__ import annotations

from scipy.special import betaincinv

from holdback.stats.evidence.effect import Interval

__all__ = ["share_interval"]


def share_interval(count: int, n: int, *, level: float = 0.95) -> Interval:
    """Jeffreys interval of a share: quantiles of Beta(count + 1/2, n − count + 1/2).

    Its ends are 0 for none and 1 for all (Brown, Cai & DasGupta 2001, Statistical
    Science 16: 101–133). Raises ValueError unless 0 ≤ count ≤ n and n ≥ 1.

    >>> share_interval(0, 10).lower
    0.0
    """
    if not 0 <= count <= n or n < 1:
        raise ValueError(f"{count} of {n} is no share.")
    tail = (1 - level) / 2
    a, b = count + 0.5, n - count + 0.5
    return Interval(
        lower=float(betaincinv(a, b, tail)) if count else 0.0,
        upper=float(betaincinv(a, b, 1 - tail)) if count < n else 1.0,
        level=level,
    )
