"""The decision in a card: what to do, one sentence, one chance, one picture."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from markupsafe import Markup

from holdback.economics.decision import guardrail_fact
from holdback.reports.blocks.block import blocks
from holdback.reports.figures.charts import hundred_dots
from holdback.reports.figures.key_picture import LineToPass, RangeBar, key_picture
from holdback.reports.html import join, named
from holdback.reports.text import result_sentences as sentences
from holdback.reports.text.catalog import say, texts
from holdback.reports.text.decision_sentences import paying_chance
from holdback.reports.text.locale_format import Words
from holdback.reports.text.result_sentences import Headline, headline
from holdback.reports.text.telling import tell
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Readout, Scorecard

__all__ = ["OUTCOME_MARKS", "lead", "render"]

OUTCOME_MARKS = {"good": "✓", "bad": "✕", "watch": "↻", "plain": "↻"}
KEEP_WATCHING = "!"


@blocks.register("verdict", sheet="first", order=10, shows_results=False)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """Decision and lead beside the picture of the range that it rests on."""
    title = headline(scorecard)
    picture = Markup("")
    if not scorecard.validity.is_invalid:
        picture = _picture(scorecard, words, title)
    first, *more = lead(scorecard, words) or [""]
    return Markup(
        '<section class="card verdict {}{}" aria-labelledby="answer">\n'
        '<div class="say">'
        '<p class="eyebrow mark">{}</p>\n'
        '<h2 id="answer" class="mark"><span aria-hidden="true">{}</span> {}</h2>\n'
        '<p class="lead">{}</p>{}{}{}</div>{}\n</section>'
    ).format(
        title.tone,
        "" if picture else " alone",
        _eyebrow(scorecard),
        mark_of(scorecard, title),
        named(title.title),
        named(first),
        join(Markup("<p>{}</p>").format(named(text)) for text in more),
        _arms(scorecard, words),
        _chance(scorecard, words),
        picture,
    )


def mark_of(scorecard: Scorecard, title: Headline) -> str:
    """The glyph of a decision, which says the same as its colour."""
    decision = scorecard.decision
    kept = decision is not None and decision.outcome == "ship"
    return (
        KEEP_WATCHING if kept and title.tone == "watch" else OUTCOME_MARKS[title.tone]
    )


def _eyebrow(scorecard: Scorecard) -> str:
    if scorecard.validity.is_invalid:
        return say("verdict.decision")
    if scorecard.validity.is_preview or not scorecard.final:
        return say("verdict.so_far")
    if scorecard.status == "exploratory":
        return say("verdict.exploratory")
    return say("verdict.decision")


def lead(scorecard: Scorecard, words: Words) -> list[str]:
    """What decides, in one sentence, and at most one more; why it is so else."""
    if scorecard.validity.is_invalid:
        return [_first(told) for told in sentences.failed(words, scorecard)[:2]]
    decision, readout = scorecard.decision, spoken_of(scorecard)
    reasons = decision.reasons if decision else ()
    found = [] if readout is None else [sentences.lead(words, readout)]
    for code in ("decision.harm", "decision.no_number"):
        told = [tell(words, reason) for reason in reasons if reason.code == code]
        if told:
            return told[:1]
    broken = _broken(scorecard)
    if broken is not None:
        return [tell(words, guardrail_fact(broken)), *found]
    if scorecard.preview is not None:
        so_far = [say("verdict.until_now", told=told) for told in found]
        return [*so_far, say("verdict.early", why=tell(words, scorecard.preview))]
    compared = None if decision is None else decision.arms_told
    if compared is not None:
        return [*found, tell(words, compared)]
    return found


def _first(told: str) -> str:
    """The first sentence; the others stand with the check."""
    first, stop, _ = told.partition(". ")
    return first + stop.strip()


def spoken_of(scorecard: Scorecard) -> Readout | None:
    """The primary's readout of the arm that the decision speaks of."""
    decision, best = scorecard.decision, sentences.best_arm(scorecard)
    if best is None and decision is not None and decision.arms:
        best = sentences.arms_in_order(scorecard)[0].arm
    primary = [
        r
        for r in scorecard.readouts
        if r.role == "primary" and r.segment is None and r.arm != "*"
    ]
    return next((r for r in primary if r.arm == best), next(iter(primary), None))


def _broken(scorecard: Scorecard) -> Readout | None:
    """The guardrail past its limit that keeps the treatment from being kept."""
    decision = scorecard.decision
    if decision is None or decision.outcome == "ship":
        return None
    arm = spoken_of(scorecard)
    return next(
        (
            r
            for r in scorecard.readouts
            if r.role == "guardrail"
            and r.verdict == "breached"
            and r.segment is None
            and (arm is None or r.arm == arm.arm)
        ),
        None,
    )


def _arms(scorecard: Scorecard, words: Words) -> Markup:
    """The outcome of each arm that the lead does not speak of."""
    decision = scorecard.decision
    if decision is None or len(decision.arms) < 2 or scorecard.validity.is_invalid:
        return Markup("")
    best = sentences.best_arm(scorecard)
    items = (
        Markup("<li>{}: {}</li>").format(
            named(words.arm(arm.arm)), texts("headline.outcomes")[arm.outcome]
        )
        for arm in sentences.arms_in_order(scorecard)
        if arm.arm != best
    )
    return Markup('<ul class="arms">{}</ul>').format(join(items, ""))


