"""Where the change in revenue came from; the parts add up."""

from __future__ import annotations

from markupsafe import Markup

from holdback.experiments.scorecard import Decomposition, Scorecard
from holdback.reports.blocks import named, section, table
from holdback.reports.words import Words

__all__ = ["render"]


def render(scorecard: Scorecard, words: Words) -> Markup:
    """More buyers, more orders per buyer, or larger orders, in money per unit."""
    if not scorecard.decomposition:
        return Markup("")
    rows = [
        (
            named(words.arm(part.arm)),
            *_parts(words, part),
            words.signed_money(part.revenue_per_unit),
        )
        for part in scorecard.decomposition
    ]
    return section(
        "Where the change came from",
        table(
            "Change in revenue per unit, by part",
            ("Arm", "More buyers", "Orders per buyer", "Order value", "Together"),
            rows,
            numeric=(1, 2, 3, 4),
        ),
        Markup('<p class="small">{}</p>').format(
            "The same difference taken apart; the three ranges hold together. Order "
            "value compares different buyers in the two arms, so it is not an effect "
            "on any one customer."
        ),
        anchor="parts",
    )


def _parts(words: Words, part: Decomposition) -> list[str]:
    """The three parts, each with its range where it has one."""
    values = (part.from_conversion, part.from_orders_per_buyer, part.from_order_value)
    if part.ranges is None:
        return [words.signed_money(value) for value in values]
    ranges = (
        part.ranges.from_conversion,
        part.ranges.from_orders_per_buyer,
        part.ranges.from_order_value,
    )
    return [
        f"{words.signed_money(one.value)} ({words.range(one, words.signed_money)})"
        for one in ranges
    ]
