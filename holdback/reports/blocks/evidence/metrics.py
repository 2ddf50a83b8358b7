"""What changed, metric by metric: a table with a forest plot in it."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.figures.charts import Axis, axis_of, forest_mark
from holdback.reports.html import join, named, section, table
from holdback.reports.text import result_sentences as sentences
from holdback.reports.text.catalog import heads, say
from holdback.reports.text.locale_format import Words
from holdback.reports.text.result_sentences import verdict_told
from holdback.reports.text.telling import tell
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Readout, Scorecard

__all__ = ["forest_table", "render"]

VERDICT_TONES = {
    "better": "good",
    "worse": "bad",
    "equivalent": "plain",
    "unclear": "plain",
    "safe": "good",
    "at_risk": "watch",
    "breached": "bad",
}
VERDICT_MARKS = {
    "better": "▲ ",
    "worse": "▼ ",
    "equivalent": "",
    "unclear": "",
    "safe": "✓ ",
    "at_risk": "! ",
    "breached": "✗ ",
}


@blocks.register("readouts", order=20)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """All metrics over all units."""
    readouts = [r for r in scorecard.readouts if r.segment is None]
    several = sum(not arm.control for arm in scorecard.arms) > 1
    return section(
        say("metrics.title"),
        Markup("<p>{}</p>").format(
            say(
                "metrics.intro",
                control=words.arm(readouts[0].control),
                level=words.round_share(scorecard.level),
            )
        ),
        forest_table(
            words,
            readouts,
            [_name(words, r, several=several) for r in readouts],
            caption=say("metrics.caption"),
        ),
        join(
            Markup("<p>{}</p>").format(named(note))
            for tell_of in (sentences.counted, sentences.reached)
            for note in (tell_of(words, r) for r in readouts)
            if note
        ),
        anchor="metrics",
    )


def forest_table(
    words: Words,
    readouts: Sequence[Readout],
    names: Sequence[Markup],
    *,
    caption: str,
    first: str = "",
    last: tuple[str, Sequence[Markup]] | None = None,
) -> Markup:
    """Rows of readouts: both arms, the change, its range, the picture, the reading.

    `last`, a head and its cells, stands in place of the reading, and nothing in the
    rows then says what is better.
    """
    lifts = [r.relative for r in readouts if r.relative is not None]
    axis = axis_of(lifts)
    tones = [VERDICT_TONES[r.verdict] if last is None else "plain" for r in readouts]
    head, note = last or (say("metrics.reading"), list(map(_reading, readouts)))
    rows = [
        (name, *_cells(words, readout, axis, tone), cell)
        for name, readout, tone, cell in zip(names, readouts, tones, note, strict=True)
    ]
    ends = f"{words.lift(axis.low)} … {words.lift(axis.high)}"
    return table(
        caption,
        (first or say("metrics.metric"), *heads("metrics.forest"), ends, head),
        rows,
        numeric=(1, 2, 3, 4),
        css="metrics",
    )


def _reading(readout: Readout) -> Markup:
    tone = VERDICT_TONES[readout.verdict]
    return Markup('<span class="{}">{}{}</span>').format(
        tone, VERDICT_MARKS[readout.verdict], verdict_told(readout)
    )


def _cells(
    words: Words, readout: Readout, axis: Axis, tone: str
) -> tuple[str | Markup, ...]:
    control = treatment = "—"
    if readout.estimates is not None:
        control = words.value(readout.metric, readout.estimates.control.value)
        treatment = words.value(readout.metric, readout.estimates.treatment.value)
    if readout.relative is not None:
        change = words.lift(readout.relative.value)
        likely = words.range(readout.relative, words.lift)
        picture = forest_mark(
            readout.relative,
            axis,
            say(
                "metrics.alt",
                metric=words.label(readout.metric),
                change=change,
                range=likely,
            ),
            tone,
        )
        return control, treatment, change, likely, picture
    if readout.absolute is not None and readout.absolute.has_interval:
        return control, treatment, *_difference(words, readout, readout.absolute)
    why = Markup('<span class="small">{}</span>').format(tell(words, readout.note))
    return control, treatment, "—", why, ""


def _difference(
    words: Words, readout: Readout, absolute: Quantity
) -> tuple[str, str, str]:
    def write(value: float) -> str:
        return words.difference(readout.metric, value)

    return write(absolute.value), words.range(absolute, write), ""


def _name(words: Words, readout: Readout, *, several: bool) -> Markup:
    arm = (
        Markup('<span class="small">{}</span>').format(named(words.arm(readout.arm)))
        if several
        else Markup("")
    )
    return Markup('{} <span class="role">{}</span> {}').format(
        named(words.label(readout.metric)), readout.role, arm
    )
