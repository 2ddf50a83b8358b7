"""Blocks → one self-contained HTML file: no script, no request, light, dark, print."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from importlib.resources import files

from markupsafe import Markup

from holdback.reports.blocks.block import Block, blocks
from holdback.reports.html import join, named
from holdback.reports.text.catalog import in_its_language, language, say, texts
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Scorecard

__all__ = ["POLICY", "document", "render", "style"]

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)


@in_its_language
def render(scorecard: Scorecard) -> str:
    """The report of a scorecard as HTML text; the same scorecard, the same bytes."""
    words = Words.of(scorecard)
    first, rest = blocks.on("first"), blocks.on("rest")
    if scorecard.validity.is_invalid:
        first = [
            block for block in (*first, blocks["checks"]) if not block.shows_results
        ]
        rest = [
            block for block in rest if not block.shows_results and block not in first
        ]
    sheet = Markup('<div class="first">\n{}\n</div>').format(
        join([_header(scorecard, words), *_told(first, scorecard, words)])
    )
    title = say("page.title", experiment=scorecard.experiment)
    return document(title, join([sheet, *_told(rest, scorecard, words)]))


def _told(
    shown: Sequence[Block], scorecard: Scorecard, words: Words
) -> Iterator[Markup]:
    """The blocks that have something to say."""
    return filter(None, (block.render(scorecard, words) for block in shown))


def document(title: str, body: Markup) -> str:
    """A self-contained page around a body: policy, style, nothing from elsewhere."""
    return str(
        Markup(
            "<!DOCTYPE html>\n"
            '<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
            '<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            '<meta name="color-scheme" content="light dark">\n'
            '<meta name="referrer" content="no-referrer">\n'
            "<title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
            "<main>\n{body}\n</main>\n</body>\n</html>\n"
        ).format(
            language=language(),
            policy=Markup(POLICY),
            title=title,
            style=style(),
            body=body,
        )
    )


def style() -> Markup:
    """The style sheet, which is ours and holds no data."""
    text = (files("holdback.reports.pages") / "page.css").read_text(encoding="utf-8")
    return Markup(text)  # a file of the package


def _last_day(as_of: str) -> str:
    """The last day with data: what happens at the moment itself is left out."""
    return (datetime.fromisoformat(as_of) - timedelta(seconds=1)).date().isoformat()


def _header(scorecard: Scorecard, words: Words) -> Markup:
    facts = []
    if scorecard.window_start and scorecard.window_end:
        facts.append(
            f"{words.day(scorecard.window_start)} – {words.day(scorecard.window_end)}"
        )
    units = sum(arm.units for arm in scorecard.arms)
    facts.append(say("page.header", units=words.count(units)))
    facts += [
        f"{arm.label} {words.round_share(arm.planned_share)}" for arm in scorecard.arms
    ]
    about = [texts("status")[scorecard.status]]
    if scorecard.as_of:
        about.append(say("status.as_of", day=words.day(_last_day(scorecard.as_of))))
    if scorecard.owner:
        about.append(say("status.owner", owner=scorecard.owner))
    return Markup(
        '<header>\n<p class="small">{} · {}</p>\n'
        '<h1>{}</h1>\n{}\n<p class="small">{}</p>\n</header>'
    ).format(
        say("page.experiment_report"),
        named(" · ".join(facts)),
        named(scorecard.experiment),
        Markup('<p class="hypothesis">{}</p>').format(named(scorecard.hypothesis))
        if scorecard.hypothesis
        else "",
        named(" · ".join(about)),
    )
