"""Where the change in revenue came from, as a waterfall; the steps add up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.figures.charts import Axis, step_mark
from holdback.reports.html import join, named, section, table
from holdback.reports.text.catalog import heads, say, texts
from holdback.reports.text.locale_format import Words
from holdback.reports.text.telling import tell
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Scorecard
from holdback.results.sections.decomposition import Decomposition

__all__ = ["render"]


@blocks.register("decomposition", order=90)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """More buyers, more orders, larger ones, fewer refunds: in money per unit."""
    parts = scorecard.section(Decomposition)
    if not parts:
        return Markup("")
    several = len(parts) > 1
    return section(
        say("waterfall.title"),
        join(_waterfall(words, part, several=several) for part in parts),
        _notes(words, parts),
        anchor="parts",
    )


def _waterfall(words: Words, part: Decomposition, *, several: bool) -> Markup:
    steps = list(_steps(part))
    ends = [0.0, *(end for _, _, end, _ in steps)]
    room = 0.04 * (max(ends) - min(ends)) or 1.0
    axis = Axis(low=min(ends) - room, high=max(ends) + room)
    rows = []
    sizes = [end - start for _, start, end, _ in steps]
    told = [*words.adding_up(sizes[:-1], sizes[-1]), sizes[-1]]
    for (name, start, end, quantity), size in zip(steps, told, strict=True):
        change = words.signed_money(size)
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
    caption = (
        say("waterfall.caption_of", metric=words.label(part.metric))
        if part.metric
        else say("waterfall.caption")
    )
    if several:
        caption = f"{caption}, {words.arm(part.arm)}"
    return table(
        caption,
        heads("waterfall.head"),
        rows,
        classes=("", "chg", "range", "f"),
        css=axis,
    )


PARTS = (
    "from_conversion",
    "from_orders_per_buyer",
    "from_order_value",
    "from_value_per_buyer",
    "from_refunds",
    "from_adjustment",
)


def _steps(part: Decomposition) -> Iterator[tuple[str, float, float, Quantity | None]]:
    """Each step from where the last one ended; the total from 0."""
    at = 0.0
    for name in PARTS:
        size: float | None = getattr(part, name)
        if size is not None:
            quantity = getattr(part.ranges, name, None)
            yield texts("waterfall.steps")[name], at, at + size, quantity
            at += size
    yield say("waterfall.total"), 0.0, part.revenue_per_unit, None


def _notes(words: Words, parts: Sequence[Decomposition]) -> Markup:
    """Why something does not stand apart, once; and how to read what does."""
    notes = dict.fromkeys(tell(words, p.note) for p in parts if p.note is not None)
    apart = any(part.from_order_value is not None for part in parts)
    return join(
        Markup('<p class="small">{}</p>').format(named(note))
        for note in (
            *notes,
            say("waterfall.note"),
            *([say("waterfall.buyers_differ")] if apart else []),
        )
    )
