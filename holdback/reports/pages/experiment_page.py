"""Blocks → one self-contained HTML file: no script, no request, light, dark, print."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from importlib.resources import files

from markupsafe import Markup

from holdback.reports.blocks.block import Block, Sheet, blocks
from holdback.reports.blocks.evidence.checks import checks_told
from holdback.reports.html import join, named
from holdback.reports.text.catalog import counted, in_its_language, language, say, texts
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Scorecard

__all__ = ["POLICY", "document", "last_day", "render", "style"]

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'"
)


FOLDED_SHEETS: tuple[Sheet, ...] = ("explore", "statisticians", "provenance")
HEADING = re.compile(r'<h2 id="([\w-]+)"[^>]*>(.*?)</h2>')


@in_its_language
def render(scorecard: Scorecard) -> str:
    """The report of a scorecard as HTML text; the same scorecard, the same bytes."""
    words = Words.of(scorecard)
    cards = list(_told(_first(scorecard), scorecard, words))
    folds = list(_folds(scorecard, words))
    title = _title(scorecard)
    body = Markup(
        "{}\n{}\n"
        '<section class="folds" aria-labelledby="details"><h2 id="details">{}</h2>\n{}'
        "\n</section>\n<footer>{}</footer>"
    ).format(
        header(scorecard, words, title),
        join(cards),
        say("page.details"),
        join(folds),
        _foot(scorecard, words),
    )
    contents = _contents(scorecard, [*cards, *folds])
    return document(say("page.title", experiment=title), body, contents)


def _first(scorecard: Scorecard) -> list[Block]:
    """The cards; a guardrail that is not within its limit comes before money."""
    shown = _usable(scorecard, blocks.on("first"))
    doubtful = any(
        r.role == "guardrail" and r.verdict != "safe" for r in scorecard.readouts
    )
    if doubtful and not scorecard.validity.is_invalid:
        at = [blocks["money"], blocks["readouts"]]
        places = sorted(shown.index(block) for block in at)
        for place, block in zip(places, reversed(at), strict=True):
            shown[place] = block
    return shown


def _usable(scorecard: Scorecard, shown: Sequence[Block]) -> list[Block]:
    invalid = scorecard.validity.is_invalid
    return [block for block in shown if not (invalid and block.shows_results)]


def _folds(scorecard: Scorecard, words: Words) -> Iterator[Markup]:
    """What is folded away: the head of each names what is in it."""
    for sheet in FOLDED_SHEETS:
        parts = list(_told(_usable(scorecard, blocks.on(sheet)), scorecard, words))
        if not parts:
            continue
        inside = [match for part in parts for match in HEADING.findall(part)]
        yield Markup(
            '<details class="fold"><summary><h2 id="{0}">{1}</h2>'
            '<span class="small">{2}</span></summary>\n'
            '<div class="body" id="{0}-all">\n{3}\n</div></details>'
        ).format(
            sheet,
            texts("page.folds")[sheet],
            join((Markup(name) for _, name in inside), " · "),  # rendered above
            join(parts),
        )


def _contents(scorecard: Scorecard, parts: Sequence[Markup]) -> Markup:
    """Links to the cards and, within the folds, to what opens them."""
    names = texts("page.contents")
    anchors = [match[1] for part in parts if (match := HEADING.search(part))]
    links = (
        Markup('<a href="#{}">{}</a>').format(
            f"{anchor}-all" if anchor in FOLDED_SHEETS else anchor, names[anchor]
        )
        for anchor in anchors
        if anchor in names
    )
    return Markup(
        '<nav class="bar" aria-label="{}"><div><strong>{}</strong>{}</div></nav>'
    ).format(say("page.contents_name"), named(scorecard.experiment), join(links, ""))


def _told(
    shown: Sequence[Block], scorecard: Scorecard, words: Words
) -> Iterator[Markup]:
    """The blocks that have something to say."""
    return filter(None, (block.render(scorecard, words) for block in shown))


def document(title: str, body: Markup, contents: Markup | None = None) -> str:
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
            "{contents}<main>\n{body}\n</main>\n</body>\n</html>\n"
        ).format(
            language=language(),
            policy=Markup(POLICY),
            title=title,
            style=style(),
            contents=contents or "",
            body=body,
        )
    )


def style() -> Markup:
    """The style sheet, which is ours and holds no data."""
    text = (files("holdback.reports.pages") / "page.css").read_text(encoding="utf-8")
    return Markup(  # a file of the package
        re.sub(r"/\*.*?\*/|\s*([{};,>])\s*|(?<=:) ", r"\1", text)
    )


def last_day(as_of: str) -> str:
    """The last day with data: what happens at the moment itself is left out."""
    return (datetime.fromisoformat(as_of) - timedelta(seconds=1)).date().isoformat()


def _title(scorecard: Scorecard) -> str:
    """The file's title, or who is compared with whom."""
    if scorecard.title:
        return scorecard.title
    treated = [arm.label for arm in scorecard.arms if not arm.control]
    control = next((arm.label for arm in scorecard.arms if arm.control), "")
    return say("page.against", arms=", ".join(treated), control=control)


