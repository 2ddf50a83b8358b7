"""How a metric was compared, or why it has no number: one function a code."""

from __future__ import annotations

from holdback.facts import Fact
from holdback.reports.text.catalog import counted, say, texts
from holdback.reports.text.codes import (
    filled,
    number_of,
    tell,
    tells,
    with_commas,
)
from holdback.reports.text.locale_format import Words

__all__: list[str] = []


@tells("facts.joined")
def _joined(words: Words, *, parts: tuple[Fact, ...]) -> str:
    return " ".join(tell(words, part) for part in parts)


def _side(side: str) -> str:
    if side == "control":
        return say("methods.control")
    return say("methods.the_treatment_arm")


def _units(count: int) -> str:
    return counted("nouns.unit", count, count=count)


filled("methods.few_units", "methods.no_number_an_arm", units=number_of("unit"))
filled("methods.zero_denominator", "methods.no_number_the_denominator")


@tells("methods.few_values")
def _few_values(_words: Words, *, units: int, side: str, least: int) -> str:
    return say(
        "methods.no_interval_only_of",
        units=_units(units),
        name=_side(side),
        least=least,
    )


@tells("methods.no_spread")
def _no_spread(_words: Words, *, side: str) -> str:
    return say("methods.no_interval_the_variance", name=_side(side))


filled("methods.log_delta", "methods.log_delta.log_delta")
filled("methods.pooled_cv", "methods.pooled_cv.pooled_cv")
filled("methods.welch", "methods.welch.welch")
filled("methods.score", "methods.score.compare_scores")
filled("methods.net_score", "methods.score.net_score")


@tells("methods.few_answers")
def _few_answers(_words: Words, *, answers: int, side: str, least: int) -> str:
    return say(
        "methods.score.few_answers",
        answers=counted("nouns.answer", answers, count=answers),
        name=_side(side),
        least=least,
    )


@tells("methods.permutation")
def _permutation(
    words: Words, *, fewest: int, draws: int, error: float | None = None
) -> str:
    note = say("methods.permutation.note", fewest=f"{fewest:,}", draws=f"{draws:,}")
    if error is None:
        return note
    return note + say("methods.permutation.error", error=words.share(error))


@tells("methods.own_spread")
def _own_spread(
    _words: Words, *, control: float, treatment: float, weight: float | None = None
) -> str:
    del control, treatment, weight
    return say("methods.permutation.own_spread")


@tells("methods.spends_unlike")
def _spends_unlike(_words: Words, *, z: float, buyers: int) -> str:
    del z
    return say("methods.permutation.spends_unlike", buyers=buyers)


filled("methods.at_the_line", "methods.permutation.at_the_line", draws=with_commas)


@tells("methods.proportion")
def _proportion(
    _words: Words, *, control_converted: int, unprovable: str | None = None
) -> str:
    sentences = [say("methods.proportion.score_intervals_for_rates")]
    if not control_converted:
        sentences.append(say("methods.proportion.control_has_no_conversion"))
    if unprovable is not None:
        sentences.append(texts("methods.proportion.unprovable")[unprovable])
    return " ".join(sentences)


@tells("proportion.all_converted")
def _all_converted(_words: Words) -> str:
    everyone = say("methods.proportion.every_unit")
    return say("methods.proportion.no_number_converted_in", everyone=everyone)


@tells("proportion.none_converted")
def _none_converted(_words: Words) -> str:
    nobody = say("methods.proportion.no_unit")
    return say("methods.proportion.no_number_converted_in", everyone=nobody)


@tells("proportion.too_few_to_adjust")
def _too_few_to_adjust(
    _words: Words, *, units: int, side: str, least: int, converted: bool
) -> str:
    count = (
        counted("methods.proportion.converted", units, count=units)
        if converted
        else counted("methods.proportion.not_converted", units, count=units)
    )
    return say(
        "methods.proportion.too_few_to_adjust",
        units=count,
        name=_side(side),
        least=least,
    )