def _chance(scorecard: Scorecard, words: Words) -> Markup:
    """The chance that the rule reads, as dots; none of a preview."""
    decision, validity = scorecard.decision, scorecard.validity
    if decision is None or validity.is_invalid or validity.is_preview:
        return Markup("")
    numbers = paying_chance(decision.reasons)
    if numbers is None or _broken(scorecard) is not None:
        return Markup("")
    odds = words.chance(*numbers)
    odds = odds[:1].upper() + odds[1:]
    what = say("verdict.chance", level=f"{100 * numbers[1]:.3g}")
    return Markup(
        '<div class="chance">{}<p><strong>{}</strong><span class="small">{}</span></p>'
        "</div>"
    ).format(hundred_dots(numbers[0], odds, headline(scorecard).tone), odds, what)


def _picture(scorecard: Scorecard, words: Words, title: Headline) -> Markup:
    """The range, or ranges, against no change and what has to be passed."""
    broken = _broken(scorecard)
    shown = [broken] if broken is not None else _primaries(scorecard)
    effects = [(r, _effect(r)) for r in shown]
    bars = [
        RangeBar(
            name=words.arm(r.arm),
            effect=effect,
            tone=_tone(r, title),
            settled=r.verdict in {"better", "worse", "breached"}
            and not scorecard.validity.is_preview,
        )
        for r, effect in effects
        if effect is not None
    ]
    if not bars:
        return Markup("")
    relative = shown[0].relative is not None
    write: Callable[[float], str] = words.lift
    if not relative:
        write = partial(words.difference, shown[0].metric)
    line = _limit(broken, words) if broken is not None else None
    if line is None and relative and len(bars) == 1:
        line = _break_even(scorecard, words, shown[0])
    finding = _finding(bars, line)
    drawn = key_picture(
        bars,
        write,
        words.tick if relative else write,
        (_alt(words, shown[0], bars, write), say("verdict.no_change")),
        line,
    )
    level = words.round_share(shown[0].interval_level or shown[0].level)
    return Markup('<div class="pic"><h3>{}</h3><p class="small">{}</p>{}</div>').format(
        finding,
        named(say("verdict.drawn", metric=words.label(shown[0].metric), level=level)),
        drawn,
    )


def _primaries(scorecard: Scorecard) -> list[Readout]:
    """The primary's readouts, that of the arm spoken of first; all on one scale."""
    first = spoken_of(scorecard)
    if first is None:
        return []
    every = [
        r
        for r in scorecard.readouts
        if r.role == "primary" and r.segment is None and r.arm != "*"
    ]
    alike = [r for r in every if (r.relative is None) == (first.relative is None)]
    return sorted(alike, key=lambda r: r.arm != first.arm)


def _effect(readout: Readout) -> Quantity | None:
    effect = readout.relative or readout.absolute
    return effect if effect is not None and effect.has_interval else None


def _tone(readout: Readout, title: Headline) -> str:
    tones = {"better": "good", "worse": "bad", "breached": "bad"}
    return tones.get(readout.verdict, title.tone if title.tone != "good" else "plain")


def _break_even(
    scorecard: Scorecard, words: Words, readout: Readout
) -> LineToPass | None:
    """Where the lift just covers the cost, where the money is the primary's."""
    money = next((m for m in scorecard.money if m.arm in {readout.arm, "*"}), None)
    if (
        money is None
        or money.break_even_lift is None
        or money.measured_profit
        or money.value_metric != readout.metric
    ):
        return None
    at = money.break_even_lift
    return LineToPass(
        at=at,
        label=say("verdict.break_even", lift=words.lift(at)),
        beyond=say("verdict.pays"),
        css="zone",
    )


def _limit(readout: Readout, words: Words) -> LineToPass | None:
    """The limit of a guardrail; nothing where it is not of what is drawn."""
    at = sentences.signed_limit(words, readout)
    relative = readout.relative is not None
    if at is None or (readout.margin_scale == "relative") != relative:
        return None
    write = words.lift if relative else partial(words.difference, readout.metric)
    return LineToPass(
        at=at,
        label=say("verdict.limit", limit=words.tick(at) if relative else write(at)),
        beyond=say("verdict.past"),
        css="limits",
        upwards=at >= 0,
    )


def _finding(bars: list[RangeBar], line: LineToPass | None) -> str:
    """The picture's title says what it shows."""
    sides = [(bar.effect.lower, bar.effect.upper) for bar in bars]
    if len(bars) > 1:
        every = all(low is not None and low > 0 for low, _ in sides)
        key = "all_above" if every else "several"
        return texts("verdict.findings")[key]
    ((low, high),) = sides
    if line is not None and line.css == "limits":
        return texts("verdict.findings")["limit"]
    key = "both"
    if low is not None and low > 0:
        key = "above"
        if line is not None:
            past = low > line.at
            key = "past" if past else "above_even"
            if not past and high is not None and high < line.at:
                key = "too_little"
    elif high is not None and high < 0:
        key = "below"
    return texts("verdict.findings")[key]


def _alt(
    words: Words, readout: Readout, bars: list[RangeBar], write: Callable[[float], str]
) -> str:
    """What the picture shows, for who cannot see it."""
    several = len(bars) > 1
    return "; ".join(
        say(
            "metrics.alt",
            metric=f"{words.label(readout.metric)}, {bar.name}"
            if several
            else words.label(readout.metric),
            change=write(bar.effect.value),
            range=words.range(bar.effect, write),
        )
        for bar in bars
    )
