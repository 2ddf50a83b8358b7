"""What it earned and what it cost, each with its range."""

from __future__ import annotations

from collections.abc import Callable

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.html import join, named, section, table, unbroken
from holdback.reports.text.catalog import say, texts
from holdback.reports.text.locale_format import Words
from holdback.reports.text.money_sentences import (
    added_share,
    brings_back,
    money_and_lift,
    with_prior,
)
from holdback.reports.text.result_sentences import money_told
from holdback.results.money import CostItem, Costs, Money
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Scorecard
from holdback.results.sections.decomposition import Concentration
from holdback.results.sections.incremental_ratios import IncrementalRatio
from holdback.results.sections.sensitivity import Sensitivity
from holdback.stats.numeric import quantile

__all__ = ["detail", "render"]


@blocks.register("money", sheet="first", order=20)
def render(scorecard: Scorecard, words: Words) -> Markup:
    """Tiles of the arm that the decision speaks of, else of each arm by itself."""
    shown = money_told(scorecard)
    if not shown:
        return Markup("")
    return section(
        say("money.what_it_is_worth"),
        join(_tiles(words, one) for one in shown),
        _capped(scorecard, words, shown[0]),
        Markup("")
        if any(one.cost for one in shown)
        else Markup('<p class="small">{}</p>').format(say("money.no_costs")),
        _beside_costs(scorecard, words),
        anchor="money",
    )


def _tiles(words: Words, money: Money) -> Markup:
    """Of whom it is, and the figures."""
    tiles = [
        _tile(words, say("common.extra_revenue"), money.incremental_revenue),
        *_profit_tile(words, money),
        *_net_tile(words, money),
        *_return_tiles(words, money),
    ]
    return Markup('<p>{}</p><div class="tiles">{}</div>').format(
        named(_period(words, money)), join(tiles)
    )


def _beside_costs(scorecard: Scorecard, words: Words) -> Markup:
    """What the units spend that a ratio divides by is no cost unless it is listed."""
    ratios = scorecard.section(IncrementalRatio)
    labels = dict.fromkeys(words.label(ratio.metric) for ratio in ratios)
    if not labels:
        return Markup("")
    return Markup('<p class="small">{}</p>').format(
        named(say("money.beside_costs", metrics=", ".join(labels)))
    )


@blocks.register("money_detail", order=100)
def detail(scorecard: Scorecard, words: Words) -> Markup:
    """The costs behind the figures, and each arm by itself where there are several."""
    shown = money_told(scorecard)
    several = [m for m in scorecard.money if m.arm != "*"]
    few = _few(scorecard, words)
    if not shown:
        return Markup("")
    overall = next((m for m in scorecard.money if m.arm == "*"), shown[0])
    if len(shown) == 1:
        overall = shown[0]
    share = _share(words, overall)
    chances = _chances(words, overall)
    believed = _believed(words, overall)
    per_unit = _per_unit(words, overall)
    parts = (share, per_unit, few, overall.cost, chances, len(several) > 1)
    if not any(parts):
        return Markup("")
    return section(
        say("money.detail"),
        Markup("<p>{}</p>").format(named(_period(words, overall)))
        if words.several
        else Markup(""),
        share,
        per_unit,
        few,
        _costs(words, overall),
        chances,
        believed,
        _by_arm(words, several) if len(several) > 1 else Markup(""),
        anchor="costs",
    )


def _share(words: Words, money: Money) -> Markup:
    """What part of the revenue is the treatment's, in place of what it touched."""
    share = money.incremental_share
    if share is None:
        return Markup("")
    sentence = f"{added_share(words, share)} {money_and_lift(words, money)}"
    return Markup("<p>{}</p>").format(sentence.strip())


def _per_unit(words: Words, money: Money) -> Markup:
    """What a unit like those of the test would bring: the other target of money."""
    if money.population is None:
        return Markup("")
    revenue = money.population.incremental_revenue
    return Markup("<p>{}</p>").format(
        say(
            "money.per_unit",
            revenue=words.signed_money(revenue.value),
            range=words.range(revenue, words.signed_money),
        )
    )