@tells("methods.quantile")
def _quantile(_words: Words, *, q: float) -> str:
    return say("methods.quantile.the_quantile_of_the", q=f"{100 * q:.4g}")


filled("quantile.few_units", "methods.quantile.no_number_an_arm")


@tells("quantile.steps")
def _steps(_words: Words, *, q: float, same: bool) -> str:
    steps = say("methods.quantile.steps", q=f"{100 * q:.4g}")
    other = say("methods.quantile.steps_same") if same else ""
    return f"{steps} {other}".strip()


@tells("methods.survival")
def _survival(_words: Words, *, days: int, p_value: float | None = None) -> str:
    curves = (
        "" if p_value is None else say("methods.survival.curves", z=f"{p_value:.3g}")
    )
    return say("methods.survival.mean_days_up_to", days=days, treatment=curves)


@tells("survival.not_watched")
def _not_watched(_words: Words, *, side: str, days: int) -> str:
    return say("methods.survival.no_number_no_unit", name=_side(side), days=days)


@tells("survival.few_events")
def _few_events(_words: Words, *, side: str, events: int, least: int) -> str:
    return say(
        "methods.survival.no_interval_has_events",
        name=_side(side),
        nonzero=events,
        least_events=least,
    )


@tells("survival.no_spread")
def _one_day(_words: Words, *, side: str, events: int) -> str:
    return say(
        "methods.survival.no_interval_all_alike", name=_side(side), nonzero=events
    )


@tells("methods.trimmed_mean")
def _trimmed_mean(_words: Words, *, trim: float) -> str:
    return say("methods.trimmed_mean.log_ratio", trim=f"{100 * trim:g}")


@tells("trimmed_mean.difference")
def _trimmed_difference(_words: Words, *, trim: float) -> str:
    return say("methods.trimmed_mean.difference", trim=f"{100 * trim:g}")


@tells("trimmed_mean.few_units")
def _too_few_to_trim(_words: Words, *, side: str, units: int) -> str:
    return say(
        "methods.trimmed_mean.no_number_units", name=_side(side), units=_units(units)
    )


@tells("trimmed_mean.only_zeros")
def _only_zeros(_words: Words, *, side: str, trim: float) -> str:
    return say(
        "methods.trimmed_mean.no_number_zeros",
        name=_side(side),
        trim=f"{100 * trim:g}",
    )


@tells("trimmed_mean.few_values")
def _few_values_left(_words: Words, *, side: str, units: int, least: int) -> str:
    return say(
        "methods.trimmed_mean.no_interval_few",
        name=_side(side),
        units=_units(units),
        least=least,
    )


@tells("trimmed_mean.no_spread")
def _alike_left(_words: Words, *, side: str) -> str:
    return say("methods.trimmed_mean.no_interval_alike", name=_side(side))


@tells("methods.adjusted")
def _adjusted(_words: Words, *, variance_reduction: float) -> str:
    return say("comparison.inference", saved=f"{100 * variance_reduction:.0f}%")


filled("multiplicity.gated", "families.gated")
filled("posterior.none", "posteriors.no_chance")


@tells("posterior.hurdle")
def _hurdle(_words: Words, *, spend: str, p_value: float) -> str:
    return say("spend_model.passed", law=texts("spend_model.laws")[spend], p=p_value)


@tells("posterior.negative_binomial")
def _negative_binomial(_words: Words, *, p_value: float) -> str:
    return say("spend_model.passed_counts", p=p_value)


filled("sampler.chains_disagree", "sampled.chains_disagree")
filled("sampler.few_draws", "sampled.few_draws")
filled("sampler.divergent", "sampled.divergent")
filled("sampler.slow_energy", "sampled.slow_energy")


@tells("sampler.stopped")
def _stopped(_words: Words, *, why: str) -> str:
    return why
