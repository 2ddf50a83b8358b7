"""What one more order or customer cost, arm by arm."""

from __future__ import annotations

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.html import named, section, table
from holdback.reports.text.catalog import heads, say
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Scorecard
from holdback.results.sections.cost_per_added import CostPerAdded

__all__ = ["render"]


@blocks.register("cost_per_added", order=105)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """One row an arm and metric; nothing where none is asked for."""
    read = scorecard.section(CostPerAdded)
    if not read:
        return Markup("")
    rows = [
        (
            named(f"{words.arm(one.arm)}: {words.label(one.metric)}"),
            words.exact_money(one.per_unit),
            f"{words.number(one.added.value)} ({words.range(one.added, words.number)})",
            _cost(words, one),
        )
        for one in read
    ]
    return section(
        say("cost_per_added.title"),
        Markup("<p>{}</p>").format(say("cost_per_added.intro")),
        table(
            say("cost_per_added.caption"),
            heads("cost_per_added.head"),
            rows,
            numeric=(1, 2, 3),
        ),
        anchor="cost-of-one",
    )


def _cost(words: Words, one: CostPerAdded) -> str:
    if one.cost is None:
        return say("cost_per_added.nothing")
    likely = words.range(one.cost, words.exact_money)
    return f"{words.exact_money(one.cost.value)} ({likely})"
