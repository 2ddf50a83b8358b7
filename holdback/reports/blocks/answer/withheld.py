"""Where the figures of an invalid result would stand: that they are withheld."""

from __future__ import annotations

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.text.catalog import say
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Scorecard

__all__ = ["render", "told"]


@blocks.register("withheld", sheet="first", order=15, shows_results=False)
def render(scorecard: Scorecard, _words: Words) -> Markup:
    """Why no figure is shown; nothing for a result that may be used."""
    return told() if scorecard.validity.is_invalid else Markup("")


def told() -> Markup:
    """That figures are withheld, and where they are."""
    return Markup(
        '<section class="card withheld" aria-labelledby="withheld"><div class="head">'
        '<h2 id="withheld">{}</h2><p class="small">{}</p></div></section>'
    ).format(say("validity.withheld"), say("validity.why"))
