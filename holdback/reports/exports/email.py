"""The report for e-mail: tables and PNG pictures only, as mail programs want it.

No SVG, no style sheet, no variables: every style is literal and on its element. The
pictures are the page's own, turned into PNG by resvg (the extra `email`).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from email.message import EmailMessage
from email.policy import SMTP

from markupsafe import Markup

from holdback.errors import EnvironmentFault, Problem
from holdback.reports.blocks.answer.decision import told_first
from holdback.reports.blocks.answer.probabilities import told as sure_told
from holdback.reports.blocks.evidence.metrics import VERDICT_MARKS, VERDICT_TONES
from holdback.reports.exports.markdown_summary import markdown, money_rows, readout_row
from holdback.reports.figures.charts import Axis, axis_of, forest_mark
from holdback.reports.html import join, named
from holdback.reports.pages.pdf import palette, pictures
from holdback.reports.text.catalog import heads, in_its_language, language, say
from holdback.reports.text.locale_format import Words
from holdback.reports.text.result_sentences import headline, money_told, withheld
from holdback.results.scorecard import Readout, Scorecard

__all__ = ["html", "message"]

PICTURE_WIDTH, PICTURE_SCALE = 150, 2
FONT = "font-family:Arial,Helvetica,sans-serif;"
PictureSource = Callable[[int, bytes], str]


@in_its_language
def html(scorecard: Scorecard) -> str:
    """The mail's body on its own, with its pictures inside.

    Raises EnvironmentFault without the extra that draws the pictures.
    """
    return _page(
        scorecard,
        lambda _, png: f"data:image/png;base64,{base64.b64encode(png).decode()}",
    )


@in_its_language
def message(scorecard: Scorecard) -> bytes:
    """A draft with a plain and an HTML part and attached pictures, ready to open.

    Sender and receiver are left to the mail program. The same scorecard, the same
    bytes.

    Raises EnvironmentFault without the extra that draws the pictures.
    """
    pictures_by_number: dict[int, bytes] = {}

    def source(number: int, png: bytes) -> str:
        pictures_by_number[number] = png
        return f"cid:lift-{number}@holdback"

    body = _page(scorecard, source)
    draft = EmailMessage(policy=SMTP)
    title = " ".join(headline(scorecard).title.split())
    draft["Subject"] = f"{' '.join(scorecard.experiment.split())}: {title}"
    draft["X-Unsent"] = "1"
    draft.set_content(markdown(scorecard))
    draft.add_alternative(body, subtype="html")
    rich = draft.get_payload()[1]  # type: ignore[index]
    assert isinstance(rich, EmailMessage)  # noqa: S101  # just added
    for number, png in pictures_by_number.items():
        rich.add_related(
            png, "image", "png", cid=f"<lift-{number}@holdback>", disposition="inline"
        )
    _fixed_boundaries(draft, scorecard.plan_hash[:16])
    return draft.as_bytes()


def _fixed_boundaries(draft: EmailMessage, seed: str) -> None:
    parts = [p for p in draft.walk() if p.is_multipart()]
    for number, part in enumerate(parts):
        part.set_boundary(f"=_{seed}_{number}")


def _page(scorecard: Scorecard, source: PictureSource) -> str:
    words = Words.of(scorecard)
    rows = [_decision(scorecard, words)]
    if scorecard.validity.is_invalid:
        rows.append(_paragraph(withheld(), "ink"))
    else:
        rows += [_money(scorecard, words), _metrics(scorecard, words, source)]
    rows.append(_paragraph(say("chat.more"), "soft"))
    inner = join(
        Markup('<tr><td style="padding:0 0 16px 0">{}</td></tr>').format(row)
        for row in rows
        if row
    )
    return str(
        Markup(
            '<!DOCTYPE html>\n<html lang="{language}"><head><meta charset="utf-8">'
            "<title>{title}</title></head>\n"
            '<body style="margin:0;padding:16px;background:#ffffff">\n'
            '<table role="presentation" width="100%" cellpadding="0" cellspacing="0" '
            'border="0" style="max-width:600px;margin:0 auto;{font}color:{ink}">\n'
            "{inner}\n</table></body></html>\n"
        ).format(
            language=language(),
            title=named_text(scorecard.experiment),
            font=FONT,
            ink=palette()["ink"],
            inner=inner,
        )
    )


def named_text(text: str) -> str:
    """Text of the data where no markup may stand."""
    return " ".join(text.split())


def _decision(scorecard: Scorecard, words: Words) -> Markup:
    title = headline(scorecard)
    colours = palette()
    tone = colours[title.tone]
    return Markup(
        '<table role="presentation" width="100%" cellpadding="16" cellspacing="0" '
        'border="0" bgcolor="{back}"><tr><td style="border-left:6px solid {tone};{font}'
        'background:{back}"><h1 style="margin:0 0 4px 0;font-size:16px;color:{soft}">'
        '{name}</h1><p style="margin:0 0 8px 0;font-size:24px;font-weight:bold;'
        'color:{tone}">{title}</p>{told}</td></tr></table>'
    ).format(
        back=colours[f"{title.tone}-bg"],
        tone=tone,
        font=FONT,
        soft=colours["soft"],
        name=named(scorecard.experiment),
        title=title.title,
        told=join(
            _paragraph(text, "ink")
            for text in (*told_first(scorecard, words), *sure_told(scorecard, words))
        ),
    )


def _paragraph(text: str, colour: str) -> Markup:
    return Markup(
        '<p style="margin:0 0 6px 0;font-size:15px;line-height:21px;color:{}">{}</p>'
    ).format(palette()[colour], named(text))


def _money(scorecard: Scorecard, words: Words) -> Markup:
    """Money of the arm that the decision speaks of, else of each."""
    return join(
        _table(
            (words.arm(money.arm), "", "") if words.several else (),
            (tuple(map(named, row)) for row in money_rows(words, money)),
        )
        for money in money_told(scorecard)
    )


def _metrics(scorecard: Scorecard, words: Words, source: PictureSource) -> Markup:
    readouts = [r for r in scorecard.readouts if r.segment is None]
    axis = axis_of([r.relative for r in readouts if r.relative is not None])
    rows = []
    for number, readout in enumerate(readouts):
        name, change, likely, reading = readout_row(words, readout)
        tone = VERDICT_TONES[readout.verdict]
        verdict = Markup('<span style="color:{}">{}</span>').format(
            palette()["soft" if tone == "open" else tone],
            VERDICT_MARKS[readout.verdict] + reading,
        )
        picture = _picture(readout, axis, number, f"{change}, {likely}", source)
        cells = (named(name), named(change), named(likely), picture, verdict)
        rows.append(cells)
    head = heads("chat.columns")
    return _table(
        (*head[:3], say("picture.title"), head[3]),
        rows,
    )


def _picture(
    readout: Readout, axis: Axis, number: int, label: str, source: PictureSource
) -> Markup:
    if readout.relative is None:
        return Markup("")
    svg = str(forest_mark(readout.relative, axis, "", VERDICT_TONES[readout.verdict]))
    png = _png(pictures(svg, PICTURE_WIDTH))
    return Markup(
        '<img src="{}" width="{}" height="24" alt="{}" style="display:block">'
    ).format(Markup(source(number, png)), PICTURE_WIDTH, label)


def _table(head: tuple[str, ...], rows: Iterable[tuple[Markup, ...]]) -> Markup:
    line = f"border-bottom:1px solid {palette()['line']};"
    cell = f"{FONT}{line}font-size:14px;text-align:left;padding:6px 8px 6px 0"
    top = join(Markup('<th style="{}">{}</th>').format(cell, h) for h in head)
    body = join(
        Markup("<tr>{}</tr>").format(
            join((Markup('<td style="{}">{}</td>').format(cell, c) for c in row), "")
        )
        for row in rows
    )
    return Markup(
        '<table width="100%" cellpadding="0" cellspacing="0" border="0">{}{}</table>'
    ).format(Markup("<tr>{}</tr>").format(top) if head else "", body)


def _png(svg: str) -> bytes:
    try:
        from resvg_py import svg_to_bytes
    except ImportError as error:
        raise EnvironmentFault(
            Problem(
                what="the pictures of an e-mail need resvg.",
                fix="pip install 'holdback[email]'",
            )
        ) from error
    return bytes(svg_to_bytes(svg_string=svg, zoom=PICTURE_SCALE))
