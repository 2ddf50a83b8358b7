"""The terms of the page in plain words."""

from __future__ import annotations

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.html import join, section
from holdback.reports.text.catalog import say, texts
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Scorecard

__all__ = ["render"]


@blocks.register("glossary", sheet="statisticians", order=90, shows_results=False)
def render(_scorecard: Scorecard, _words: Words) -> Markup:
    """Every term, with one or two sentences; folded away on a screen."""
    titles, meanings = texts("glossary.terms"), texts("glossary.meanings")
    terms = join(
        Markup("<dt>{}</dt><dd>{}</dd>").format(term, meanings[name])
        for name, term in titles.items()
    )
    return section(
        say("glossary.title"),
        Markup(
            '<details><summary>{}</summary><dl class="terms">\n{}\n</dl></details>'
        ).format(say("glossary.count", count=len(titles)), terms),
        anchor="glossary",
    )
