"""The picture beside the decision: a range, no change, and what it has to pass.

Places are percentages and sizes are pixels, so nothing scales on a phone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from holdback.reports.figures.charts import Axis, axis_of, join, round_axis
from holdback.results.quantity import Quantity

__all__ = ["LineToPass", "RangeBar", "key_picture"]

PLOT_TOP, PLOT_BELOW = 26, 42
ONE_ROW, LEAST_ROW, ALL_ROWS = 126, 56, 150
RUNS_BEHIND = 0.09
"""Share of the axis within which a line runs behind a figure."""
AT_THE_EDGE = 2.0
WIDE_BAR = 0.34


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeBar:
    """One range: its name where there are several, its tone, whether it is settled."""

    name: str
    effect: Quantity
    tone: str
    settled: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LineToPass:
    """A line to pass, such as break-even or a limit, and what lies beyond it."""

    at: float
    label: str
    beyond: str
    css: Literal["zone", "limits"]
    upwards: bool = True


def key_picture(
    bars: Sequence[RangeBar],
    write: Callable[[float], str],
    tick: Callable[[float], str],
    words: tuple[str, str],
    line: LineToPass | None = None,
) -> Markup:
    """Bars against no change and a line; `words` are the label and “no change”."""
    axis = _roomy(
        axis_of([bar.effect for bar in bars], [] if line is None else [line.at], 5)
    )
    row = ONE_ROW if len(bars) == 1 else max(LEAST_ROW, ALL_ROWS // len(bars))
    bottom = PLOT_TOP + row * len(bars)
    drawn = [
        *([] if line is None else [_zone(line, axis, bottom)]),
        *(_tick(at, axis, bottom, tick(at)) for at in axis.ticks),
        Markup(
            '<text class="tick strong" x="{}%" y="{}" text-anchor="{}">{}</text>'
        ).format(axis.at(0), bottom + 34, _anchor(axis.at(0)), words[1]),
        *([] if line is None else [_line(line, axis, bottom)]),
    ]
    for i, bar in enumerate(bars):
        y = PLOT_TOP + row * i + (72 if len(bars) == 1 else row // 2 + 10)
        drawn.append(_bar(bar, axis, y))
        lines = (0.0,) if line is None else (0.0, line.at)
        figures = _ends if len(bars) == 1 else _named
        drawn.append(figures(bar, axis, y, write, lines))
    return Markup(
        '<svg role="img" aria-label="{}" height="{}" text-anchor="middle">{}</svg>'
    ).format(words[0], bottom + PLOT_BELOW, join(drawn))


def _roomy(axis: Axis) -> Axis:
    """The axis with a step more where 0 stands at its edge."""
    step = axis.ticks[1] - axis.ticks[0]
    low = axis.low - step if axis.low == 0 else axis.low
    high = axis.high + step if axis.high == 0 else axis.high
    return round_axis([low, high], most=len(axis.ticks))


def _zone(line: LineToPass, axis: Axis, bottom: int) -> Markup:
    at = axis.at(line.at)
    start, end = (at, 100.0) if line.upwards else (0.0, at)
    return Markup('<rect class="{}" x="{}%" width="{:g}%" y="{}" height="{}"/>').format(
        line.css, start, round(end - start, 2), PLOT_TOP, bottom - PLOT_TOP
    )


def _tick(at: float, axis: Axis, bottom: int, text: str) -> Markup:
    place = axis.at(at)
    return Markup(
        '<line class="{css}" x1="{x}%" x2="{x}%" y1="{top}" y2="{bottom}"/>'
        '<text class="tick" x="{x}%" y="{y}"{anchor}>{text}</text>'
    ).format(
        css="grid" if at else "zero",
        x=place,
        top=PLOT_TOP if at else PLOT_TOP - 4,
        bottom=bottom,
        y=bottom + 17,
        anchor=""
        if AT_THE_EDGE <= place <= 100 - AT_THE_EDGE
        else Markup(' text-anchor="{}"').format(_anchor(place)),
        text=text,
    )


def _anchor(place: float) -> str:
    return (
        "start"
        if place < AT_THE_EDGE
        else "end"
        if place > 100 - AT_THE_EDGE
        else "middle"
    )


def _line(line: LineToPass, axis: Axis, bottom: int) -> Markup:
    at = axis.at(line.at)
    return Markup(
        '<line class="even" x1="{x}%" x2="{x}%" y1="{top}" y2="{bottom}"/>'
        '<text x="{x}%" y="{y}" text-anchor="{anchor}">{label}</text>'
        '<text class="tick" x="{side}%" y="{low}" text-anchor="{end}">{beyond}</text>'
    ).format(
        x=at,
        top=PLOT_TOP - 4,
        bottom=bottom,
        y=PLOT_TOP - 10,
        anchor="start" if at < 30 else "end" if at > 70 else "middle",
        label=line.label,
        side=99 if line.upwards else 1,
        low=bottom - 7,
        end="end" if line.upwards else "start",
        beyond=line.beyond,
    )


def _bar(bar: RangeBar, axis: Axis, y: int) -> Markup:
    effect = bar.effect
    low = axis.at(axis.low if effect.lower is None else effect.lower)
    high = axis.at(axis.high if effect.upper is None else effect.upper)
    ends = join(
        Markup('<line class="end" x1="{0}%" x2="{0}%" y1="{1}" y2="{2}"/>').format(
            place, y - 9, y + 9
        )
        for place, end in ((low, effect.lower), (high, effect.upper))
        if end is not None and axis.low <= end <= axis.high
    )
    return Markup(
        '<g class="{}"><line class="fat" x1="{}%" x2="{}%" y1="{y}" y2="{y}"/>{}'
        '<circle class="dot{}" cx="{}%" cy="{y}" r="8.5"/></g>'
    ).format(
        bar.tone,
        low,
        high,
        ends,
        "" if bar.settled else " hollow",
        axis.at(effect.value),
        y=y,
    )


def _ends(
    bar: RangeBar,
    axis: Axis,
    y: int,
    write: Callable[[float], str],
    lines: Sequence[float],
) -> Markup:
    """The estimate above the bar, its ends below it."""
    effect, span = bar.effect, axis.high - axis.low
    halo = any(abs(effect.value - line) < RUNS_BEHIND * span for line in lines)
    wide = (
        effect.lower is not None
        and effect.upper is not None
        and effect.upper - effect.lower > WIDE_BAR * span
    )
    ends = join(
        Markup('<text class="halo" x="{}%" y="{}" text-anchor="{}">{}</text>').format(
            axis.at(end), y + 27, (side if wide else _anchor(axis.at(end))), write(end)
        )
        for end, side in ((effect.lower, "start"), (effect.upper, "end"))
        if end is not None
    )
    return Markup(
        '<text class="big{}" x="{}%" y="{}" text-anchor="middle">{}</text>{}'
    ).format(
        " halo" if halo else "",
        axis.at(effect.value),
        y - 18,
        write(effect.value),
        ends,
    )


def _named(
    bar: RangeBar,
    axis: Axis,
    y: int,
    write: Callable[[float], str],
    _lines: Sequence[float],
) -> Markup:
    """The arm's name and its estimate above the bar."""
    at = axis.at(bar.effect.value)
    anchor = "start" if at < 25 else "end" if at > 75 else "middle"
    return Markup(
        '<text class="strong halo" x="{}%" y="{}" text-anchor="{}">{} {}</text>'
    ).format(at, y - 15, anchor, bar.name, write(bar.effect.value))
