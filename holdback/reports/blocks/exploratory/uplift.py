"""Uplift: whether a score finds the units that the treatment moves."""

from __future__ import annotations

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.html import named, section, table
from holdback.reports.text.catalog import say
from holdback.reports.text.locale_format import Words
from holdback.reports.text.telling import tell
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Scorecard
from holdback.results.sections.uplift import Uplift

__all__ = ["uplift"]


@blocks.register("uplift", order=180)
def uplift(scorecard: Scorecard, words: Words) -> Markup:
    """The curve of each arm, or why there is none."""
    uplifts = scorecard.section(Uplift)
    if not uplifts:
        return Markup("")
    return section(
        say("beside.uplift"),
        *(_uplift(words, record) for record in uplifts),
        anchor="uplift",
    )


def _uplift(words: Words, record: Uplift) -> Markup:
    title = say("beside.ranked_by", arm=words.arm(record.arm), score=record.score)
    if record.area is None or record.p_value is None:
        why = "" if record.refused is None else tell(words, record.refused)
        return Markup("<p>{}</p>").format(named(f"{title}: {why}"))
    finds = record.area.lower is not None and record.area.lower > 0
    sentence = (
        say("beside.the_score_finds_units")
        if finds
        else say("beside.that_the_score_finds")
    )
    rows = [
        (
            words.round_share(round(point.share, 2)),
            words.difference(record.metric, point.gain.value),
            _between(words, record.metric, point.gain),
            words.difference(record.metric, point.random),
        )
        for point in record.curve
    ]
    return Markup("<p>{}</p><p>{}</p>{}").format(
        named(
            say(
                "beside.area_between_the_curve",
                title=title,
                told=sentence,
                area=words.difference(record.metric, record.area.value),
                area_2=_between(words, record.metric, record.area),
                p_value=words.p_told(record.p_value),
            )
        ),
        say("beside.crossed"),
        table(
            say("beside.gain_per_unit_of", metric=words.label(record.metric)),
            (
                say("beside.treated_best_first"),
                say("beside.gain"),
                say("beside.likely"),
                say("beside.without_a_score"),
            ),
            rows,
            numeric=(0, 1, 2, 3),
        ),
    )


def _between(words: Words, metric: str, quantity: Quantity) -> str:
    return words.range(quantity, lambda value: words.difference(metric, value))
