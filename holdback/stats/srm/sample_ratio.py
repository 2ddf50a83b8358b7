"""Sample-ratio mismatch: counts per arm against planned integer widths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from math import ceil, exp, lgamma, log, sqrt

import numpy as np

from holdback.stats.numeric import upper_tail

__all__ = [
    "SampleRatio",
    "log_bayes_factor",
    "sequential_detectable",
    "sequential_srm",
    "srm",
]

EXACT_BELOW = 1000
OUTCOMES = 1_000_000
TIE = 1e-7
SRM_ALPHA = 0.001
SRM_POWER = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRatio:
    """The test and what it could have seen.

    `detectable_share` is the largest true share of the first arm, below its planned
    one, that is found at α = .001 with 80 % power when the other arms keep their
    proportions; None where no share would be.
    """

    chi2: float
    p_value: float
    exact: bool
    detectable_share: float | None


def srm(counts: Sequence[int], widths: Sequence[int]) -> SampleRatio:
    """Test that units fell into the arms in proportion to `widths`.

    Null: the shares are the planned ones; alternative: they are not. Pearson's
    chi-square, Σ (O − E)² / E; below 1,000 units the exact multinomial test (the sum
    over outcomes no more likely than the one seen) while those are at most a million:
    always with two or three arms. `counts` and `widths`: (arms,). Raises ValueError
    when no unit was counted, an arm is missing or a width is not positive.
    """
    total, whole = sum(counts), sum(widths)
    if len(counts) != len(widths) or len(counts) < 2:
        raise ValueError(
            f"{len(counts)} counts cannot be tested on {len(widths)} arms."
        )
    if total < 1 or min(counts) < 0 or min(widths) < 1:
        raise ValueError(f"`counts` {counts} cannot be tested against {widths}.")
    shares = [width / whole for width in widths]
    chi2 = sum(
        (o - total * p) ** 2 / (total * p) for o, p in zip(counts, shares, strict=True)
    )
    exact = total < EXACT_BELOW and (total + 1) ** (len(counts) - 1) <= OUTCOMES
    return SampleRatio(
        chi2=chi2,
        p_value=_exact(counts, shares) if exact else upper_tail(chi2, len(counts) - 1),
        exact=exact,
        detectable_share=_detectable(total, shares[0], len(counts) - 1),
    )


def _exact(counts: Sequence[int], shares: Sequence[float]) -> float:
    """Sum of the probabilities of all outcomes no more likely than the one seen."""
    total = sum(counts)
    number = np.arange(total + 1)
    factorials = np.array([lgamma(k + 1) for k in range(total + 1)])
    terms = [number * log(share) - factorials for share in shares]
    placed = reduce(np.add.outer, [number] * (len(shares) - 1))
    inside = placed <= total
    logs = (reduce(np.add.outer, terms[:-1]))[inside] + terms[-1][
        total - placed[inside]
    ]
    seen = sum(term[count] for term, count in zip(terms, counts, strict=True))
    likely = logs[logs <= seen + TIE] + factorials[total]
    return float(min(1.0, np.exp(np.sort(likely)).sum()))


def _detectable(total: int, share: float, df: int) -> float | None:
    """The share at which the noncentrality n (δ²/p + δ²/(1 − p)) is what it takes."""
    shift = sqrt(_needed(df) * share * (1 - share) / total)
    return share - shift if shift < share else None


def _needed(df: int) -> float:
    """Noncentrality that a test of `df` degrees finds at α = .001 with 80 % power."""
    from scipy.special import chdtri, chndtrinc

    return float(chndtrinc(chdtri(df, SRM_ALPHA), df, 1 - SRM_POWER))


CONCENTRATIONS = (10.0, 100.0, 1_000.0, 10_000.0)


def log_bayes_factor(
    counts: Sequence[float],
    widths: Sequence[int],
    *,
    concentration: float,
) -> float:
    """Ln of how much likelier the counts are under unknown shares than under `widths`.

    Unknown shares have a Dirichlet prior with mean `widths` and that concentration: a
    large one looks for small deviations (Lindon & Malek 2022, arXiv 2011.03567,
    section 2): B(prior + counts) / B(prior) over Π share^count, B the multivariate
    beta function. counts, widths: (arms,). Raises ValueError for counts that do not fit
    the arms or a width that is not positive.
    """
    if len(counts) != len(widths) or min(widths) < 1 or min(counts) < 0:
        raise ValueError(f"{list(counts)} cannot be tested against {list(widths)}.")
    whole, total = sum(widths), sum(counts)
    shares = [width / whole for width in widths]
    prior = [concentration * share for share in shares]
    posterior = sum(
        lgamma(a + s) - lgamma(a) for a, s in zip(prior, counts, strict=True)
    )
    null = sum(s * log(share) for s, share in zip(counts, shares, strict=True))
    return lgamma(concentration) - lgamma(concentration + total) + posterior - null


def sequential_srm(by_day: Sequence[Sequence[int]], widths: Sequence[int]) -> float:
    """P-value after any number of days: the least 1 / Bayes factor so far, at most 1.

    by_day: (days, arms) new units a day. Valid however often and whenever it is read:
    under the planned shares it ever falls below α with probability at most α. The
    factor is the mean over concentrations of 10 to 10,000 (a mixture of priors is a
    prior), so that gross faults are told on the first day and small ones in time.
    Raises ValueError as `log_bayes_factor` does.
    """
    together = [0] * len(widths)
    p_value = 1.0
    for day in by_day:
        together = [a + b for a, b in zip(together, day, strict=True)]
        p_value = min(p_value, exp(-max(_log_mixture(together, widths), 0.0)))
    return p_value


def sequential_detectable(total: int, widths: Sequence[int]) -> float | None:
    """Largest true share of the first arm that the sequential test finds by now.

    Below its planned share and with 80 % power at the last of `total` units, when the
    other arms keep their proportions: the share whose binomial counts lie 8 times in
    10 where the Bayes factor exceeds 1 / .001 (Clopper & Pearson's limit of the last
    such count). Days before add at most some points of power. None where no share
    would be. Raises ValueError as `log_bayes_factor` does.
    """
    from scipy.special import bdtri

    whole = sum(widths)
    share, rest = widths[0] / whole, whole - widths[0]

    def shows(count: float) -> bool:
        others = [(total - count) * width / rest for width in widths[1:]]
        return _log_mixture([count, *others], widths) >= -log(SRM_ALPHA)

    if total < 1 or not shows(0):
        return None
    low, high = 0, ceil(total * share)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if shows(middle) else (low, middle)
    return float(bdtri(low, total, SRM_POWER))


def _log_mixture(counts: Sequence[float], widths: Sequence[int]) -> float:
    """Ln of the mean Bayes factor over the concentrations."""
    factors = [
        log_bayes_factor(counts, widths, concentration=k) for k in CONCENTRATIONS
    ]
    top = max(factors)
    return top + log(sum(exp(f - top) for f in factors) / len(factors))
