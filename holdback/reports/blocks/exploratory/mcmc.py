"""Lifts that were drawn from hierarchical models, with how the sampler fared."""

from __future__ import annotations

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.html import join, lift_table, named, section, table
from holdback.reports.text.catalog import heads, say, texts
from holdback.reports.text.locale_format import Words
from holdback.reports.text.telling import tell
from holdback.results.scorecard import Scorecard
from holdback.results.sections.mcmc import SampledModel

__all__ = ["render"]

CLEARLY = 2.0
"""Standard errors from which one law predicts better than another."""


@blocks.register("sampled", order=160)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """One table a model; a model that failed says why and shows no number."""
    models = scorecard.section(SampledModel)
    if not models:
        return Markup("")
    return section(
        say("sampled.title"),
        Markup("<p>{} {}</p>").format(
            say("sampled.intro"),
            say("sampled.files") if any(s.file for s in models) else "",
        ),
        *(_model(words, one, _used(scorecard, one)) for one in models),
        anchor="sampled",
    )


def _used(scorecard: Scorecard, one: SampledModel) -> str:
    """The method of the posterior of the same metric and arm; empty without one."""
    return next(
        (
            r.bayes.method
            for r in scorecard.readouts
            if (r.metric, r.arm, r.segment) == (one.metric, one.arm, None) and r.bayes
        ),
        "",
    )


def _model(words: Words, one: SampledModel, used: str) -> Markup:
    if one.faults:
        sentence = say(
            "sampled.failed",
            faults="; ".join(tell(words, fault) for fault in one.faults),
        )
        metric = (
            say("sampled.all_metrics") if one.metric == "*" else words.label(one.metric)
        )
        return Markup("<p>{}: {}</p>").format(
            named(_caption(words, one, metric)), named(sentence)
        )
    if one.model == "laws":
        return _laws(words, one, used)
    fared = say(
        "sampled.diagnostics",
        draws=one.draws or 0,
        r_hat=one.r_hat or 0.0,
        bulk=one.ess_bulk or 0.0,
        tail=one.ess_tail or 0.0,
        divergences=one.divergences or 0,
        bfmi=one.bfmi or 0.0,
        file=one.file,
    )
    tables = _by_week(words, one) if one.model == "weeks" else _whole(words, one)
    return join([tables, Markup('<p class="small">{}</p>').format(fared)])


def _caption(words: Words, one: SampledModel, metric: str) -> str:
    model, arm = texts("sampled.models")[one.model], words.arm(one.arm)
    if one.of:
        return say("sampled.caption_of", model=model, of=one.of, metric=metric, arm=arm)
    return say("sampled.caption", model=model, metric=metric, arm=arm)


def _whole(words: Words, one: SampledModel) -> Markup:
    """One table of all effects."""
    rows = [((named(effect.name),), effect.relative) for effect in one.effects]
    caption = _caption(words, one, words.label(one.metric))
    head = say("sampled.effect") if one.model == "segments" else say("sampled.arm")
    return lift_table(words, caption, (head,), rows)


def _by_week(words: Words, one: SampledModel) -> Markup:
    """One table a metric, folded away: names hold the metric and a week's first day."""
    tables = []
    named_by = [effect.name.rpartition(", ") for effect in one.effects]
    for metric in dict.fromkeys(name for name, _, _ in named_by):
        rows = [
            ((words.day(week),), effect.relative)
            for (name, _, week), effect in zip(named_by, one.effects, strict=True)
            if name == metric
        ]
        caption = _caption(words, one, words.label(metric))
        tables.append(lift_table(words, caption, (say("sampled.from"),), rows))
    return Markup("<details><summary>{}</summary>{}</details>").format(
        say("sampled.by_week"), join(tables)
    )


def _laws(words: Words, one: SampledModel, used: str) -> Markup:
    """The laws of spend, the best first; `used` is the law of the chances."""
    names = texts("sampled.laws")
    rows = [
        (
            names[law.name],
            f"{law.elpd:,.1f}",
            "—" if law.behind == 0 else f"{law.behind:,.1f} ± {law.behind_se:,.1f}",
            f"{law.worst_k:.2f}",
        )
        for law in one.laws
    ]
    return join(
        [
            table(
                _caption(words, one, words.label(one.metric)),
                heads("sampled.law_heads"),
                rows,
                numeric=(1, 2, 3),
            ),
            Markup('<p class="small">{} {}</p>').format(
                say("sampled.laws_told"), _in_use(one, used)
            ),
        ]
    )


def _in_use(one: SampledModel, used: str) -> str:
    """How far the law that the chances rest on lies behind; empty for another one."""
    names = texts("sampled.laws")
    law = next((law for law in one.laws if used == f"hurdle_{law.name}"), None)
    if law is None or law.behind == 0:
        return ""
    numbers = {
        "used": names[law.name],
        "best": names[one.laws[0].name],
        "behind": f"{law.behind:,.1f}",
        "se": f"{law.behind_se:,.1f}",
    }
    if law.behind < CLEARLY * law.behind_se:
        return say("sampled.another_law_a_little", **numbers)
    return say("sampled.another_law_clearly", **numbers)
