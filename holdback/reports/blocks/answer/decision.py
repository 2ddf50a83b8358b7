"""Why it was decided so, in full; and what would settle what is not."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from holdback.facts import Fact, fact
from holdback.reports.blocks.block import blocks
from holdback.reports.html import join, named, section
from holdback.reports.text import money_sentences
from holdback.reports.text import result_sentences as sentences
from holdback.reports.text.catalog import say, texts
from holdback.reports.text.locale_format import Words
from holdback.reports.text.precision_sentences import reach
from holdback.reports.text.result_sentences import best_arm
from holdback.reports.text.telling import tell
from holdback.results.scorecard import Scorecard
from holdback.results.sections.against_plan import Outlook

__all__ = ["render", "settle", "told_first"]


@blocks.register("decision", sheet="statisticians", order=10)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """Everything that the decision rests on, arm by arm where there are several."""
    by_arm = _told_by_arm(scorecard)
    said = [
        sentence
        for sentence in _sentences(scorecard, words)
        if sentence.reason is None or sentence.reason not in by_arm
    ]
    return section(
        say("verdict.why"),
        join(Markup("<p>{}</p>").format(named(one.text)) for one in said),
        _arms(scorecard, words),
        anchor="why",
    )


@blocks.register("settle", sheet="first", order=17)
def settle(scorecard: Scorecard, words: Words) -> Markup:
    """What it would take to settle an unsettled test; nothing for any other."""
    decision = scorecard.decision
    unsettled = decision is not None and decision.outcome == "keep_testing"
    if decision is None or not unsettled or scorecard.validity.is_preview:
        return Markup("")
    told = dict.fromkeys(
        sentences.of_arm(words, arm.arm, tell(words, reason))
        for arm in decision.arms
        for reason in arm.reasons
        if reason.code == "decision.outlook"
    )
    told |= dict.fromkeys(_still_open(scorecard, words))
    if not told:
        return Markup("")
    return Markup(
        '<section class="card" aria-labelledby="settle"><div class="head">'
        '<h2 id="settle">{}</h2></div><p class="note">{}</p></section>'
    ).format(say("verdict.settle"), named(" ".join(told)))


def told_first(scorecard: Scorecard, words: Words) -> list[str]:
    """The sentences under the decision's title; a limit that is broken comes first."""
    if scorecard.validity.is_invalid:
        return sentences.failed(words, scorecard)
    return [said.text for said in _sentences(scorecard, words)]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """A sentence, and the reason that it gives where it gives one."""

    text: str
    reason: Fact | None = None

    @property
    def blocks(self) -> bool:
        """Whether it tells of a guardrail that is breached."""
        reason = self.reason
        return (
            reason is not None
            and reason.code == "decision.guardrail"
            and reason.numbers.get("state") == "breached"
        )


def _sentences(scorecard: Scorecard, words: Words) -> list[_Said]:
    """Each matter once, and in full: a reason stands for the lift that it is about."""
    decision = scorecard.decision
    said: dict[object, _Said] = {}
    if scorecard.preview is not None:
        reason = fact("decision.preview", why=scorecard.preview)
        said[_matter(reason)] = _Said(text=tell(words, reason), reason=reason)
    said |= _lift(scorecard, words)
    if scorecard.look is not None:
        text = sentences.look(words, scorecard.look, scorecard.level)
        said["look"] = _Said(text=text)
    shared = sentences.together(words, scorecard)
    if shared:
        said["together"] = _Said(text=shared)
    for readout in scorecard.readouts:
        if readout.after_looks is not None:
            text = sentences.after_looks(words, readout.after_looks)
            said[text] = _Said(text=text)
    for reason in decision.reasons if decision else ():
        said[_matter(reason)] = _Said(text=tell(words, reason), reason=reason)
    final = decision is not None and decision.outcome in {"ship", "hold_back"}
    if final and scorecard.status == "exploratory":
        said["status"] = _Said(text=sentences.status(scorecard))
    for text in _still_open(scorecard, words):
        said[text] = _Said(text=text)
    return sorted(said.values(), key=lambda sentence: not sentence.blocks)


def _matter(reason: Fact) -> object:
    """What a reason is about; those about a lift are about that of an arm's metric."""
    about = reason.numbers
    if reason.code == "decision.lift":
        return "lift", about["metric"], about["arm"]
    if reason.code == "decision.no_number":
        return "no_number", about["metric"], about["why"]
    return reason


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


def _lift(scorecard: Scorecard, words: Words) -> dict[object, _Said]:
    """What the primary did, by the matter of each sentence."""
    best = best_arm(scorecard)
    primary = [
        r
        for r in scorecard.readouts
        if r.role == "primary" and (r.arm != "*" or not words.several)
    ]
    primary.sort(key=lambda r: r.arm != best)
    said: dict[object, _Said] = {}
    for r in primary:
        effect = r.relative or r.absolute
        number = r.relative is not None or (effect is not None and effect.has_interval)
        matter = (
            ("lift", r.metric, r.arm) if number else ("no_number", r.metric, r.note)
        )
        said[matter] = _Said(text=sentences.changed(words, r))
    if len(primary) == 1 and (arms := sentences.baseline(words, primary[0])):
        said["baseline"] = _Said(text=arms)
    shipped = scorecard.decision is not None and scorecard.decision.outcome == "ship"
    unclear = (r for r in primary if r.verdict == "unclear" and not shipped)
    level = scorecard.decision_level
    minimum = 0.0 if scorecard.single(Outlook) else scorecard.minimum_lift
    for r in unclear:
        text = sentences.of_arm(words, r.arm, reach(words, r, level, minimum))
        if text:
            said[text] = _Said(text=text)
    return said


def _told_by_arm(scorecard: Scorecard) -> set[Fact]:
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
            texts("headline.outcomes")[arm.outcome],
            named(" ".join(tell(words, reason) for reason in arm.reasons)),
        )
        for arm in sentences.arms_in_order(scorecard)
    )
    return Markup('<ul class="arms">{}</ul>').format(join(items))
