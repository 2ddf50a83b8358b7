"""Where the change in revenue came from; the parts add up."""

from __future__ import annotations

from markupsafe import Markup

from holdback.experiments.scorecard import Scorecard
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
            words.signed_money(part.from_conversion),
            words.signed_money(part.from_orders_per_buyer),
            words.signed_money(part.from_order_value),
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
            "A description of the same difference, without ranges of its own. Order "
            "value compares different buyers in the two arms, so it is not an effect "
            "on any one customer."
        ),
        anchor="parts",
    )
