"""How sure we are: each chance from the posterior of what its sentence says."""

from __future__ import annotations

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.html import join, named, section
from holdback.reports.text import money_sentences
from holdback.reports.text import money_sentences as belief_sentences
from holdback.reports.text import result_sentences as sentences
from holdback.reports.text.catalog import say
from holdback.reports.text.locale_format import Words
from holdback.results.money import Money
from holdback.results.scorecard import Scorecard

__all__ = ["render", "told"]

PAYING = {"decision.pays", "decision.does_not_pay", "decision.may_pay"}


@blocks.register("probabilities", sheet="statisticians", order=20)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """Chances as natural frequencies, and the prior that they rest on."""
    if scorecard.validity.is_invalid:
        return Markup("")
    chances = told(scorecard, words)
    return section(
        say("confidence.title"),
        join(Markup("<p>{}</p>").format(named(text)) for text in chances),
        Markup('<p class="small">{} {}</p>').format(
            _prior(scorecard), belief_sentences.kept_by_mistake(scorecard)
        ),
        Markup('<p class="small">{}</p>').format(say("confidence.preview"))
        if scorecard.validity.is_preview
        else Markup(""),
        anchor="confidence",
    )


def told(scorecard: Scorecard, words: Words) -> list[str]:
    """The chances that the primary improved, improved enough, and that it pays.

    None of an invalid result; none that a reason of the decision tells.
    """
    if scorecard.validity.is_invalid:
        return []
    best = sentences.best_arm(scorecard)
    chances = [
        text
        for readout in sorted(scorecard.readouts, key=lambda one: one.arm != best)
        if readout.role == "primary"
        and readout.bayes is not None
        and (readout.arm != "*" or not words.several)
        for text in (
            sentences.sure(words, readout, scorecard.minimum_lift),
            belief_sentences.against(words, readout),
        )
        if text
    ]
    for money in sentences.money_told(scorecard):
        of_money = [
            *_sure_of_return(scorecard, words, money),
            belief_sentences.full_amounts(words, scorecard, money),
            belief_sentences.moved(words, money),
        ]
        chances += [
            sentences.of_arm(words, money.arm, text) for text in of_money if text
        ]
    return chances


def _sure_of_return(scorecard: Scorecard, words: Words, money: Money) -> list[str]:
    """How likely it is to pay, unless the decision's reasons say so already.

    Files of older versions have reasons without codes: under the rule of profit these
    told the chance.
    """
    decision = scorecard.decision
    chance = None if money.ropi is None else money.ropi.p_positive
    known = any(
        (reason.code in PAYING and reason.numbers.get("chance") == chance)
        or (
            reason.code == "facts.text"
            and decision is not None
            and decision.rule == "profit"
        )
        for reason in (decision.reasons if decision else ())
    )
    return [] if known else money_sentences.sure_of_return(words, money)


def _prior(scorecard: Scorecard) -> str:
    names = {
        belief_sentences.prior_name(r.bayes)
        for r in scorecard.readouts
        if r.role == "primary" and r.bayes is not None
    }
    if not names:
        return say("confidence.without")
    return say("confidence.prior", prior=", ".join(sorted(names)))
