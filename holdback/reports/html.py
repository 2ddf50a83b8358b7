"""The pieces of HTML that every page is made of: sections, tables, charts.

All HTML is built with `markupsafe.Markup.format`, which escapes every argument that
is not markup already; `named` also isolates the direction of text from the data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from markupsafe import Markup

from holdback.errors import printable
from holdback.reports.figures.charts import axis_of, forest_mark
from holdback.reports.text.catalog import heads, say
from holdback.reports.text.locale_format import Words
from holdback.results.quantity import Quantity

__all__ = [
    "chart",
    "days",
    "join",
    "lift_table",
    "named",
    "section",
    "table",
    "unbroken",
]

SHORT_TABLE_ROWS = 12


def named(text: str) -> Markup:
    """Text from the data: escaped, control characters shown, direction isolated."""
    return Markup("<bdi>{}</bdi>").format(printable(text))


def join(parts: Iterable[Markup], between: str = "\n") -> Markup:
    """Markup parts one after the other."""
    return Markup(between).join(parts)


def section(title: str, *parts: Markup, anchor: str) -> Markup:
    """A section with a heading, named for assistive technology."""
    return Markup(
        '<section aria-labelledby="{0}">\n<h2 id="{0}">{1}</h2>\n{2}\n</section>'
    ).format(anchor, title, join(parts))


def unbroken(words: Words, quantity: Quantity, write: Callable[[float], str]) -> Markup:
    """A range whose numbers stay whole: browsers break a line between − and €."""
    marked = words.range(quantity, lambda value: f"\x02{write(value)}\x03")
    text = str(Markup("{}").format(marked))
    return Markup(  # escaped above
        text.replace("\x02", '<span class="whole">').replace("\x03", "</span>")
    )


def chart(picture: Markup, y: tuple[str, str], x: tuple[str, str]) -> Markup:
    """A picture with words at the ends of its axes: (top, bottom), (left, right).

    They are HTML, so they keep their size when the picture stretches.
    """
    return Markup(
        '<div class="chart"><div class="y"><span>{}</span><span>{}</span></div>'
        '{}<div class="x"><span>{}</span><span>{}</span></div></div>'
    ).format(*y, picture, *x)


def table(
    caption: str,
    head: Sequence[str],
    rows: Iterable[Sequence[str | Markup]],
    *,
    numeric: Sequence[int] = (),
    css: str = "",
) -> Markup:
    """A table whose cells know their column's name, so that it stacks on a phone."""
    right = set(numeric)
    rows = list(rows)
    css = f"{css} short".strip() if len(rows) <= SHORT_TABLE_ROWS else css
    header = join(
        (
            Markup('<th scope="col"{}>{}</th>').format(
                Markup(' class="num"') if i in right else "", name
            )
            if name
            else Markup("<td></td>")  # an empty header names nothing
            for i, name in enumerate(head)
        ),
        "",
    )
    body = join(Markup("<tr>{}</tr>").format(_cells(head, row, right)) for row in rows)
    return Markup(
        '<table class="{}">\n<caption>{}</caption>\n<thead><tr>{}</tr></thead>\n'
        "<tbody>\n{}\n</tbody>\n</table>"
    ).format(css, caption, header, body)


def _cells(head: Sequence[str], row: Sequence[str | Markup], right: set[int]) -> Markup:
    return join(
        (
            Markup('<{0} data-name="{1}"{2}>{3}</{4}>').format(
                Markup('th scope="row"') if i == 0 else Markup("td"),
                head[i],
                Markup(' class="num"') if i in right else "",
                cell,
                Markup("th") if i == 0 else Markup("td"),
            )
            for i, cell in enumerate(row)
        ),
        "",
    )


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
    table_rows = []
    for cells, lift in rows:
        if lift is None:
            table_rows.append((*cells, "—", "—", Markup("")))
            continue
        change, likely = words.lift(lift.value), words.range(lift, words.lift)
        label = say("metrics.alt", metric=_plain(cells[0]), change=change, range=likely)
        table_rows.append(
            (*cells, change, likely, forest_mark(lift, axis, label, "plain"))
        )
    ends = f"{words.lift(axis.low)} … {words.lift(axis.high)}"
    lifts = heads("metrics.forest")[-2:]
    return table(
        caption,
        (*first, *lifts, ends),
        table_rows,
        numeric=tuple(range(1, len(first) + len(lifts))),
        css="metrics",
    )


def _plain(cell: str) -> str:
    """A cell's text, for what is no markup."""
    return cell.striptags() if isinstance(cell, Markup) else cell


def days(words: Words, start: int, end: int) -> str:
    """Days since exposure, counted from 1."""
    return say("lasting.days", start=words.count(start + 1), end=words.count(end))
