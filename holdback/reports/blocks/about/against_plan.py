"""The plan beside what came."""

from __future__ import annotations

from markupsafe import Markup

from holdback.reports.blocks import blocks
from holdback.reports.html import section, table
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Scorecard
from holdback.results.sections.against_plan import Expected
from holdback.wording import heads, say

__all__ = ["render"]


@blocks.register("expected", order=210)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """A table of what was expected and found; nothing without a locked plan."""
    found = scorecard.single(Expected)
    if found is None:
        return Markup("")
    metric = words.label(found.metric)
    rows = [
        (
            say("planned.units"),
            words.count(found.planned_units),
            words.count(found.units),
        ),
        (
            say("planned.mean", metric=metric),
            words.value(found.metric, found.planned_mean),
            "–" if found.mean is None else words.value(found.metric, found.mean),
        ),
    ]
    if found.planned_cv is not None:
        rows.append(
            (
                say("planned.spread"),
                words.number(found.planned_cv),
                "–" if found.cv is None else words.number(found.cv),
            )
        )
    if found.planned_detectable_lift is not None:
        rows.append(
            (
                say("planned.detects", often=f"{10 * found.power:.3g}"),
                words.share(found.planned_detectable_lift),
                "–"
                if found.detectable_lift is None
                else words.share(found.detectable_lift),
            )
        )
    return section(
        say("planned.title"),
        Markup("<p>{}</p>").format(say("planned.intro")),
        table(say("planned.caption"), heads("planned.head"), rows, numeric=(1, 2)),
        anchor="planned",
    )