def _few(scorecard: Scorecard, words: Words) -> Markup:
    """The 80/20 line."""
    few = scorecard.single(Concentration)
    if few is None:
        return Markup("")
    return Markup("<p>{}</p>").format(
        say(
            "money.few",
            top=words.round_share(few.top),
            share=words.share(few.share),
        )
    )


def _tile(words: Words, name: str, quantity: Quantity) -> Markup:
    return Markup(
        '<div class="tile"><p class="name">{}</p><p class="figure">{}</p>'
        '<p class="range">{}</p></div>'
    ).format(name, words.money(quantity.value), _likely(words, quantity, words.money))


def _likely(words: Words, quantity: Quantity, write: Callable[[float], str]) -> Markup:
    return Markup(say("common.likely", range="{}")).format(  # a text of ours
        unbroken(words, quantity, write)
    )


def _profit_tile(words: Words, money: Money) -> list[Markup]:
    """The margin's part of the revenue; nothing where no margin is taken off."""
    if money.incremental_profit == money.incremental_revenue:
        return []
    return [
        _tile(words, say("common.extra_profit_before_costs"), money.incremental_profit)
    ]


def _net_tile(words: Words, money: Money) -> list[Markup]:
    """What is left of the profit when the costs are paid."""
    if money.net_profit is None:
        return []
    return [_tile(words, say("money.net_tile"), money.net_profit)]


def _return_tiles(words: Words, money: Money) -> list[Markup]:
    if money.ropi is None or money.cost is None or money.return_per_unit_cost is None:
        return []
    ropi = money.ropi
    interval = Quantity(
        value=ropi.value, lower=ropi.lower, upper=ropi.upper, unbounded=ropi.unbounded
    )
    per_unit = money.return_per_unit_cost
    tiles = [
        Markup(
            '<div class="tile"><p class="name">{}</p><p class="figure">{}</p>'
            '<p class="range">{}</p><p class="small">{}</p></div>'
        ).format(
            say("money.ropi"),
            words.lift(ropi.value),
            _likely(words, interval, words.lift),
            brings_back(words, per_unit.value),
        )
    ]
    if money.break_even_lift is not None:
        tiles.append(
            Markup(
                '<div class="tile"><p class="name">{}</p>'
                '<p class="figure">{}</p><p class="range">{}</p></div>'
            ).format(
                say("money.break_even"),
                words.lift(money.break_even_lift),
                say(
                    "money.break_even_note",
                    metric=say("money.profit")
                    if money.measured_profit
                    else words.label(money.value_metric),
                ),
            )
        )
    return tiles


def _period(words: Words, money: Money) -> str:
    days = (
        say("money.over_days", period_days=words.count(money.period_days))
        if money.period_days
        else ""
    )
    units = words.count(money.treated_units)
    if words.several:
        arm = words.arm(money.arm)
        return say("money.for_the_units_of", treated_units=units, days=days, arm=arm)
    return say("money.for_the_units_that", treated_units=units, days=days)


def _capped(scorecard: Scorecard, words: Words, money: Money) -> Markup:
    """Says so where the lift is read on capped values, because money never is."""
    raw = [
        s
        for s in scorecard.section(Sensitivity)
        if (s.metric, s.variant) == (money.value_metric, "raw")
    ]
    if not raw:
        return Markup("")
    return Markup('<p class="small">{}</p>').format(
        say(
            "money.capped",
            value_metric=words.label(money.value_metric),
            relative=words.lift(raw[0].relative.value),
        )
    )


