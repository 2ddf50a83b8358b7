"""What the checks of the result found, in words: one function a code."""

from __future__ import annotations

from holdback.facts import Fact
from holdback.reports.text.catalog import say, texts
from holdback.reports.text.codes import as_label, filled, tell, tells
from holdback.reports.text.locale_format import Words
from holdback.reports.text.money_sentences import questioned
from holdback.reports.text.plain_numbers import percent, plural, signed


@tells("few_converters.none_to_read")
def _none_to_read(words: Words, *, arm: str, metric: str, units: int) -> str:
    smallest = _smallest(words, arm, metric, units)
    return say("checks.few_converters.only_too_few_to", told=smallest)


@tells("few_converters.few")
def _few_converters(words: Words, *, arm: str, metric: str, units: int) -> str:
    smallest = _smallest(words, arm, metric, units)
    return say("checks.few_converters.only_expect_wide_ranges", told=smallest)


@tells("few_converters.enough")
def _enough_converters(words: Words, *, arm: str, metric: str, units: int) -> str:
    smallest = _smallest(words, arm, metric, units)
    return say(
        "checks.few_converters.the_smallest_arm_enough",
        upper=smallest[0].upper(),
        told=smallest[1:],
    )


def _smallest(words: Words, arm: str, metric: str, units: int) -> str:
    return say(
        "checks.few_converters.of_with_a_value",
        fewest=plural(units, "unit"),
        arm=words.arm(arm),
        label=words.label(metric),
    )


@tells("influence.none")
def _nobody_carries(words: Words, *, metric: str, share: float) -> str:
    return say(
        "checks.influence.no_unit_carries_more",
        share=percent(share),
        label=words.label(metric),
    )


@tells("influence.one_unit")
def _one_unit_carries(
    words: Words,
    *,
    metric: str,
    arm: str,
    share: float,
    other: str,
    control: str,
    lift: float,
    lift_without: float,
) -> str:
    """`lift` and `lift_without` the unit are those of the `other` arm."""
    return say(
        "checks.influence.the_largest_unit_of",
        arm=words.arm(arm),
        share=percent(share),
        label=words.label(metric),
        other=words.arm(other),
        lift=signed(lift),
        control=words.arm(control),
        left=signed(lift_without),
    )


@tells("dilution.all_reached")
def _all_reached(
    words: Words, *, arm: str, control: str, reached: float, control_reached: float
) -> str:
    return say(
        "checks.dilution.of_of_units_were",
        name=words.arm(arm),
        treated=percent(reached),
        name_2=words.arm(control),
        control=percent(control_reached),
    )


@tells("dilution.control_reached")
def _control_reached(
    words: Words, *, arm: str, control: str, reached: float, control_reached: float
) -> str:
    shares = _all_reached(
        words,
        arm=arm,
        control=control,
        reached=reached,
        control_reached=control_reached,
    )
    return shares + say("checks.dilution.control_units_that_get")


@tells("dilution.partly_reached")
def _partly_reached(
    words: Words, *, arm: str, control: str, reached: float, control_reached: float
) -> str:
    shares = _all_reached(
        words,
        arm=arm,
        control=control,
        reached=reached,
        control_reached=control_reached,
    )
    return shares + say("checks.dilution.the_lift_is_that")


@tells("novelty.chance")
def _chance_alone(
    words: Words, *, arm: str, days: int, first: float, then: float
) -> str:
    halves = _halves(words, arm, days, first, then)
    return f"{halves}. {say('checks.novelty.chance_alone')}"


@tells("novelty.changed")
def _course(
    words: Words, *, arm: str, days: int, first: float, then: float, course: str
) -> str:
    halves = _halves(words, arm, days, first, then)
    return f"{halves}. {texts('checks.novelty.course')[course]}"


def _halves(words: Words, arm: str, days: int, first: float, then: float) -> str:
    return say(
        "checks.novelty.in_the_first_days",
        days=days,
        arm=words.arm(arm),
        first=signed(first),
        then=signed(then),
    )


@tells("twyman.beyond_usual")
def _beyond_usual(words: Words, *, metric: str, arm: str, lift: float) -> str:
    return say(
        "checks.twyman.a_change_of_in",
        percent=percent(abs(lift)),
        title=words.label(metric),
        name=words.arm(arm),
    )


filled("twyman.usual", "checks.twyman.the_lift_is_of")
filled("twyman.no_lift")
filled("vanity.attention_decides", metric=as_label)
filled("sampler.nothing_to_draw")
filled("sampler.sound")


@tells("sampler.failed")
def _failed(words: Words, *, models: tuple[Fact, ...]) -> str:
    failed = " ".join(tell(words, model) for model in models)
    return f"{failed} {say('checks.sampler.falls_back')}"


@tells("sampler.model")
def _model(words: Words, *, model: str, faults: tuple[Fact, ...]) -> str:
    return say(
        "checks.sampler.failed",
        model=texts("sampled.models")[model],
        faults="; ".join(tell(words, fault) for fault in faults),
    )


@tells("implausible_return.above")
def _implausible(words: Words, *, arm: str, ratio: float, limit: float) -> str:
    return f"{words.arm(arm)}: {questioned(words, ratio, limit)}"
