"""Segments: exploration, never used to decide."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from holdback.experiments.scorecard import Readout, Scorecard
from holdback.reports.blocks import join, named, section
from holdback.reports.blocks.metrics import forest_table
from holdback.reports.words import Words

__all__ = ["render"]


def render(scorecard: Scorecard, words: Words) -> Markup:
    """One table a dimension for the primary; the other metrics folded away."""
    found = [r for r in scorecard.readouts if r.segment is not None]
    if not found:
        return Markup("")
    primary = {r.metric for r in scorecard.readouts if r.role == "primary"}
    first = [r for r in found if r.metric in primary]
    rest = [r for r in found if r.metric not in primary]
    folded = (
        Markup(
            "<details><summary>Other metrics by segment</summary>{}</details>"
        ).format(_tables(words, rest))
        if rest
        else Markup("")
    )
    return section(
        "Segments (exploration)",
        Markup("<p>{}</p>").format(
            "Ideas for the next test. With many groups some differ by chance, so the "
            "readings are corrected for their number, and “clear here, not there” "
            "does not mean that the groups differ. Groups below 10 units are hidden."
        ),
        _tables(words, first),
        folded,
        anchor="segments",
    )


def _tables(words: Words, readouts: list[Readout]) -> Markup:
    return join(_dimension_tables(words, readouts))


def _dimension_tables(words: Words, readouts: list[Readout]) -> Iterable[Markup]:
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
            caption=f"{words.label(metric)} by {dimension}{tail}",
            first=dimension.capitalize(),
        )
