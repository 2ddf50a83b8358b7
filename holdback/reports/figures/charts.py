"""Pictures as SVG without scripts, drawn from a few numbers each.

Positions are percentages or a 100 × 100 box that stretches, so text never scales
with the picture: labels are HTML beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from markupsafe import Markup

from holdback.results.quantity import Quantity
from holdback.results.sections.prior_posterior import Belief
from holdback.results.sections.trend import Trend

__all__ = [
    "Axis",
    "Marked",
    "axis_mark",
    "axis_of",
    "belief_picture",
    "curve",
    "curves_picture",
    "forest_mark",
    "hundred_dots",
    "round_axis",
    "step_mark",
    "swatch",
    "trend_picture",
]

TAIL = 8.0
DRAWN = 30
"""Points of a curve: more would not be seen."""
GRAIN = 1e-9
Marked = tuple[str, str, str]
"""The first and the last day of a span that is shaded, and its words."""
FAINT = 0.35
"""Opacity of the first of several lines."""


def join(marks: Iterable[Markup]) -> Markup:
    """Marks one after the other."""
    return Markup("").join(marks)


def named(label: str) -> Markup:
    """What a picture is to a screen reader: its label, or nothing."""
    if not label:
        return Markup("")
    return Markup(' role="img" aria-label="{}"').format(label)


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """A linear axis from `low` to `high`, with round `ticks`."""

    low: float
    high: float
    ticks: tuple[float, ...] = ()

    def at(self, value: float) -> float:
        """Position of a value in percent, kept inside the axis."""
        share = (value - self.low) / (self.high - self.low)
        return round(100 * min(max(share, 0.0), 1.0), 2)


def round_axis(values: Sequence[float], most: int = 6) -> Axis:
    """An axis over the values and 0, from one round tick to another.

    >>> round_axis([0.102, 0.29], most=4).ticks
    (0.0, 0.1, 0.2, 0.3)
    """
    low, high = min([0.0, *values]), max([0.0, *values])
    if low == high:
        return Axis(low=-0.1, high=0.1, ticks=(-0.1, 0.0, 0.1))
    raw = (high - low) / most
    size = 10.0 ** floor(log10(raw))
    step = next(
        k * size for k in (1, 2, 2.5, 5, 10, 20) if _steps(low, high, k * size) <= most
    )
    first, last = floor(low / step + GRAIN), ceil(high / step - GRAIN)
    ticks = tuple(round(step * i, 12) for i in range(first, last + 1))
    return Axis(low=ticks[0], high=ticks[-1], ticks=ticks)


def _steps(low: float, high: float, step: float) -> int:
    """How many round steps it takes from below the low to above the high end."""
    return ceil(high / step - GRAIN) - floor(low / step + GRAIN)


def axis_of(
    quantities: Sequence[Quantity], beside: Sequence[float] = (), most: int = 4
) -> Axis:
    """A round axis that holds most of every interval, and the values `beside`.

    An interval much wider than the others is cut at the axis' ends rather than
    letting it squeeze them.
    """
    ends = [
        end
        for q in quantities
        for end in (q.lower, q.upper, q.value)
        if end is not None
    ]
    sizes = sorted(map(abs, ends))
    usual = sizes[len(sizes) // 2] if sizes else 0.0
    widest = 6 * usual if usual > 0 else max(sizes, default=0.0)
    kept = [min(max(end, -widest), widest) for end in ends]
    return round_axis([*kept, *beside], most)


def forest_mark(
    quantity: Quantity,
    axis: Axis,
    label: str,
    css: str,
    *,
    open_: bool = False,
    limit: float | None = None,
) -> Markup:
    """One row of a forest plot: a dot with its interval; 0 is drawn by the table.

    `open_` where nothing is settled: a hollow dot and a dashed bar. `limit` is the
    worst that is accepted of a guardrail. An end beyond the axis fades. Without a
    label it only repeats numbers that stand beside it.
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
    beyond = join(
        Markup('<line class="beyond" x1="{}%" x2="{}%" y1="12" y2="12"/>').format(*ends)
        for ends in tails
    )
    accepted = Markup("")
    if limit is not None:
        accepted = Markup('<line class="limit" x1="{0}%" x2="{0}%" y2="24"/>').format(
            axis.at(limit)
        )
    return Markup(
        '<svg class="forest {css}"{label}>{accepted}'
        '<line class="reach{dashed}" x1="{left}%" x2="{right}%" y1="12" y2="12"/>'
        '{beyond}<circle class="dot{hollow}" cx="{dot}%" cy="12" r="5.5"/></svg>'
    ).format(
        css=css,
        label=named(label),
        accepted=accepted,
        left=left,
        right=right,
        beyond=beyond,
        dashed=" unsettled" if open_ else "",
        hollow=" hollow" if open_ else "",
        dot=axis.at(quantity.value),
    )


def axis_mark(axis: Axis, write: Callable[[float], str]) -> Markup:
    """The ticks of a column of forest rows, for its head."""
    return Markup(
        '<svg class="ticks" text-anchor="middle" aria-hidden="true">{}</svg>'
    ).format(
        join(
            Markup('<text{} x="{}%" y="12">{}</text>').format(
                "" if tick else Markup(' class="strong"'), axis.at(tick), write(tick)
            )
            for tick in axis.ticks
        )
    )


