"""The decision in words: the first thing a reader sees."""

from __future__ import annotations

from markupsafe import Markup

from holdback.reports.blocks import blocks
from holdback.reports.html import join, named
from holdback.reports.text import money_sentences
from holdback.reports.text import result_sentences as sentences
from holdback.reports.text.locale_format import Words
from holdback.reports.text.precision_sentences import reach
from holdback.reports.text.result_sentences import best_arm, headline
from holdback.results.scorecard import Scorecard
from holdback.results.sections.against_plan import Outlook
from holdback.wording import texts

__all__ = ["MARKS", "render", "told_first"]

MARKS = {"good": "✓", "bad": "✗", "watch": "!", "plain": "?"}


@blocks.register("decision", sheet="first", order=10, shows_results=False)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """Title, what the primary did, how sure we are, and the reasons."""
    title = headline(scorecard)
    arms = _arms(scorecard, words)
    by_arm = _told_by_arm(scorecard)
    return Markup(
        '<section class="decision {}" aria-labelledby="answer">\n'
        '<h2 id="answer"><span class="mark" aria-hidden="true">{}</span> {}</h2>\n'
        "{}\n{}\n</section>"
    ).format(
        title.tone,
        MARKS[title.tone],
        named(title.title),
        join(
            Markup('<p class="lead">{}</p>' if i == 0 else "<p>{}</p>").format(
                named(text)
            )
            for i, text in enumerate(told_first(scorecard, words))
            if text not in by_arm
        ),
        arms,
    )


def told_first(scorecard: Scorecard, words: Words) -> list[str]:
    """The sentences under the decision's title; a limit that is broken comes first."""
    if scorecard.validity.is_invalid:
        return sentences.failed(words, scorecard)
    decision = scorecard.decision
    lines: list[str] = []
    if scorecard.preview is not None:
        lines.append(sentences.preview(scorecard.preview))
    lines += _lift(scorecard, words)
    if scorecard.look is not None:
        lines.append(sentences.look(words, scorecard.look, scorecard.level))
    lines += [
        sentences.after_looks(words, readout.after_looks)
        for readout in scorecard.readouts
        if readout.after_looks is not None
    ]
    lines += [r for r in (decision.reasons if decision else ()) if r not in lines]
    final = decision is not None and decision.outcome in {"ship", "hold_back"}
    if final and scorecard.status == "exploratory":
        lines.append(sentences.status(scorecard))
    lines += _still_open(scorecard, words)
    blocking = {
        sentences.guardrail(words, r)
        for r in scorecard.readouts
        if r.role == "guardrail" and r.segment is None and r.verdict == "breached"
    }
    return sorted(_once(lines), key=lambda text: text not in blocking)


def _still_open(scorecard: Scorecard, words: Words) -> list[str]:
    """What to do where nothing is settled, arm by arm where there are several."""
    decision = scorecard.decision
    open_still = decision is not None and decision.outcome == "keep_testing"
    if decision is None or not open_still or scorecard.validity.is_preview:
        return []
    primary = next((r.metric for r in scorecard.readouts if r.role == "primary"), "")
    questions = []
    for arm in decision.arms:
        money = next((one for one in scorecard.money if one.arm == arm.arm), None)
        if money is None or arm.outcome != "keep_testing":
            continue
        outlook = scorecard.single(Outlook) if primary == money.value_metric else None
        texts = (
            money_sentences.below_break_even(words, money, outlook),
            money_sentences.decide_now(words, money),
        )
        questions += [sentences.of_arm(words, arm.arm, text) for text in texts if text]
    return questions


def _lift(scorecard: Scorecard, words: Words) -> list[str]:
    best = best_arm(scorecard)
    primary = [r for r in scorecard.readouts if r.role == "primary"]
    primary.sort(key=lambda r: (r.arm != best, r.arm == "*"))
    changes = [sentences.changed(words, r) for r in primary]
    if len(primary) == 1 and (arms := sentences.baseline(words, primary[0])):
        changes.append(arms)
    shipped = scorecard.decision is not None and scorecard.decision.outcome == "ship"
    alone = [r for r in primary if r.arm != "*" or not words.several]
    unclear = (r for r in alone if r.verdict == "unclear" and not shipped)
    level = scorecard.decision_level
    minimum = 0.0 if scorecard.single(Outlook) else scorecard.minimum_lift
    reached = (
        sentences.of_arm(words, r.arm, reach(words, r, level, minimum)) for r in unclear
    )
    return changes + [text for text in reached if text]


def _once(told: list[str]) -> list[str]:
    """Each sentence once, and in full where another one begins with it."""
    full = (max((o for o in told if o.startswith(text)), key=len) for text in told)
    return list(dict.fromkeys(full))


def _told_by_arm(scorecard: Scorecard) -> set[str]:
    """Reasons that stand beside the arm's name, where there are several arms."""
    arms = scorecard.decision.arms if scorecard.decision else ()
    if len(arms) < 2 or scorecard.validity.is_invalid:
        return set()
    return {reason for arm in arms for reason in arm.reasons}


def _arms(scorecard: Scorecard, words: Words) -> Markup:
    decision = scorecard.decision
    if decision is None or not _told_by_arm(scorecard):
        return Markup("")
    items = (
        Markup("<li>{}: {}. {}</li>").format(
            named(words.arm(arm.arm)),
            texts("outcomes")[arm.outcome],
            named(" ".join(arm.reasons)),
        )
        for arm in decision.arms
    )
    return Markup('<ul class="arms">{}</ul>').format(join(items))
