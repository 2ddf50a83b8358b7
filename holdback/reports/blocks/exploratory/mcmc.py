"""Lifts that were drawn from hierarchical models, with how the sampler fared."""

from __future__ import annotations

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.html import folded, join, lift_table, named, section, table
from holdback.reports.text.catalog import heads, say, texts
from holdback.reports.text.locale_format import Words
from holdback.reports.text.telling import tell
from holdback.results.scorecard import Scorecard
from holdback.results.sections.mcmc import SampledModel

__all__ = ["render"]


@blocks.register("sampled", sheet="statisticians", order=80)
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
        *(_model(words, sampled) for sampled in models),
        anchor="sampled",
    )


def _model(words: Words, sampled: SampledModel) -> Markup:
    if sampled.faults:
        sentence = say(
            "sampled.failed",
            faults="; ".join(tell(words, fault) for fault in sampled.faults),
        )
        metric = (
            say("sampled.all_metrics")
            if sampled.metric == "*"
            else words.label(sampled.metric)
        )
        return Markup("<p>{}: {}</p>").format(
            named(_caption(words, sampled, metric)), named(sentence)
        )
    if sampled.model == "laws":
        return _laws(words, sampled)
    fared = say(
        "sampled.diagnostics",
        draws=sampled.draws or 0,
        r_hat=sampled.r_hat or 0.0,
        bulk=sampled.ess_bulk or 0.0,
        tail=sampled.ess_tail or 0.0,
        divergences=sampled.divergences or 0,
        bfmi=sampled.bfmi or 0.0,
        file=sampled.file,
    )
    tables = (
        _by_week(words, sampled) if sampled.model == "weeks" else _whole(words, sampled)
    )
    return join([tables, Markup('<p class="small">{}</p>').format(fared)])


def _caption(words: Words, sampled: SampledModel, metric: str) -> str:
    model, arm = texts("sampled.models")[sampled.model], words.arm(sampled.arm)
    if sampled.of:
        return say(
            "sampled.caption_of", model=model, of=sampled.of, metric=metric, arm=arm
        )
    return say("sampled.caption", model=model, metric=metric, arm=arm)


def _whole(words: Words, sampled: SampledModel) -> Markup:
    """One table of all effects."""
    rows = [((named(effect.name),), effect.relative) for effect in sampled.effects]
    caption = _caption(words, sampled, words.label(sampled.metric))
    head = say("sampled.effect") if sampled.model == "segments" else say("sampled.arm")
    return lift_table(words, caption, (head,), rows)


def _by_week(words: Words, sampled: SampledModel) -> Markup:
    """One table a metric, folded away: names hold the metric and a week's first day."""
    tables = []
    named_by = [effect.name.rpartition(", ") for effect in sampled.effects]
    for metric in dict.fromkeys(name for name, _, _ in named_by):
        rows = [
            ((words.day(week),), effect.relative)
            for (name, _, week), effect in zip(named_by, sampled.effects, strict=True)
            if name == metric
        ]
        caption = _caption(words, sampled, words.label(metric))
        tables.append(lift_table(words, caption, (say("sampled.from"),), rows))
    return folded(say("sampled.by_week"), join(tables))


def _laws(words: Words, sampled: SampledModel) -> Markup:
    """The laws of spend, the best first."""
    names = texts("sampled.laws")
    rows = [
        (
            names[law.name],
            f"{law.elpd:,.1f}",
            "—" if law.behind == 0 else f"{law.behind:,.1f} ± {law.behind_se:,.1f}",
            f"{law.worst_k:.2f}",
        )
        for law in sampled.laws
    ]
    return join(
        [
            table(
                _caption(words, sampled, words.label(sampled.metric)),
                heads("sampled.law_heads"),
                rows,
                numeric=(1, 2, 3),
            ),
            Markup('<p class="small">{}</p>').format(say("sampled.laws_told")),
        ]
    )
