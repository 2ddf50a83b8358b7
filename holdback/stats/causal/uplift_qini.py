"""Does a score find the units that the treatment moves? Qini curve and area.

Units are ranked by a score that was made without the test. Treating only the top
share φ of them would gain, per unit of all, g(φ) = φ (mean of treated − mean of
control, both among the top φ). A useless score gains φ g(1). The area between the two
is the Qini coefficient (Radcliffe 2007, "Using control groups to target on predicted
lift", Direct Marketing Analytics Journal), here per unit and normalized within the
top, so that chance differences in the arms' scores do not enter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from holdback.stats.numeric import quantile, two_sided

__all__ = ["Bins", "Gain", "Qini", "binned", "qini"]

Vector = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bins:
    """Units of one arm by score, the highest first: counts, sums, sums of squares.

    Each (k,).
    """

    n: Vector
    total: Vector
    squares: Vector


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """Gain per unit of all from treating the top `share`; `random`: any such share."""

    share: float
    value: float
    se: float
    random: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Qini:
    """The area between the curve and the useless score's line, with its error."""

    area: float
    se: float
    p_value: float
    gains: tuple[Gain, ...]

    def interval(self, level: float) -> tuple[float, float]:
        """Normal interval of the area."""
        half = quantile((1 + level) / 2) * self.se
        return self.area - half, self.area + half


def binned(scores: Vector, values: Vector, units: Vector, edges: Vector) -> Bins:
    """One arm's units by bins of the score; `edges` (k − 1,) fall from the highest.

    scores, values, units: (m,), groups of equal units and how many are in each. A unit
    is in the first bin whose edge its score reaches, in the last one below all.
    """
    k = len(edges) + 1
    at = k - 1 - np.searchsorted(edges[::-1], scores, side="right")
    return Bins(
        n=np.bincount(at, units, k).astype(float),
        total=np.bincount(at, units * values, k).astype(float),
        squares=np.bincount(at, units * values**2, k).astype(float),
    )


def qini(control: Bins, treated: Bins) -> Qini:
    """Curve and area over the bins, with errors by the delta method.

    The pooled shares of the bins are taken as they are. With W_k the weight of the top
    k bins in the area, a unit of bin b and value y moves it by Σ_{k ≥ b} W_k (y − mean
    of the top k) / (share of the top k), over its arm's n; the variance of that is the
    area's (derived here). Raises ValueError for fewer than 2 bins or an arm without
    units in the first.
    """
    if len(control.n) < 2 or min(control.n[0], treated.n[0]) < 1:
        raise ValueError("a curve needs 2 bins, with both arms in the first.")
    pooled = control.n + treated.n
    share = np.cumsum(pooled) / pooled.sum()
    tops = [np.cumsum(side.total) / np.cumsum(side.n) for side in (treated, control)]
    gain = share * (tops[0] - tops[1])
    # Trapezoids from (0, 0) over the points of the curve.
    width = np.diff(share, prepend=0.0)
    weight = (width + np.append(width[1:], 0.0)) / 2
    ahead = weight * share
    ahead[-1] -= float(weight @ share)
    area = float(weight @ gain) - float(weight @ share) * float(gain[-1])
    variance = sum(
        _variance(side, top, ahead)
        for side, top in zip((treated, control), tops, strict=True)
    )
    se = float(np.sqrt(variance))
    errors = np.sqrt(
        sum(
            _top_variance(side, top)
            for side, top in zip((treated, control), tops, strict=True)
        )
    )
    return Qini(
        area=area,
        se=se,
        p_value=two_sided(area / se) if se > 0 else 1.0,
        gains=tuple(
            Gain(share=float(s), value=float(g), se=float(s * e), random=float(s * r))
            for s, g, e, r in zip(
                share, gain, errors, np.full(len(share), gain[-1]), strict=True
            )
        ),
    )


def _variance(side: Bins, top: Vector, weight: Vector) -> float:
    """Variance of the arm's part: of slope_b y − offset_b over its units, by n."""
    n = float(side.n.sum())
    reach = np.cumsum(side.n) / n
    slope = np.cumsum((weight / reach)[::-1])[::-1]
    offset = np.cumsum((weight * top / reach)[::-1])[::-1]
    squares = float(
        np.sum(
            slope**2 * side.squares
            - 2 * slope * offset * side.total
            + offset**2 * side.n
        )
    )
    mean = float(np.sum(slope * side.total - offset * side.n)) / n
    return max(squares / n - mean**2, 0.0) / n


def _top_variance(side: Bins, top: Vector) -> Vector:
    """Squared standard error of the mean among the top k bins, for each k."""
    n = np.cumsum(side.n)
    spread = np.cumsum(side.squares) - n * top**2
    variances: Vector = np.maximum(spread, 0.0) / np.maximum(n - 1, 1.0) / n
    return variances
