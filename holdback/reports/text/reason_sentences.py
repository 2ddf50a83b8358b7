"""Why something is not told, not decided or not counted: one function a code."""

from __future__ import annotations

from holdback.reports.text.catalog import say
from holdback.reports.text.codes import filled, tells
from holdback.reports.text.locale_format import Words

__all__: list[str] = []


@tells("facts.text")
def _text(_words: Words, *, text: str) -> str:
    """What files of older versions hold, where there is a fact today."""
    return text


filled("preview.read_at_end", "stage.the_plan_reads_results")


@tells("preview.few_values")
def _few_values(_words: Words, *, least: int) -> str:
    return say("stage.an_arm_has_fewer", least_values=least)


@tells("preview.few_values_always_valid")
def _few_values_always_valid(_words: Words, *, least: int) -> str:
    return say("stage.always_valid", least_values=least)


filled("preview.no_planned_look", "stage.planned")
filled("preview.too_strict", "stage.spent")
filled("incremental.few_units", "incremental.no_units")
filled("incremental.too_alike", "incremental.too_alike")
filled("uplift.few_scores", "uplift.few_scores")


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


filled("lifetime.nothing_is_left", "lifetime.nothing_is_left")
filled("lifetime.all_was_given_back", "lifetime.all_was_given_back")
filled("lifetime.no_model_of_spend", "lifetime.no_model_of_spend")


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


filled("finished.another", "finished.another")


@tells("finished.damaged")
def _damaged(_words: Words, *, why: str) -> str:
    return why


filled("finished.unreadable", "finished.read")


@tells("finished.check_failed")
def _check_failed(_words: Words, *, checks: tuple[str, ...]) -> str:
    return say("finished.a_check_of_its", failed=", ".join(checks))


filled("finished.running", "finished.it_is_not_finished")


@tells("finished.no_lift")
def _no_lift(_words: Words, *, metric: str | None = None) -> str:
    lead = say("counted.money") if metric is None else f"'{metric}'"
    return say("counted.counted_of", told=lead)
