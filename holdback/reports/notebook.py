"""A result as a notebook shows it: the decision, the money and the metric table."""

from __future__ import annotations

from markupsafe import Markup

from holdback.experiments.scorecard import Scorecard
from holdback.reports.blocks import decision, join, metrics, money
from holdback.reports.words import Words

__all__ = ["fragment"]


def fragment(scorecard: Scorecard) -> str:
    """An HTML fragment in the report's own words, without script or page style."""
    words = Words.of(scorecard)
    blocks = join(
        block.render(scorecard, words) for block in (decision, money, metrics)
    )
    return str(Markup('<div class="holdback">{}</div>').format(blocks))
