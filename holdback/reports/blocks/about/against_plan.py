"""The plan beside what came."""

from __future__ import annotations

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.html import section, table
from holdback.reports.text.catalog import heads, say
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Scorecard
from holdback.results.sections.against_plan import Expected

__all__ = ["render"]


@blocks.register("expected", sheet="statisticians", order=70)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """A table of what was expected and found; nothing without a locked plan."""
    expected = scorecard.single(Expected)
    if expected is None:
        return Markup("")
    metric = words.label(expected.metric)
    rows = [
        (
            say("planned.units"),
            words.count(expected.planned_units),
            words.count(expected.units),
        ),
        (
            say("planned.mean", metric=metric),
            words.value(expected.metric, expected.planned_mean),
            "–"
            if expected.mean is None
            else words.value(expected.metric, expected.mean),
        ),
    ]
    if expected.planned_cv is not None:
        rows.append(
            (
                say("planned.spread"),
                words.number(expected.planned_cv),
                "–" if expected.cv is None else words.number(expected.cv),
            )
        )
    if expected.planned_detectable_lift is not None:
        rows.append(
            (
                say("planned.detects", often=f"{10 * expected.power:.3g}"),
                words.share(expected.planned_detectable_lift),
                "–"
                if expected.detectable_lift is None
                else words.share(expected.detectable_lift),
            )
        )
    return section(
        say("planned.title"),
        Markup("<p>{}</p>").format(say("planned.intro")),
        table(say("planned.caption"), heads("planned.head"), rows, numeric=(1, 2)),
        anchor="planned",
    )