def header(scorecard: Scorecard, words: Words, title: str) -> Markup:
    """The title, when and on whom, and the state of everything in chips."""
    facts = []
    if scorecard.window_start and scorecard.window_end:
        facts.append(words.days(scorecard.window_start, scorecard.window_end))
    units = sum(arm.units for arm in scorecard.arms)
    arms = sorted(scorecard.arms, key=lambda arm: arm.control)
    by_arm = ", ".join(f"{words.count(arm.units)} {arm.label}" for arm in arms)
    facts.append(say("page.header", units=words.count(units), arms=by_arm))
    if scorecard.owner:
        facts.append(say("status.owner", owner=scorecard.owner))
    items = (
        Markup('<li><span class="{}" aria-hidden="true">{}</span> {}</li>').format(
            tone, mark, named(text)
        )
        for tone, mark, text in chips(scorecard, words)
    )
    return Markup(
        '<header>\n<h1>{}</h1>\n<p>{}</p>\n<ul class="chips">{}</ul>\n</header>'
    ).format(named(title), named(" · ".join(facts)), join(items, ""))


def chips(scorecard: Scorecard, words: Words) -> Iterator[tuple[str, str, str]]:
    """Tone, mark and words of: the moment, the plan, the checks, the guardrails."""
    if scorecard.look is not None and scorecard.look.number is not None:
        yield "plain", "◔", say("chips.look", number=scorecard.look.number)
    elif scorecard.final:
        yield "good", "✓", say("chips.final")
    else:
        yield "plain", "◔", say("chips.running")
    locked = scorecard.status == "confirmatory"
    told = texts("status")[scorecard.status]
    yield "good" if locked else "watch", "✓" if locked else "!", told
    failed = [c for c in scorecard.checks if c.status == "fail"]
    if failed:
        names = ", ".join(texts("trust.names").get(c.check, c.check) for c in failed)
        yield "bad", "✕", say("chips.failed", names=names)
    elif scorecard.checks:
        yield checks_told(scorecard, words)
    if not scorecard.validity.is_invalid:
        yield _guardrails(scorecard, words)


def _guardrails(scorecard: Scorecard, words: Words) -> tuple[str, str, str]:
    """How many guardrails are in the worst state that any is in."""
    guards = [
        r for r in scorecard.readouts if r.role == "guardrail" and r.segment is None
    ]
    if not guards:
        return "open", "–", say("chips.unguarded")
    for verdict, tone, mark in (("breached", "bad", "✕"), ("at_risk", "watch", "!")):
        count = sum(r.verdict == verdict for r in guards)
        if count:
            return (
                tone,
                mark,
                say(
                    f"chips.guardrails.{verdict}",
                    count=words.count(count),
                    all=words.count(len(guards)),
                ),
            )
    count = len(guards)
    told = counted("chips.guarded", count, count=words.count(count))
    return "good", "✓", told


def _foot(scorecard: Scorecard, words: Words) -> Markup:
    facts = [scorecard.experiment]
    if scorecard.as_of:
        facts.append(say("status.as_of", day=words.day(last_day(scorecard.as_of))))
    facts.append(f"holdback {scorecard.versions.get('holdback', '')}".strip())
    return named(" · ".join(facts))
