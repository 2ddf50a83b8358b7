"""For statisticians: methods, and what other priors would say."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import expm1

from markupsafe import Markup

from holdback.experiments.definition.experiment import LearnedPrior
from holdback.reports.blocks.block import blocks
from holdback.reports.html import folded, join, named, section, table
from holdback.reports.text import result_sentences as sentences
from holdback.reports.text.catalog import heads, say
from holdback.reports.text.locale_format import Words
from holdback.reports.text.money_sentences import prior_name
from holdback.reports.text.telling import tell
from holdback.results.scorecard import Bayes, Readout, Scorecard

__all__ = ["render"]

LEAST_LOSS = 1e-5


@blocks.register("method", sheet="statisticians", order=30)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """Method and posteriors of each metric, folded away."""
    overall = [r for r in scorecard.readouts if r.segment is None]
    return section(
        say("method.title"),
        folded(say("method.computed"), _methods(words, overall), _status(scorecard)),
        folded(
            say("method.other_priors"),
            Markup('<p class="small">{}</p>').format(say("method.a_prior_says_which")),
            join(_learned(words, prior) for prior in scorecard.learned),
            _posteriors(words, [r for r in overall if r.role == "primary"]),
        ),
        anchor="method",
    )


def _learned(words: Words, prior: LearnedPrior) -> Markup:
    names = [experiment.experiment for experiment in prior.experiments]
    return Markup('<p class="small">{} {}.</p>').format(
        say(
            "method.learned",
            metric=words.label(prior.metric),
            count=words.count(len(names)),
            lift=words.lift(expm1(prior.mean)),
            sd=words.share(prior.sd),
            tau=words.share(prior.tau),
        ),
        join((named(name) for name in names), ", "),
    )


def _methods(words: Words, readouts: list[Readout]) -> Markup:
    rows = [
        (
            named(words.names(r.metric, r.arm)),
            r.method.replace("_", " "),
            _p_value(words, r, r.p_value),
            _p_value(words, r, r.p_value_adjusted),
            "—" if r.skew_coefficient is None else words.number(r.skew_coefficient),
            named(tell(words, r.note)),
        )
        for r in readouts
    ]
    return table(
        say("method.methods"),
        heads("method.head"),
        rows,
        numeric=(2, 3, 4),
    )


def _p_value(words: Words, readout: Readout, value: float | None) -> str:
    if value is None:
        return "—"
    if readout.p_value_below is not None:
        return words.p_at_most(value)
    return words.p_value(value)


def _posteriors(words: Words, readouts: list[Readout]) -> Markup:
    """A table for each: the chosen prior first."""
    return join(
        table(
            say("method.posterior_of_the_lift", metric=words.names(r.metric, r.arm)),
            heads("method.posterior_head"),
            [
                (
                    prior_name(bayes),
                    _effect(words, r, bayes)(bayes.mean),
                    say(
                        "common.to",
                        lower=_effect(words, r, bayes)(bayes.lower),
                        upper=_effect(words, r, bayes)(bayes.upper),
                    ),
                    words.probability(bayes.p_positive),
                    "—" if bayes.scale else words.probability(bayes.p_above_minimum),
                    _equivalent(words, bayes),
                    _losses(words, r, bayes),
                )
                for bayes in _bayes(r)
            ],
            numeric=(1, 2, 3, 4, 5, 6),
            css="wide",
        )
        for r in readouts
        if r.bayes is not None
    )


def _equivalent(words: Words, bayes: Bayes) -> str:
    """The chance of a lift too small to matter either way."""
    if bayes.p_equivalent is None or bayes.equivalence is None:
        return "—"
    edge = words.share(bayes.equivalence)
    return say(
        "method.equivalent",
        p_equivalent=words.probability(bayes.p_equivalent),
        edge=edge,
    )


def _effect(words: Words, readout: Readout, bayes: Bayes) -> Callable[[float], str]:
    """How an effect is written: as a lift, or as a difference where there is none."""
    if bayes.scale == "absolute":
        return partial(words.difference, readout.metric)
    return words.lift


def _losses(words: Words, readout: Readout, bayes: Bayes) -> str:
    losses = (bayes.expected_loss_if_shipped, bayes.expected_loss_if_held)
    if bayes.scale == "absolute":
        return " / ".join(words.difference(readout.metric, loss) for loss in losses)
    return " / ".join(
        words.share(loss) if loss >= LEAST_LOSS else f"< {words.share(LEAST_LOSS)}"
        for loss in losses
    )


def _bayes(readout: Readout) -> list[Bayes]:
    """The chosen posterior and the others, each prior once."""
    every = [*filter(None, (readout.bayes,)), *readout.bayes_alternatives]
    return list({prior_name(bayes): bayes for bayes in reversed(every)}.values())[::-1]


def _status(scorecard: Scorecard) -> Markup:
    plan = sentences.status(scorecard)
    return Markup('<p class="small">{}</p>').format(say("method.status", plan=plan))
