"""A table of lifts, each with its range and its mark on one axis."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from holdback.reports.figures.charts import axis_of, forest_mark
from holdback.reports.html import table
from holdback.reports.text.locale_format import Words
from holdback.results.quantity import Quantity
from holdback.wording import heads, say

__all__ = ["days", "lift_table"]


def lift_table(
    words: Words,
    caption: str,
    first: tuple[str, ...],
    rows: Sequence[tuple[tuple[str, ...], Quantity | None]],
) -> Markup:
    """A table of lifts with their ranges, drawn on one axis.

    `first` names the columns before the lift, which each row fills.
    """
    axis = axis_of([lift for _, lift in rows if lift is not None])
    told = []
    for cells, lift in rows:
        if lift is None:
            told.append((*cells, "—", "—", Markup("")))
            continue
        change, likely = words.lift(lift.value), words.range(lift, words.lift)
        label = say("metrics.alt", metric=_plain(cells[0]), change=change, range=likely)
        told.append((*cells, change, likely, forest_mark(lift, axis, label, "plain")))
    ends = f"{words.lift(axis.low)} … {words.lift(axis.high)}"
    lifts = heads("metrics.forest")[-2:]
    return table(
        caption,
        (*first, *lifts, ends),
        told,
        numeric=tuple(range(1, len(first) + len(lifts))),
        css="metrics",
    )


def _plain(cell: str) -> str:
    """A cell's text, for what is no markup."""
    return cell.striptags() if isinstance(cell, Markup) else cell


def days(words: Words, start: int, end: int) -> str:
    """Days since exposure, counted from 1."""
    return say("lasting.days", start=words.count(start + 1), end=words.count(end))
