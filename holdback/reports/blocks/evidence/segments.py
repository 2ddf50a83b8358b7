"""Segments: exploration, never used to decide."""

from __future__ import annotations

import re
from collections.abc import Iterable

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.blocks.evidence.metrics import forest_table
from holdback.reports.html import join, named, section
from holdback.reports.text import result_sentences as sentences
from holdback.reports.text.catalog import say
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Readout, Scorecard

__all__ = ["render"]

TOP_TIER = re.compile(r"\d: over [^,]+")
"""Name of the tier above all bounds."""


@blocks.register("segments", order=150)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """One table a dimension for the primary; the other metrics stand in a file."""
    segmented = [r for r in scorecard.readouts if r.segment is not None]
    if not segmented:
        return Markup("")
    primary = {r.metric for r in scorecard.readouts if r.role == "primary"}
    first = [r for r in segmented if r.metric in primary]
    others = say("segments.others") if len(first) < len(segmented) else ""
    return section(
        say("segments.title"),
        Markup("<p>{} {}</p>").format(say("segments.intro"), others),
        join(_best_customers(scorecard, words, first)),
        join(_dimension_tables(scorecard, words, first)),
        anchor="segments",
    )


def _best_customers(
    scorecard: Scorecard, words: Words, readouts: list[Readout]
) -> Iterable[Markup]:
    """Whether it worked for who had spent most: one line an arm, of the top tier."""
    listed = scorecard.configuration.get("analysis", {}).get("segments", [])
    tiered = [s["name"] for s in listed if isinstance(s, dict) and s.get("value")]
    for r in readouts:
        segment = r.segment
        if segment is None or segment.dimension not in tiered[:1] or r.pooled is None:
            continue
        if TOP_TIER.fullmatch(segment.level) is None:
            continue
        told = say(
            "segments.best_customers",
            arm=words.arm(r.arm),
            dimension=segment.dimension,
            level=segment.level.partition(": ")[2],
            metric=words.label(r.metric),
            lift=words.lift(r.pooled.value),
            range=words.range(r.pooled, words.lift),
        )
        yield Markup("<p>{}</p>").format(named(told))


def _dimension_tables(
    scorecard: Scorecard, words: Words, readouts: list[Readout]
) -> Iterable[Markup]:
    keys = dict.fromkeys(
        (r.metric, r.arm, r.segment.dimension) for r in readouts if r.segment
    )
    arms = {r.arm for r in readouts}
    for metric, arm, dimension in keys:
        rows = [
            r
            for r in readouts
            if r.segment is not None
            and (r.metric, r.arm, r.segment.dimension) == (metric, arm, dimension)
        ]
        tail = f", {words.arm(arm)}" if len(arms) > 1 else ""
        yield forest_table(
            words,
            rows,
            [named(r.segment.level) for r in rows if r.segment is not None],
            caption=say(
                "segments.caption", metric=words.label(metric), dimension=dimension
            )
            + tail,
            groups=(
                dimension.capitalize(),
                say("segments.pulled"),
                [_pulled(words, r) for r in rows],
            ),
        )
        yield join(
            Markup("<p>{}</p>").format(named(sentences.differ(words, test)))
            for test in scorecard.interactions
            if (test.metric, test.arm, test.dimension) == (metric, arm, dimension)
        )


def _pulled(words: Words, readout: Readout) -> Markup:
    """A group's lift with the others taken into account, and its range."""
    if readout.pooled is None:
        return Markup("—")
    likely = words.range(readout.pooled, words.lift)
    return Markup('{} <span class="small">({})</span>').format(
        words.lift(readout.pooled.value), likely
    )
