"""Pictures as SVG without scripts, drawn from a few numbers each.

Positions are percentages or a 100 × 100 box that stretches, so text never scales
with the picture: labels are HTML beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from markupsafe import Markup

from holdback.results.quantity import Quantity
from holdback.results.sections.prior_posterior import Belief
from holdback.results.sections.trend import Trend

__all__ = [
    "Axis",
    "axis_of",
    "belief_picture",
    "curve",
    "curves_picture",
    "forest_mark",
    "step_mark",
    "swatch",
    "trend_picture",
]

TAIL = 8.0
FAINT = 0.35
"""Opacity of the first of several lines."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A linear axis from `low` to `high`, 0 among them."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """Position of a value in percent, kept inside the axis."""
        share = (value - self.low) / (self.high - self.low)
        return round(100 * min(max(share, 0.0), 1.0), 2)


def axis_of(quantities: Sequence[Quantity]) -> Axis:
    """A round axis that holds most of every interval.

    An interval much wider than the others is cut at the axis' ends rather than
    letting it squeeze them.
    """
    ends = sorted(
        abs(end)
        for q in quantities
        for end in (q.lower, q.upper, q.value)
        if end is not None
    )
    if not ends or ends[-1] == 0:
        return Axis(low=-0.1, high=0.1)
    usual = ends[len(ends) // 2]
    widest = min(ends[-1], 6 * usual) if usual > 0 else ends[-1]
    low = min((q.lower if q.lower is not None else -widest) for q in quantities)
    high = max((q.upper if q.upper is not None else widest) for q in quantities)
    step = 10 ** floor(log10(widest))
    bound = ceil(widest / step * 2) / 2 * step
    return Axis(
        low=-bound if low < -0.25 * bound else -0.25 * bound,
        high=bound if high > 0.25 * bound else 0.25 * bound,
    )


def forest_mark(quantity: Quantity, axis: Axis, label: str, css: str) -> Markup:
    """One row of a forest plot: a dot with its interval, and the line of no change.

    Where the interval goes on beyond the axis, its end is dashed.
    """
    left = axis.at(axis.low if quantity.lower is None else quantity.lower)
    right = axis.at(axis.high if quantity.upper is None else quantity.upper)
    tails = []
    if quantity.lower is None or quantity.lower < axis.low:
        tails.append((left, left + TAIL))
        left += TAIL
    if quantity.upper is None or quantity.upper > axis.high:
        tails.append((right - TAIL, right))
        right -= TAIL
    cut = Markup("").join(
        Markup('<line class="cut" x1="{}%" x2="{}%" y1="12" y2="12"/>').format(*ends)
        for ends in tails
    )
    return Markup(
        '<svg class="forest {css}" role="img" aria-label="{label}" width="100%" '
        'height="24"><title>{label}</title>'
        '<line class="zero" x1="{zero}%" x2="{zero}%" y1="2" y2="22"/>'
        '<line class="bar" x1="{left}%" x2="{right}%" y1="12" y2="12"/>{cut}'
        '<circle class="dot" cx="{dot}%" cy="12" r="5"/></svg>'
    ).format(
        css=css,
        label=label,
        zero=axis.at(0),
        left=left,
        right=right,
        cut=cut,
        dot=axis.at(quantity.value),
    )


def step_mark(start: float, end: float, axis: Axis, label: str, css: str) -> Markup:
    """One step of a waterfall: a bar from where the last ended to where it ends."""
    left, right = sorted((axis.at(start), axis.at(end)))
    return Markup(
        '<svg class="forest {css}" role="img" aria-label="{label}" width="100%" '
        'height="24"><title>{label}</title>'
        '<line class="zero" x1="{zero}%" x2="{zero}%" y1="2" y2="22"/>'
        '<line class="step" x1="{left}%" x2="{right}%" y1="12" y2="12"/></svg>'
    ).format(
        css=css, label=label, zero=axis.at(0), left=left, right=max(right, left + 0.4)
    )


def trend_picture(points: Sequence[Trend], axis: Axis, label: str) -> Markup:
    """A line with its band over days, in a box that stretches."""
    last = max(len(points) - 1, 1)

    def place(i: int, value: float) -> str:
        return f"{round(100 * i / last, 2):g},{round(100 - axis.at(value), 2):g}"

    upper = [
        place(i, axis.high if p.relative.upper is None else p.relative.upper)
        for i, p in enumerate(points)
    ]
    lower = [
        place(i, axis.low if p.relative.lower is None else p.relative.lower)
        for i, p in enumerate(points)
    ]
    line = [place(i, p.relative.value) for i, p in enumerate(points)]
    zero = round(100 - axis.at(0), 2)
    return Markup(
        '<svg class="trend" role="img" aria-label="{label}" viewBox="0 0 100 100" '
        'preserveAspectRatio="none"><title>{label}</title>'
        '<polygon class="band" points="{band}"/>'
        '<line class="zero" x1="0" x2="100" y1="{zero}" y2="{zero}"/>'
        '<polyline class="line" points="{line}"/></svg>'
    ).format(
        label=label,
        band=" ".join(upper + lower[::-1]),
        zero=f"{zero:g}",
        line=" ".join(line),
    )


def curve(
    values: Sequence[float], axis: Axis, label: str, at: Sequence[float] = ()
) -> Markup:
    """A line in a box that stretches: over equal steps, or over the places `at`."""
    places = at or range(len(values))
    start, width = places[0], (places[-1] - places[0]) or 1
    points = (
        f"{round(100 * (place - start) / width, 2):g},"
        f"{round(100 - axis.at(value), 2):g}"
        for place, value in zip(places, values, strict=True)
    )
    return Markup(
        '<svg class="trend" role="img" aria-label="{label}" viewBox="0 0 100 100" '
        'preserveAspectRatio="none"><title>{label}</title>'
        '<polyline class="line" points="{line}"/></svg>'
    ).format(label=label, line=" ".join(points))


def curves_picture(
    lines: Sequence[Sequence[float]], at: Sequence[float], axis: Axis, label: str
) -> Markup:
    """Several lines over the places `at`, the first one faint and the last one strong.

    Each line has a value for each place.
    """
    start, width = at[0], (at[-1] - at[0]) or 1
    most = max(len(lines) - 1, 1)
    drawn = Markup("").join(
        Markup('<polyline class="line" stroke-opacity="{:g}" points="{}"/>').format(
            round(FAINT + (1 - FAINT) * i / most, 2),
            " ".join(
                f"{round(100 * (place - start) / width, 2):g},"
                f"{round(100 - axis.at(value), 2):g}"
                for place, value in zip(at, line, strict=True)
            ),
        )
        for i, line in enumerate(lines)
    )
    zero = round(100 - axis.at(0), 2)
    return Markup(
        '<svg class="trend" role="img" aria-label="{label}" viewBox="0 0 100 100" '
        'preserveAspectRatio="none"><title>{label}</title>'
        '<line class="zero" x1="0" x2="100" y1="{zero:g}" y2="{zero:g}"/>{drawn}</svg>'
    ).format(label=label, zero=zero, drawn=drawn)


def belief_picture(belief: Belief, label: str) -> Markup:
    """The posterior as an area, the likelihood and the prior as lines over it."""
    top = 1.06 * max(*belief.after, *belief.data, *belief.before)
    heights = Axis(low=0.0, high=top)
    across = Axis(low=belief.lifts[0], high=belief.lifts[-1])

    def points(curve: Sequence[float]) -> str:
        return " ".join(
            f"{across.at(lift):g},{round(100 - heights.at(height), 2):g}"
            for lift, height in zip(belief.lifts, curve, strict=False)
        )

    lines = Markup("").join(
        Markup('<polyline class="{}" points="{}"/>').format(name, points(curve))
        for name, curve in (
            ("line", belief.after),
            ("data", belief.data),
            ("prior", belief.before),
        )
        if curve
    )
    return Markup(
        '<svg class="trend" role="img" aria-label="{label}" viewBox="0 0 100 100" '
        'preserveAspectRatio="none"><title>{label}</title>'
        '<polygon class="band" points="0,100 {area} 100,100"/>'
        '<line class="zero" x1="{zero:g}" x2="{zero:g}" y1="0" y2="100"/>{lines}</svg>'
    ).format(label=label, area=points(belief.after), zero=across.at(0), lines=lines)


SWATCHES = {"before": "prior", "data": "data", "after": "line"}


def swatch(curve: str) -> Markup:
    """A short piece of a curve, for the legend."""
    return Markup(
        '<svg class="swatch" aria-hidden="true" width="28" height="10">'
        '<line class="{}" x1="0" x2="28" y1="5" y2="5"/></svg>'
    ).format(SWATCHES[curve])
