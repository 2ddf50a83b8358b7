"""What changed, metric by metric: a table with a forest plot in it."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.figures.charts import Axis, axis_of, forest_mark
from holdback.reports.html import forest_head, join, named, table
from holdback.reports.text import result_sentences as sentences
from holdback.reports.text.catalog import heads, say, texts
from holdback.reports.text.locale_format import Words
from holdback.reports.text.result_sentences import unproven, verdict_told
from holdback.reports.text.telling import tell
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Readout, Scorecard

__all__ = ["forest_table", "render"]

VERDICT_TONES = {
    "better": "good",
    "worse": "bad",
    "equivalent": "open",
    "unclear": "open",
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
    "breached": "✕ ",
}


@blocks.register("readouts", sheet="first", order=30)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """All metrics over all units, guardrails among them, on one scale."""
    several = sum(not arm.control for arm in scorecard.arms) > 1
    readouts = _shown(scorecard, several=several)
    early = scorecard.validity.is_preview
    level = words.round_share(scorecard.level)
    intro = say("metrics.intro", control=words.arm(readouts[0].control), level=level)
    if not several:
        intro = say(
            "metrics.intro_one",
            arm=words.arm(readouts[0].arm),
            control=words.arm(readouts[0].control),
            level=level,
        )
    notes = [
        *(
            [say("metrics.unguarded")]
            if not any(r.role == "guardrail" for r in readouts)
            else []
        ),
        *([say("metrics.unproven")] if any(map(unproven, readouts)) else []),
        *(
            note
            for tell_of in (sentences.counted, sentences.reached)
            for note in (tell_of(words, r) for r in readouts)
            if note
        ),
    ]
    return Markup(
        '<section class="card" aria-labelledby="metrics"><div class="head">'
        '<h2 id="metrics">{}</h2><p class="small">{}</p></div>\n{}\n{}</section>'
    ).format(
        say("metrics.title"),
        named(intro),
        forest_table(
            words,
            readouts,
            [_name(words, r, several=several) for r in readouts],
            caption=say("metrics.caption"),
            early=early,
        ),
        join(Markup('<p class="note">{}</p>').format(named(note)) for note in notes),
    )


def _shown(scorecard: Scorecard, *, several: bool) -> list[Readout]:
    """Each metric's rows together, that of the arm that is spoken of first."""
    best = sentences.best_arm(scorecard)
    shown = [
        r
        for r in scorecard.readouts
        if r.segment is None and not (several and r.arm == "*")
    ]
    metrics = list(dict.fromkeys(r.metric for r in shown))
    return sorted(shown, key=lambda r: (metrics.index(r.metric), r.arm != best))


def forest_table(
    words: Words,
    readouts: Sequence[Readout],
    names: Sequence[Markup],
    *,
    caption: str,
    groups: tuple[str, str, Sequence[Markup]] | None = None,
    early: bool = False,
) -> Markup:
    """Rows of readouts: both arms, the change, the picture, its range, the reading.

    Of `groups`, what they are and a head with its cells that stands in place of the
    reading: nothing in the rows then says what is better. `early` readings settle
    nothing.
    """
    lifts = [r.relative for r in readouts if r.relative is not None]
    limits = [at for r in readouts if (at := _limit(words, r)) is not None]
    axis = axis_of(lifts, limits)
    plain = groups is not None
    first, head, note = groups or (
        say("metrics.metric"),
        say("metrics.reading"),
        [_reading(r, early=early) for r in readouts],
    )
    rows = [
        (name, *_cells(words, readout, axis, plain=plain, early=early), cell)
        for name, readout, cell in zip(names, readouts, note, strict=True)
    ]
    without, with_, change, likely = heads("metrics.forest")
    return table(
        caption if plain else Markup('<span class="vh">{}</span>').format(caption),
        (
            first,
            *(without, with_, change),
            forest_head(words, axis),
            *(likely, head),
        ),
        rows,
        classes=("", "val", "val", "chg", "f", "range", "read"),
        css=axis,
    )


def _reading(readout: Readout, *, early: bool) -> Markup:
    settled = not early or readout.role == "guardrail"
    tone = VERDICT_TONES[readout.verdict] if settled else "open"
    return Markup('<span class="{}">{}{}</span>').format(
        tone,
        VERDICT_MARKS[readout.verdict] if settled else "",
        verdict_told(readout, early=early),
    )


def _limit(words: Words, readout: Readout) -> float | None:
    """The limit of a guardrail, where it is one of a lift."""
    if readout.margin_scale != "relative" or readout.relative is None:
        return None
    return sentences.signed_limit(words, readout)


def _cells(
    words: Words, readout: Readout, axis: Axis, *, plain: bool, early: bool
) -> tuple[str | Markup, ...]:
    control = treatment = "—"
    if readout.estimates is not None:
        control = words.value(readout.metric, readout.estimates.control.value)
        treatment = words.value(readout.metric, readout.estimates.treatment.value)
    if readout.relative is not None:
        change = words.lift(readout.relative.value)
        likely = words.range(readout.relative, words.lift)
        tone = VERDICT_TONES[readout.verdict]
        label = say(
            "metrics.alt",
            metric=words.label(readout.metric),
            change=change,
            range=likely,
        )
        picture = forest_mark(
            readout.relative,
            axis,
            "" if plain else label,
            "plain" if plain else "open" if early else tone,
            open_=not plain and (early or tone == "open"),
            limit=_limit(words, readout),
        )
        return control, treatment, change, picture, likely
    if readout.absolute is not None and readout.absolute.has_interval:
        return control, treatment, *_difference(words, readout, readout.absolute)
    why = Markup('<span class="small">{}</span>').format(tell(words, readout.note))
    return control, treatment, "—", "", why


def _difference(
    words: Words, readout: Readout, absolute: Quantity
) -> tuple[str, str, str]:
    def write(value: float) -> str:
        return words.difference(readout.metric, value)

    return write(absolute.value), "", words.range(absolute, write)


def _name(words: Words, readout: Readout, *, several: bool) -> Markup:
    role = texts("metrics.roles").get(readout.role, readout.role)
    if readout.role == "guardrail" and readout.margin is not None:
        at = sentences.signed_limit(words, readout) or 0.0
        relative = readout.margin_scale == "relative"
        limit = words.tick(at) if relative else words.difference(readout.metric, at)
        role = say("metrics.limited", role=role, limit=limit)
    below = f"{words.arm(readout.arm)} · {role}" if several else role
    return Markup('{} <span class="role">{}</span>').format(
        named(words.label(readout.metric)), named(below)
    )
