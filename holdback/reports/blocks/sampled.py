"""Lifts that were drawn from hierarchical models, with how the sampler fared."""

from __future__ import annotations

from markupsafe import Markup

from holdback.experiments.sampled_record import SampledModel
from holdback.experiments.scorecard import Scorecard
from holdback.reports.blocks import join, named, section
from holdback.reports.blocks.lift_table import lift_table
from holdback.reports.words import Words
from holdback.wording import say, texts

__all__ = ["render"]


def render(scorecard: Scorecard, words: Words) -> Markup:
    """One table a model; a model that failed says why and shows no number."""
    if not scorecard.sampled:
        return Markup("")
    return section(
        say("sampled.title"),
        Markup("<p>{}</p>").format(say("sampled.intro")),
        *(_model(words, one) for one in scorecard.sampled),
        anchor="sampled",
    )


def _model(words: Words, one: SampledModel) -> Markup:
    metric = (
        say("sampled.all_metrics") if one.metric == "*" else words.label(one.metric)
    )
    model, arm = texts("sampled.models")[one.model], words.arm(one.arm)
    caption = (
        say("sampled.caption_of", model=model, of=one.of, metric=metric, arm=arm)
        if one.of
        else say("sampled.caption", model=model, metric=metric, arm=arm)
    )
    if one.faults:
        told = say("sampled.failed", faults="; ".join(one.faults))
        return Markup("<p>{}: {}</p>").format(named(caption), named(told))
    rows = [((named(_called(words, one, e.name)),), e.relative) for e in one.effects]
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
    return join(
        [
            lift_table(words, caption, (say("sampled.effect"),), rows),
            Markup('<p class="small">{}</p>').format(fared),
        ]
    )


def _called(words: Words, one: SampledModel, name: str) -> str:
    """An effect's name as the report calls it: metrics by their labels."""
    if one.model != "weeks":
        return name
    metric, _, week = name.rpartition(", ")
    return f"{words.label(metric)}, {week}"