def hundred_dots(chance: float, label: str, css: str) -> Markup:
    """A chance as filled ones of 100 dots in five rows; never none and never all."""
    filled = min(99, max(1, floor(100 * chance + 0.5)))
    rows = []
    for row in range(5):
        y, full = 6 + 12.5 * row, min(20, max(0, filled - 20 * row))
        for faint, start, end in (("", 0, full), (" faint", full, 20)):
            if end > start:
                rows.append(
                    Markup('<path class="hundred{}" d="M{} {}h{:.2f}"/>').format(
                        faint, 4 + 6 * start, f"{y:g}", 6 * (end - start - 1) + 0.01
                    )
                )
    return Markup(
        '<svg class="{}" role="img" aria-label="{}" height="62">{}</svg>'
    ).format(css, label, join(rows))


def step_mark(start: float, end: float, axis: Axis, label: str, css: str) -> Markup:
    """One step of a waterfall: a bar from where the last ended to where it ends."""
    left, right = sorted((axis.at(start), axis.at(end)))
    return Markup(
        '<svg class="forest {css}" role="img" aria-label="{label}">'
        '<line class="step" x1="{left}%" x2="{right}%" y1="12" y2="12"/></svg>'
    ).format(css=css, label=label, left=left, right=max(right, left + 0.4))


def grid(axis: Axis) -> Markup:
    """A level line at each tick of an upright axis, in a box that stretches."""
    unmarked = (0.0,) if axis.low <= 0 <= axis.high else ()
    return join(
        Markup('<line class="{}" x1="0" x2="100" y1="{y:g}" y2="{y:g}"/>').format(
            "grid" if tick else "zero", y=round(100 - axis.at(tick), 2)
        )
        for tick in axis.ticks or unmarked
    )


def trend_picture(
    points: Sequence[Trend],
    axis: Axis,
    label: str,
    even: float | None = None,
    marks: Sequence[Marked] = (),
) -> Markup:
    """A line with its band over days, in a box that stretches; dotted at `even`.

    `marks` are spans of days that are shaded, each with its words.
    """
    last = max(len(points) - 1, 1)

    def place(i: int, value: float) -> str:
        return f"{100 * i / last:.1f},{100 - axis.at(value):.1f}"

    upper = [
        place(i, axis.high if p.relative.upper is None else p.relative.upper)
        for i, p in enumerate(points)
    ]
    lower = [
        place(i, axis.low if p.relative.lower is None else p.relative.lower)
        for i, p in enumerate(points)
    ]
    line = [place(i, p.relative.value) for i, p in enumerate(points)]
    dotted = Markup("")
    if even is not None and axis.low < even < axis.high:
        dotted = Markup(
            '<line class="even" x1="0" x2="100" y1="{0:g}" y2="{0:g}"/>'
        ).format(round(100 - axis.at(even), 2))
    return Markup(
        '<svg class="trend" role="img" aria-label="{label}" viewBox="0 0 100 100" '
        'preserveAspectRatio="none">{marked}{grid}{dotted}'
        '<polygon class="band" points="{band}"/>'
        '<polyline class="line" points="{line}"/></svg>'
    ).format(
        label=label,
        marked=join(_shaded([p.date for p in points], mark) for mark in marks),
        grid=grid(axis),
        dotted=dotted,
        band=" ".join(upper + lower[::-1]),
        line=" ".join(line),
    )


def _shaded(days: Sequence[str], mark: Marked) -> Markup:
    """A span of days among those that are drawn; nothing where it meets none.

    Days are drawn at even steps, so that a span begins half a step before the first
    one that it reaches.
    """
    first, last, words = mark
    reached = [i for i, day in enumerate(days) if day >= first]
    if not reached or last < days[0]:
        return Markup("")
    most = max(len(days) - 1, 1)
    end = max([i for i, day in enumerate(days) if day <= last] or [reached[0]])
    left = max(0.0, (min(reached[0], end) - 0.5) / most)
    right = min(1.0, (end + 0.5) / most)
    return Markup(
        '<rect class="event" x="{:g}" y="0" width="{:g}" height="100" fill="#888" '
        'fill-opacity=".25"><title>{}</title></rect>'
    ).format(round(100 * left, 1), round(100 * (right - left), 1), words)


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
        'preserveAspectRatio="none">{grid}'
        '<polyline class="line" points="{line}"/></svg>'
    ).format(label=label, grid=grid(axis), line=" ".join(points))


def curves_picture(
    lines: Sequence[Sequence[float]], at: Sequence[float], axis: Axis, label: str
) -> Markup:
    """Several lines over the places `at`, the first one faint and the last one strong.

    Each line has a value for each place.
    """
    start, width = at[0], (at[-1] - at[0]) or 1
    most = max(len(lines) - 1, 1)
    drawn = join(
        Markup('<polyline class="line" stroke-opacity="{:g}" points="{}"/>').format(
            round(FAINT + (1 - FAINT) * i / most, 2),
            " ".join(
                f"{100 * (place - start) / width:.1f},{100 - axis.at(value):.1f}"
                for place, value in zip(at, line, strict=True)
            ),
        )
        for i, line in enumerate(lines)
    )
    return Markup(
        '<svg class="trend" role="img" aria-label="{label}" viewBox="0 0 100 100" '
        'preserveAspectRatio="none">{grid}{drawn}</svg>'
    ).format(label=label, grid=grid(axis), drawn=drawn)


def belief_picture(belief: Belief, label: str) -> Markup:
    """The posterior as an area, the likelihood and the prior as lines over it."""
    top = 1.06 * max(*belief.after, *belief.data, *belief.before)
    heights = Axis(low=0.0, high=top)
    across = Axis(low=belief.lifts[0], high=belief.lifts[-1])

    step = max(1, len(belief.lifts) // DRAWN)

    def points(curve: Sequence[float]) -> str:
        return " ".join(
            f"{across.at(lift):.1f},{100 - heights.at(height):.1f}"
            for lift, height in list(zip(belief.lifts, curve, strict=False))[::step]
        )

    lines = join(
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
        'preserveAspectRatio="none">'
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
