"""Several tests read together: adjusted p-values."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["benjamini_hochberg", "holm"]


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Holm's step-down p-values: the chance of any false claim stays below alpha.

    Holm (1979), Scandinavian Journal of Statistics 6: 65–70. p̃₍ᵢ₎ is the maximum
    over j ≤ i of (m − j + 1) p₍ⱼ₎, at most 1.

    >>> holm([0.01, 0.04])
    (0.02, 0.04)
    """
    m = len(p_values)
    adjusted = [0.0] * m
    worst = 0.0
    for rank, i in enumerate(sorted(range(m), key=lambda i: p_values[i])):
        worst = max(worst, (m - rank) * p_values[i])
        adjusted[i] = min(worst, 1.0)
    return tuple(adjusted)


def benjamini_hochberg(p_values: Sequence[float]) -> tuple[float, ...]:
    """Step-up p-values: the expected share of false claims stays below alpha.

    Benjamini & Hochberg (1995), Journal of the Royal Statistical Society B 57:
    289–300. p̃₍ᵢ₎ is the minimum over j ≥ i of m p₍ⱼ₎ / j.

    >>> benjamini_hochberg([0.01, 0.04])
    (0.02, 0.04)
    """
    m = len(p_values)
    adjusted = [0.0] * m
    best = 1.0
    order = sorted(range(m), key=lambda i: p_values[i])
    for rank in range(m, 0, -1):
        i = order[rank - 1]
        best = min(best, p_values[i] * (m / rank))
        adjusted[i] = best
    return tuple(adjusted)
