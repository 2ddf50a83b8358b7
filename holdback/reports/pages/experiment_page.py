"""Blocks → one self-contained HTML file: no script, no request, light, dark, print."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from importlib.resources import files

from markupsafe import Markup

from holdback.reports.blocks import against_plan as planned
from holdback.reports.blocks import checks as trust
from holdback.reports.blocks import (
    cohorts,
    decision,
    funnel,
    glossary,
    join,
    lifetime,
    method,
    metrics,
    money,
    named,
    provenance,
    segments,
    sensitivity,
    trend,
)
from holdback.reports.blocks import decomposition as parts
from holdback.reports.blocks import effect_decay as lasting
from holdback.reports.blocks import exploratory as beside
from holdback.reports.blocks import guardrails as watch
from holdback.reports.blocks import mcmc as sampled
from holdback.reports.blocks import month_ends as over_time
from holdback.reports.blocks import next_steps as going_on
from holdback.reports.blocks import prior_posterior as belief
from holdback.reports.blocks import probabilities as confidence
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Scorecard
from holdback.wording import in_its_language, language, say, texts

__all__ = ["POLICY", "document", "render", "style"]

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)
Block = Callable[[Scorecard, Words], Markup]

FIRST: tuple[Block, ...] = (
    decision.render,
    money.render,
    confidence.render,
    watch.render,
)
"""The first sheet: what a reader needs who reads no further."""
BLOCKS: tuple[Block, ...] = (
    trust.render,
    metrics.render,
    funnel.render,
    belief.render,
    over_time.render,
    trend.render,
    lasting.render,
    cohorts.render,
    parts.render,
    money.detail,
    going_on.render,
    going_on.added,
    lifetime.render,
    beside.doses,
    segments.render,
    sampled.render,
    lasting.context,
    beside.uplift,
    beside.attribution,
    sensitivity.render,
    planned.render,
    glossary.render,
    method.render,
    provenance.render,
)
"""The rest, in the order of the questions that come up."""
RESULTS: set[Block] = {
    money.render,
    money.detail,
    going_on.render,
    going_on.added,
    lifetime.render,
    beside.doses,
    beside.uplift,
    beside.attribution,
    confidence.render,
    watch.render,
    metrics.render,
    funnel.render,
    belief.render,
    over_time.render,
    trend.render,
    lasting.render,
    cohorts.render,
    lasting.context,
    parts.render,
    segments.render,
    sampled.render,
    sensitivity.render,
}
"""What a failed check makes unreadable: folded away, below the checks."""


@in_its_language
def render(scorecard: Scorecard) -> str:
    """The report of a scorecard as HTML text; the same scorecard, the same bytes."""
    words = Words.of(scorecard)
    if any(check.status == "fail" for check in scorecard.checks):
        first = [block for block in (*FIRST, trust.render) if block not in RESULTS]
        others = [one for one in BLOCKS if one not in RESULTS and one not in first]
        spoiled = [block for block in (*FIRST, *BLOCKS) if block in RESULTS]
        rest = [
            _spoiled(_told(spoiled, scorecard, words)),
            *_told(others, scorecard, words),
        ]
    else:
        first = list(FIRST)
        rest = [*_told(BLOCKS, scorecard, words)]
    sheet = Markup('<div class="first">\n{}\n</div>').format(
        join([_header(scorecard, words), *_told(first, scorecard, words)])
    )
    title = say("page.title", experiment=scorecard.experiment)
    return document(title, join([sheet, *rest]))


def _told(
    blocks: Sequence[Block], scorecard: Scorecard, words: Words
) -> Iterator[Markup]:
    """The blocks that have something to say."""
    return filter(None, (block(scorecard, words) for block in blocks))


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


def _spoiled(blocks: Iterator[Markup]) -> Markup:
    """The blocks whose figures a failed check has spoiled: grey, and out of sight."""
    return Markup(
        '<details class="spoiled">\n'
        '<summary class="caution"><strong>{}</strong> {}</summary>\n{}\n</details>'
    ).format(say("page.not_to_be_used"), say("page.spoiled"), join(blocks))


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
