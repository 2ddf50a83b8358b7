"""Prior, likelihood and posterior of the primary, drawn over each other."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.figures.charts import belief_picture, swatch
from holdback.reports.html import chart, join, named, section, table
from holdback.reports.text.catalog import heads, say, texts
from holdback.reports.text.locale_format import Words
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Bayes, Readout, Scorecard
from holdback.results.sections.prior_posterior import Belief
from holdback.stats.posterior.posterior import DIRECT

__all__ = ["render"]

CURVES = ("before", "data", "after")


@blocks.register("beliefs", sheet="statisticians", order=50)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """One picture an arm, with its numbers; nothing where there is no posterior."""
    beliefs = scorecard.section(Belief)
    shown = [
        _picture(words, belief, scorecard.readout(belief.metric, belief.arm))
        for belief in beliefs
    ]
    if not shown:
        return Markup("")
    metric = words.label(beliefs[0].metric)
    return section(
        say("belief.title"),
        Markup("<p>{}</p>").format(named(say("belief.intro", metric=metric))),
        *shown,
        anchor="belief",
    )


def _picture(words: Words, belief: Belief, readout: Readout) -> Markup:
    drawn = [name for name in CURVES if getattr(belief, name)]
    sentence = _told(words, belief, readout)
    label = say("belief.label", metric=words.label(belief.metric), told=sentence)
    legend = join(
        Markup("<li>{} {}</li>").format(swatch(name), _called(name, readout))
        for name in drawn
    )
    return join(
        [
            Markup("<h3>{}</h3>").format(named(words.arm(belief.arm))),
            chart(
                belief_picture(belief, label),
                (say("belief.likelier"), ""),
                (words.lift(belief.lifts[0]), words.lift(belief.lifts[-1])),
            ),
            Markup('<ul class="legend">{}</ul>').format(legend),
            table(
                say("belief.caption"),
                heads("belief.head"),
                list(_rows(words, belief, readout)),
                numeric=(1, 2, 3),
            ),
        ]
    )


def _called(curve: str, readout: Readout) -> str:
    """What a curve is; the likelihood is that of a model where one was used."""
    if curve == "data" and readout.bayes and readout.bayes.method not in DIRECT:
        return say("belief.data_modelled")
    return texts("belief")[curve]


def _told(words: Words, belief: Belief, readout: Readout) -> str:
    if readout.bayes is None:
        return ""
    middle = belief.after_median
    interval = Quantity(
        value=middle, lower=readout.bayes.lower, upper=readout.bayes.upper
    )
    return (
        f"{words.lift(middle)}, {say('belief.likely')} "
        f"{words.range(interval, words.lift)}"
    )


def _rows(
    words: Words, belief: Belief, readout: Readout
) -> Iterator[tuple[str, str, str, str]]:
    """Before, the data, after: the middle, the range, the chance of a rise."""
    if belief.before_median is None or belief.before_positive is None:
        alike = say("priors.uniform") if belief.before else say("belief.flat")
        yield say("belief.before"), "—", alike, "—"
    else:
        prior = Quantity(
            value=belief.before_median,
            lower=belief.before_lower,
            upper=belief.before_upper,
        )
        yield (
            say("belief.before"),
            words.lift(belief.before_median),
            words.range(prior, words.lift),
            words.probability(belief.before_positive),
        )
    every = [readout.bayes, *readout.bayes_alternatives]
    data = next((b for b in every if b is not None and b.prior == "none"), None)
    for name, bayes in (("data", data), ("after", readout.bayes)):
        if bayes is not None:
            median: float = getattr(belief, f"{name}_median")
            yield (
                _called(name, readout),
                words.lift(median),
                *_posterior(words, bayes),
            )


def _posterior(words: Words, bayes: Bayes) -> tuple[str, str]:
    interval = Quantity(value=bayes.mean, lower=bayes.lower, upper=bayes.upper)
    return (
        words.range(interval, words.lift),
        words.probability(bayes.p_positive),
    )
