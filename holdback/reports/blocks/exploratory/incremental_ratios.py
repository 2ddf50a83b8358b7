"""Extra return on extra spend: ratios of the arms, and of what was added."""

from __future__ import annotations

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.html import named, section, table
from holdback.reports.text.catalog import say
from holdback.reports.text.locale_format import Words
from holdback.reports.text.telling import tell
from holdback.results.scorecard import Scorecard
from holdback.results.sections.incremental_ratios import IncrementalRatio

__all__ = ["added"]


@blocks.register("incremental", order=120)
def added(scorecard: Scorecard, words: Words) -> Markup:
    """Ratios of the arms beside the ratio of what the treatment added."""
    ratios = scorecard.section(IncrementalRatio)
    if not ratios:
        return Markup("")
    rows = [
        (
            named(f"{words.label(ratio.metric)}, {words.arm(ratio.arm)}"),
            _value(words, ratio, ratio.control),
            _value(words, ratio, ratio.treatment),
            _added(words, ratio),
        )
        for ratio in ratios
    ]
    return section(
        say("going_on.extra_return_on_extra"),
        Markup("<p>{}</p>").format(say("going_on.a_ratio_within_an")),
        table(
            say("going_on.ratios_of_the_arms"),
            (
                say("going_on.ratio"),
                say("common.control"),
                say("going_on.treatment"),
                say("going_on.added_likely"),
            ),
            rows,
            numeric=(1, 2, 3),
        ),
        anchor="added",
    )


def _value(words: Words, ratio: IncrementalRatio, value: float | None) -> str:
    return "—" if value is None else words.value(ratio.metric, value)


def _added(words: Words, ratio: IncrementalRatio) -> str:
    if ratio.added is None:
        return "" if ratio.note is None else tell(words, ratio.note)

    def write(value: float) -> str:
        return words.value(ratio.metric, value)

    return f"{write(ratio.added.value)} ({words.range(ratio.added, write)})"
