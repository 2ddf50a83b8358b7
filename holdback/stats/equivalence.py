"""No worse than a margin, and no different beyond one: p-values on the log ratio.

"Not significant" is no proof of "no harm"; these tests have harm as their null.
"""

from __future__ import annotations

from math import inf, isfinite, log1p
from typing import Literal

from holdback.stats.effect import LogRatio
from holdback.stats.normal import cdf

__all__ = ["equivalence", "non_inferiority"]


def non_inferiority(
    log_ratio: LogRatio,
    margin: float,
    *,
    better: Literal["higher", "lower"] = "higher",
) -> float:
    """One-sided p-value of "worse by more than the margin".

    Null: treatment / control is at most 1 − margin (at least 1 + margin where lower
    is better); alternative: it is inside. p = Φ(−(ln R − ln(1 − margin)) / s), so p < α
    exactly when the interval of coverage 1 − 2α, R·exp(±z s), lies inside that margin.
    `margin` is a fraction; ln(1 − margin) is the limit that bioequivalence has below
    (Schuirmann 1987, Journal of Pharmacokinetics and Biopharmaceutics 15: 657–680).
    Large samples.

    Raises ValueError for a margin outside (0, 1) or an estimate without a standard
    error above 0.

    >>> round(non_inferiority(LogRatio(value=0.0, se=0.01), 0.02), 4)
    0.0217
    """
    _check(log_ratio, margin)
    if better == "higher":
        return cdf((log1p(-margin) - log_ratio.value) / log_ratio.se)
    return cdf((log_ratio.value - log1p(margin)) / log_ratio.se)


def equivalence(log_ratio: LogRatio, margin: float) -> float:
    """P-value of "different by more than the margin": the larger of two one-sided ones.

    Null: treatment / control is at most 1 − margin or at least 1 + margin; alternative:
    it is between. p < α exactly when the interval of coverage 1 − 2α, R·exp(±z s), lies
    between them (Schuirmann 1987, as above; bioequivalence takes 1/(1 − margin) above,
    which is a little wider). Raises ValueError as `non_inferiority` does.

    >>> round(equivalence(LogRatio(value=0.0, se=0.01), 0.02), 4)
    0.0238
    """
    return max(
        non_inferiority(log_ratio, margin),
        non_inferiority(log_ratio, margin, better="lower"),
    )


def _check(log_ratio: LogRatio, margin: float) -> None:
    if not 0 < margin < 1:
        raise ValueError(f"`margin` must lie in (0, 1), got {margin}.")
    if not (isfinite(log_ratio.value) and 0 < log_ratio.se < inf):
        raise ValueError(
            f"`log_ratio` needs a standard error above 0, got {log_ratio}."
        )
