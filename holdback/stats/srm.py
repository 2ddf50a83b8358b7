"""Sample-ratio mismatch: counts per arm against planned integer widths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, lgamma, log, sqrt
from statistics import NormalDist

from scipy.optimize import brentq
from scipy.special import chdtrc, chdtri, chndtr

__all__ = ["SampleRatio", "srm"]

EXACT_BELOW = 1000
ALPHA = 0.001
POWER = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRatio:
    """The test and what it could have seen.

    `detectable_share` is the share of the first arm, below its planned one, that
    would have been found at α = .001 with 80 % power; None where no share would.
    """

    chi2: float
    p_value: float
    exact: bool
    detectable_share: float | None


def srm(counts: Sequence[int], widths: Sequence[int]) -> SampleRatio:
    """Test that units fell into the arms in proportion to `widths`.

    Pearson's chi-square; with two arms and fewer than 1,000 units the exact binomial
    test (minimum likelihood). `counts` and `widths`: (arms,), widths above 0. Raises
    ValueError when no unit was counted or a width is not positive.
    """
    total, whole = sum(counts), sum(widths)
    if total < 1 or min(widths) < 1 or len(counts) != len(widths):
        raise ValueError(f"`counts` {counts} cannot be tested against {widths}.")
    expected = [total * width / whole for width in widths]
    chi2 = sum((o - e) ** 2 / e for o, e in zip(counts, expected, strict=True))
    exact = len(counts) == 2 and total < EXACT_BELOW  # noqa: PLR2004
    return SampleRatio(
        chi2=chi2,
        p_value=_binomial(counts[0], total, widths[0] / whole)
        if exact
        else float(chdtrc(len(counts) - 1, chi2)),
        exact=exact,
        detectable_share=_detectable(total, widths[0] / whole),
    )


def _binomial(count: int, total: int, share: float) -> float:
    """Sum of the probabilities of all counts no more likely than the one seen."""
    logs = [
        lgamma(total + 1)
        - lgamma(k + 1)
        - lgamma(total - k + 1)
        + k * log(share)
        + (total - k) * log(1 - share)
        for k in range(total + 1)
    ]
    limit = logs[count] + 1e-7
    return min(1.0, sum(exp(value) for value in logs if value <= limit))


def _detectable(total: int, share: float) -> float | None:
    """The share below the planned one at which the power is 80 %."""
    critical = float(chdtri(1, ALPHA))

    def shortfall(true: float) -> float:
        noncentral = total * (true - share) ** 2 * (1 / share + 1 / (1 - share))
        return POWER - (1 - float(chndtr(critical, 1, noncentral)))

    least = 1e-9
    if shortfall(least) > 0:
        return None
    step = NormalDist().inv_cdf(POWER) * sqrt(share * (1 - share) / total)
    return float(brentq(shortfall, least, share - min(step, share / 2) * 1e-6))
