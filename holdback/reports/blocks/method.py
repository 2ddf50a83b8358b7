"""For statisticians: methods, and what other priors would say."""

from __future__ import annotations

from math import expm1

from markupsafe import Markup

from holdback.experiments.past_record import LearnedPrior
from holdback.experiments.scorecard import Bayes, Readout, Scorecard
from holdback.reports import sentences
from holdback.reports.blocks import join, named, section, table
from holdback.reports.phrases import PRIORS
from holdback.reports.words import Words

__all__ = ["render"]

LEAST_LOSS = 1e-5


def render(scorecard: Scorecard, words: Words) -> Markup:
    """Method and posteriors of each metric, folded away."""
    overall = [r for r in scorecard.readouts if r.segment is None]
    return section(
        "Method",
        Markup(
            "<details><summary>How each number was computed</summary>{}{}</details>"
        ).format(_methods(words, overall), _status(scorecard)),
        Markup(
            "<details><summary>Probabilities under other priors</summary>"
            "{}{}{}</details>"
        ).format(
            Markup('<p class="small">{}</p>').format(
                "A prior says which lifts were plausible before the test. Where the "
                "answer changes with it, the data alone do not settle the question. "
                "Losses are lifts lost on average by a wrong decision."
            ),
            join(_learned(words, prior) for prior in scorecard.learned),
            _posteriors(words, overall),
        ),
        anchor="method",
    )


def _learned(words: Words, prior: LearnedPrior) -> Markup:
    names = [one.experiment for one in prior.experiments]
    return Markup('<p class="small">{} {}.</p>').format(
        f"The prior of {words.label(prior.metric)} was learned from "
        f"{words.count(len(names))} finished experiments, whatever they had found: "
        f"lifts of {words.lift(expm1(prior.mean))} ± {words.share(prior.sd)} were "
        f"thought usual, true ones spread by {words.share(prior.tau)}. They are",
        join((named(name) for name in names), ", "),
    )


def _methods(words: Words, readouts: list[Readout]) -> Markup:
    rows = [
        (
            named(words.names(r.metric, r.arm)),
            r.method.replace("_", " "),
            _p_value(words, r.p_value),
            _p_value(words, r.p_value_adjusted),
            "—" if r.skew_coefficient is None else words.number(r.skew_coefficient),
            named(r.note),
        )
        for r in readouts
    ]
    return table(
        "Methods",
        ("Metric", "Method", "p", "p adjusted", "Skew A", "Why"),
        rows,
        numeric=(2, 3, 4),
    )


def _p_value(words: Words, value: float | None) -> str:
    return "—" if value is None else words.p_value(value)


def _posteriors(words: Words, readouts: list[Readout]) -> Markup:
    rows = [
        (
            named(words.names(r.metric, r.arm)),
            PRIORS.get(bayes.prior, bayes.prior),
            words.lift(bayes.mean),
            f"{words.lift(bayes.lower)} to {words.lift(bayes.upper)}",
            words.probability(bayes.p_positive),
            _losses(words, bayes),
        )
        for r in readouts
        for bayes in _bayes(r)
    ]
    return table(
        "Posterior of the lift",
        ("Metric", "Prior", "Mean", "Range", "P(lift > 0)", "Loss shipped / held"),
        rows,
        numeric=(2, 3, 4, 5),
    )


def _losses(words: Words, bayes: Bayes) -> str:
    losses = (bayes.expected_loss_if_shipped, bayes.expected_loss_if_held)
    return " / ".join(
        words.share(loss) if loss >= LEAST_LOSS else f"< {words.share(LEAST_LOSS)}"
        for loss in losses
    )


def _bayes(readout: Readout) -> tuple[Bayes, ...]:
    if readout.bayes is None:
        return readout.bayes_alternatives
    return (readout.bayes, *readout.bayes_alternatives)


def _status(scorecard: Scorecard) -> Markup:
    plan = sentences.status(scorecard)
    return Markup('<p class="small">{}</p>').format(
        f"{plan} Segments and secondary metrics are corrected for their number. "
        "Amounts are read on the log scale; rates by score intervals."
    )