def _costs(words: Words, money: Money) -> Markup:
    if money.cost is None:
        return Markup("")
    rows = [(_cost_name(item), words.money(item.amount)) for item in money.cost.items]
    rows += _by_kind(words, money.cost)
    name = Markup("<strong>{}</strong>").format(say("money.all_costs"))
    rows.append((name, words.money(money.cost.total)))
    if money.savings and not money.saving_items:
        rows.append((named(say("money.savings")), words.money(money.savings)))
    rows += [
        (
            named(
                say(
                    "money.saved_hours",
                    name=saving.name,
                    hours=words.number(saving.hours),
                )
            ),
            words.money(saving.amount),
        )
        for saving in money.saving_items
    ]
    return Markup("<details><summary>{}</summary>{}{}{}</details>").format(
        say("money.what_it_cost"),
        table(
            say("money.costs_of_the_same"),
            (say("common.cost"), say("money.amount")),
            rows,
            numeric=(1,),
        ),
        _uncertain(words, money.cost),
        Markup('<p class="small">{}</p>').format(say("money.convention"))
        if money.period_days
        else Markup(""),
    )


def _chances(words: Words, money: Money) -> Markup:
    """What the posterior says of the two choices, in money."""
    chances = money.chances
    if chances is None:
        return Markup("")
    rows = [
        (
            say("money.lost_on_average_by"),
            words.money(chances.expected_loss_if_shipped),
        ),
        (
            say("money.lost_on_average_by_treating_no"),
            words.money(chances.expected_loss_if_held),
        ),
    ]
    if chances.p_threefold is not None:
        chance = words.probability(chances.p_threefold)
        rows.append((say("money.chance_that_it_brings"), chance))
    if chances.week_of_data is not None:
        worth = words.money(chances.week_of_data)
        rows.append((say("money.worth_of_one_more"), worth))
    return Markup("<details><summary>{}</summary>{}{}</details>").format(
        say("money.wrong_choice"),
        Markup('<p class="small">{}</p>').format(say("money.under_the_chosen_prior")),
        table(
            say("money.the_choice_in_money"),
            (say("common.what"), say("money.how_much")),
            rows,
            numeric=(1,),
        ),
    )


def _believed(words: Words, money: Money) -> Markup:
    """The same money from the test alone, and with the prior counted in."""
    if money.believed is None:
        return Markup("")
    return Markup("<details><summary>{}</summary>{}{}</details>").format(
        say("money.with_the_prior"),
        Markup('<p class="small">{}</p>').format(say("money.two_ranges")),
        table(
            say("money.same_money"),
            (say("common.what"), say("money.test_alone"), say("money.prior_in")),
            list(with_prior(words, money)),
            numeric=(1, 2),
        ),
    )


def _cost_name(item: CostItem) -> Markup:
    return named(f"{item.name} ({item.kind})" if item.kind else item.name)


def _by_kind(words: Words, cost: Costs) -> list[tuple[Markup, str]]:
    """A total for each kind, where there are several."""
    called = texts("money.kinds")
    kinds = [k for k in called if any(item.kind == k for item in cost.items)]
    if len(kinds) < 2:
        return []
    return [
        (
            named(say("money.all_of_kind", kind=called[kind])),
            words.money(sum(i.amount for i in cost.items if i.kind == kind)),
        )
        for kind in kinds
    ]


def _uncertain(words: Words, cost: Costs) -> Markup:
    if cost.se is None:
        return Markup("")
    off = words.money(cost.se * quantile(0.975))
    return Markup('<p class="small">{}</p>').format(say("money.uncertain", off=off))


def _revenue(words: Words, money: Money) -> str:
    revenue = money.incremental_revenue
    return f"{words.money(revenue.value)} ({words.range(revenue, words.money)})"


def _by_arm(words: Words, several: list[Money]) -> Markup:
    rows = [
        (
            named(words.arm(m.arm)),
            words.count(m.treated_units),
            _revenue(words, m),
            words.lift(m.ropi.value) if m.ropi else "—",
        )
        for m in several
    ]
    return table(
        say("money.each_arm_by_itself"),
        (
            say("money.arm"),
            say("common.units"),
            say("money.extra_revenue_likely"),
            "ROPI",
        ),
        rows,
        numeric=(1, 2, 3),
    )
