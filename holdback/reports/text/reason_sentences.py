"""Why something is not told, not decided or not counted: one function a code."""

from __future__ import annotations

from holdback.reports.text.catalog import say
from holdback.reports.text.codes import tells
from holdback.reports.text.locale_format import Words

__all__: list[str] = []


@tells("facts.text")
def _text(_words: Words, *, text: str) -> str:
    """What files of older versions hold, where there is a fact today."""
    return text


@tells("preview.read_at_end")
def _read_at_end(_words: Words) -> str:
    return say("stage.the_plan_reads_results")


@tells("preview.few_values")
def _few_values(_words: Words, *, least: int) -> str:
    return say("stage.an_arm_has_fewer", least_values=least)


@tells("preview.few_values_always_valid")
def _few_values_always_valid(_words: Words, *, least: int) -> str:
    return say("stage.always_valid", least_values=least)


@tells("preview.no_planned_look")
def _no_planned_look(_words: Words) -> str:
    return say("stage.planned")


@tells("preview.too_strict")
def _too_strict(_words: Words) -> str:
    return say("stage.spent")


@tells("incremental.few_units")
def _incremental_few_units(_words: Words) -> str:
    return say("incremental.no_units")


@tells("incremental.too_alike")
def _too_alike(_words: Words) -> str:
    return say("incremental.too_alike")


@tells("uplift.few_scores")
def _few_scores(_words: Words) -> str:
    return say("uplift.few_scores")


@tells("uplift.few_units")
def _uplift_few_units(
    words: Words, *, arm: str, units: int, least: int, units_needed: int | None = None
) -> str:
    size = (
        ""
        if units_needed is None
        else say("uplift.which_takes_about_units", needed=f"{units_needed:,}")
    )
    return say(
        "uplift.arm_has_units_with",
        name=words.arm(arm),
        had=f"{units:,}",
        least=f"{least:,}",
        size=size,
    )


@tells("lifetime.no_fit")
def _no_fit(_words: Words, *, why: str) -> str:
    return why


@tells("lifetime.few_repeat_buyers")
def _few_repeat_buyers(
    words: Words, *, arm: str, repeat_buyers: int, least: int
) -> str:
    return say(
        "lifetime.too_few_repeat_buyers",
        arm=words.arm(arm),
        had=f"{repeat_buyers:,}",
        least=f"{least:,}",
    )


@tells("lifetime.nothing_is_left")
def _nothing_is_left(_words: Words) -> str:
    return say("lifetime.nothing_is_left")


@tells("lifetime.all_was_given_back")
def _all_was_given_back(_words: Words) -> str:
    return say("lifetime.all_was_given_back")


@tells("lifetime.no_model_of_spend")
def _no_model_of_spend(_words: Words) -> str:
    return say("lifetime.no_model_of_spend")


@tells("lifetime.orders_and_spend")
def _orders_and_spend(_words: Words, *, correlation: float) -> str:
    return say("lifetime.orders_and_spend", found=f"{correlation:.2f}")


@tells("lifetime.missed")
def _missed(words: Words, *, arm: str, what: str, orders: int, foreseen: float) -> str:
    values = {
        "arm": words.arm(arm),
        "orders": f"{orders:,}",
        "foreseen": f"{foreseen:,.0f}",
    }
    if what == "renewals":
        return say("lifetime.missed_renewals", **values)
    return say("lifetime.missed", **values)


@tells("finished.another")
def _another(_words: Words) -> str:
    return say("finished.another")


@tells("finished.damaged")
def _damaged(_words: Words, *, why: str) -> str:
    return why


@tells("finished.unreadable")
def _unreadable(_words: Words) -> str:
    return say("finished.read")


@tells("finished.check_failed")
def _check_failed(_words: Words, *, checks: tuple[str, ...]) -> str:
    return say("finished.a_check_of_its", failed=", ".join(checks))


@tells("finished.running")
def _running(_words: Words) -> str:
    return say("finished.it_is_not_finished")


@tells("finished.no_lift")
def _no_lift(_words: Words, *, metric: str | None = None) -> str:
    lead = say("counted.money") if metric is None else f"'{metric}'"
    return say("counted.counted_of", told=lead)
