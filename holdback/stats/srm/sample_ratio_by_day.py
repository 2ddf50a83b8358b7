"""Sample-ratio mismatch read day by day: a test that holds at every look."""

from __future__ import annotations

from collections.abc import Sequence
from math import exp, lgamma, log

__all__ = ["log_bayes_factor", "sequential_srm"]

CONCENTRATIONS = (10.0, 100.0, 1_000.0, 10_000.0)


def log_bayes_factor(
    counts: Sequence[int],
    widths: Sequence[int],
    *,
    concentration: float,
) -> float:
    """Ln of how much likelier the counts are under unknown shares than under `widths`.

    Unknown shares have a Dirichlet prior with mean `widths` and that concentration: a
    large one looks for small deviations (Lindon & Malek 2022, arXiv 2011.03567,
    section 2). counts, widths: (arms,). Raises ValueError for counts that do not fit
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
        factors = [
            log_bayes_factor(together, widths, concentration=k) for k in CONCENTRATIONS
        ]
        top = max(factors)
        mixed = top + log(sum(exp(f - top) for f in factors) / len(factors))
        p_value = min(p_value, exp(-max(mixed, 0.0)))
    return p_value
