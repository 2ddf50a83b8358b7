"""Where the change in revenue came from, as a waterfall; the steps add up."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.figures.charts import Axis, step_mark
from holdback.reports.html import join, section, table
from holdback.reports.text.catalog import heads, say, texts
from holdback.reports.text.locale_format import Words
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Scorecard
from holdback.results.sections.decomposition import Decomposition

__all__ = ["render"]


@blocks.register("decomposition", order=90)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """More buyers, more orders per buyer, or larger orders, in money per unit."""
    parts = scorecard.section(Decomposition)
    if not parts:
        return Markup("")
    several = len(parts) > 1
    return section(
        say("waterfall.title"),
        join(_waterfall(words, part, several=several) for part in parts),
        Markup('<p class="small">{}</p>').format(say("waterfall.note")),
        anchor="parts",
    )


def _waterfall(words: Words, part: Decomposition, *, several: bool) -> Markup:
    steps = list(_steps(part))
    ends = [0.0, *(end for _, _, end, _ in steps)]
    room = 0.04 * (max(ends) - min(ends)) or 1.0
    axis = Axis(low=min(ends) - room, high=max(ends) + room)
    rows = []
    for name, start, end, quantity in steps:
        change = words.signed_money(end - start)
        label = f"{name}: {change}"
        tone = "good" if end > start else "bad"
        rows.append(
            (
                name,
                change,
                "" if quantity is None else words.range(quantity, words.signed_money),
                step_mark(start, end, axis, label, tone),
            )
        )
    caption = say("waterfall.caption")
    if several:
        caption = f"{caption}, {words.arm(part.arm)}"
    return table(caption, heads("waterfall.head"), rows, numeric=(1, 2), css="steps")


def _steps(part: Decomposition) -> Iterator[tuple[str, float, float, Quantity | None]]:
    """Each step from where the last one ended; the total from 0."""
    ranges = part.ranges
    conversion, orders, value = (
        (ranges.from_conversion, ranges.from_orders_per_buyer, ranges.from_order_value)
        if ranges
        else (None, None, None)
    )
    at = 0.0
    for key, size, quantity in (
        ("conversion", part.from_conversion, conversion),
        ("orders", part.from_orders_per_buyer, orders),
        ("value", part.from_order_value, value),
    ):
        yield texts("waterfall")[key], at, at + size, quantity
        at += size
    yield say("waterfall.total"), 0.0, part.revenue_per_unit, None
