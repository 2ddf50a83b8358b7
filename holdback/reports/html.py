"""The pieces of HTML that every page is made of: sections, tables, charts.

All HTML is built with `markupsafe.Markup.format`, which escapes every argument that
is not markup already; `named` also isolates the direction of text from the data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from unicodedata import bidirectional
from urllib.parse import quote

from markupsafe import Markup

from holdback.errors import printable
from holdback.reports.figures.charts import Axis, axis_mark, axis_of, forest_mark
from holdback.reports.text.catalog import heads, say
from holdback.reports.text.locale_format import Words
from holdback.results.quantity import Quantity

__all__ = [
    "chart",
    "days",
    "folded",
    "forest_head",
    "join",
    "lift_table",
    "linked",
    "named",
    "section",
    "table",
    "unbroken",
]

SHORT_TABLE_ROWS = 12
SLIM_COLUMNS = 3
"""So many columns stay beside each other on a phone."""
RIGHT_TO_LEFT = frozenset(
    {"R", "AL", "AN", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI", "PDF", "PDI"}
)


def named(text: str) -> Markup:
    """Text from the data: escaped, control characters shown, direction isolated."""
    shown = printable(text)
    if any(bidirectional(letter) in RIGHT_TO_LEFT for letter in shown):
        return Markup("<bdi>{}</bdi>").format(shown)
    return Markup("{}").format(shown)


def linked(name: str, way: str | None) -> Markup:
    """A name from the data, as a link where there is a way to go."""
    if not way:
        return named(name)
    return Markup('<a href="{}">{}</a>').format(quote(way), named(name))


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


def chart(picture: Markup, y: Sequence[str], x: tuple[str, str]) -> Markup:
    """A picture with words beside its axes: equal steps from the top, (left, right).

    They are HTML, so they keep their size when the picture stretches.
    """
    return Markup(
        '<div class="chart"><div class="y">{}</div>'
        '{}<div class="x"><span>{}</span><span>{}</span></div></div>'
    ).format(join((Markup("<span>{}</span>").format(at) for at in y), ""), picture, *x)


def folded(summary: str, *parts: Markup, css: str = "numbers") -> Markup:
    """What is opened on a wish; as `numbers`, paper goes without it."""
    return Markup('<details class="{}"><summary>{}</summary>{}</details>').format(
        css, summary, join(parts)
    )


def table(
    caption: str,
    head: Sequence[str],
    rows: Iterable[Sequence[str | Markup]],
    *,
    numeric: Sequence[int] = (),
    classes: Sequence[str] = (),
    css: str | Axis = "",
) -> Markup:
    """A table whose cells know their column's name, so that it stacks on a phone.

    `numeric` columns stand to the right; `classes` say more of each column. In
    place of a class, the axis of a column of pictures: its 0 is drawn through the rows.
    """
    place = Markup("")
    if isinstance(css, Axis):
        place = Markup(' style="--zero:{:g}%"').format(css.at(0))
        css = "metrics"
    figures = set(numeric) == set(range(1, len(head)))
    if not classes:
        own = "" if figures else "num"
        classes = [own if i in numeric else "" for i in range(len(head))]
    rows = list(rows)
    slim = len(head) <= SLIM_COLUMNS and css != "metrics"
    css = " ".join(
        name
        for name, holds in (
            (css, bool(css)),
            ("short", len(rows) <= SHORT_TABLE_ROWS),
            ("slim", slim),
            ("figures", figures),
        )
        if holds
    )
    header = join(
        (
            Markup("<th{}>{}</th>").format(_class(name_class), name)
            if name
            else Markup("<td></td>")  # an empty header names nothing
            for name, name_class in zip(head, classes, strict=True)
        ),
        "",
    )
    body = join(
        Markup("<tr>{}</tr>").format(
            _cells([""] * len(head) if slim else head, row, classes)
        )
        for row in rows
    )
    return Markup(
        '<table class="{}"{}>\n<caption>{}</caption>\n<thead><tr>{}</tr></thead>\n'
        "<tbody>\n{}\n</tbody>\n</table>"
    ).format(css, place, caption, header, body)


def _class(name: str) -> Markup:
    return Markup(' class="{}"').format(name) if name else Markup("")


def _cells(
    head: Sequence[str], row: Sequence[str | Markup], classes: Sequence[str]
) -> Markup:
    def label(name: str, css: str) -> Markup:
        drawn = not name or isinstance(name, Markup) or css in UNLABELLED
        return Markup("" if drawn else ' data-l="{}"').format(name)

    first = Markup('<th scope="row">{}</th>').format(row[0])
    return first + join(
        (
            Markup("<td{}{}>{}</td>").format(_class(css), label(name, css), cell)
            for name, css, cell in zip(head[1:], classes[1:], row[1:], strict=True)
        ),
        "",
    )


UNLABELLED = frozenset({"chg", "f", "range", "read"})
"""Columns of a forest whose cells say themselves what they are."""


def forest_head(words: Words, axis: Axis) -> Markup:
    """The head of a column of ranges: its name to be heard, its ticks to be seen."""
    return Markup('<span class="vh">{}</span>{}').format(
        say("metrics.picture"), axis_mark(axis, words.tick)
    )


def lift_table(
    words: Words,
    caption: str,
    first: tuple[str, ...],
    rows: Sequence[tuple[tuple[str, ...], Quantity | None]],
    axis: Axis | None = None,
) -> Markup:
    """A table of lifts with their ranges, drawn on one axis: the given, or their own.

    `first` names the columns before the lift, which each row fills.
    """
    axis = axis or axis_of([lift for _, lift in rows if lift is not None])
    table_rows = []
    for cells, lift in rows:
        if lift is None:
            table_rows.append((*cells, "—", Markup(""), "—"))
            continue
        change, likely = words.lift(lift.value), words.range(lift, words.lift)
        mark = forest_mark(lift, axis, "", "plain")
        table_rows.append((*cells, change, mark, likely))
    change_name, range_name = heads("metrics.forest")[-2:]
    return table(
        caption,
        (*first, change_name, forest_head(words, axis), range_name),
        table_rows,
        classes=("", *["val"] * (len(first) - 1), "chg", "f", "range"),
        css=axis,
    )


def days(words: Words, start: int, end: int) -> str:
    """Days since exposure, counted from 1."""
    return say("lasting.days", start=words.count(start + 1), end=words.count(end))
