"""What it earned and what it cost, each with its range."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from markupsafe import Markup

from holdback.reports.blocks.block import blocks
from holdback.reports.html import folded, join, named, section, table, unbroken
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
    """Figures of the arm that the decision speaks of, else of each arm by itself."""
    shown = money_told(scorecard)
    if not shown:
        return Markup("")
    preview = scorecard.validity.is_preview
    notes = [_capped(scorecard, words, shown[0]), _beside_costs(scorecard, words)]
    return Markup(
        '<section class="card{}" aria-labelledby="money"><div class="head">'
        '<h2 id="money">{}</h2>{}</div>\n{}\n{}</section>'
    ).format(
        " mute" if preview else "",
        say("money.so_far") if preview else say("money.earned"),
        Markup('<p class="small">{}</p>').format(named(_period(words, shown[0])))
        if len(shown) == 1
        else "",
        join(_figures(words, one, several=len(shown) > 1) for one in shown),
        join(
            Markup('<p class="note">{}</p>').format(named(note))
            for note in notes
            if note
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Figure:
    """One cell: its name, its figure (none where it is not known), what it says."""

    name: str
    figure: str
    told: Markup | str
    known: bool = True


def _figures(words: Words, money: Money, *, several: bool) -> Markup:
    """A hero and two or four more, never with a hole; last how they follow."""
    cells = _with_costs(words, money) or _without_costs(words, money)
    drawn = join(
        (
            Markup(
                '<div><dt>{}</dt><dd class="figure{}">{}</dd><dd class="small">{}</dd>'
                "</div>"
            ).format(one.name, "" if one.known else " none", one.figure, one.told)
            for one in cells
        ),
        "",
    )
    sums = _sum(words, money)
    return Markup('{}<dl class="money{}">{}</dl>{}').format(
        Markup('<p class="note">{}</p>').format(named(_period(words, money)))
        if several
        else "",
        "" if len(cells) > 3 else " three",
        drawn,
        Markup('<p class="note">{}</p>').format(sums) if sums else "",
    )


def _with_costs(words: Words, money: Money) -> list[_Figure]:
    """Net profit first, then revenue, return, cost, break-even; needs all costs."""
    net, ropi, cost = money.net_profit, money.ropi, money.cost
    if net is None or ropi is None or cost is None:
        return []
    revenue = money.incremental_revenue
    last = _per_treated(words, money)
    if money.break_even_lift is not None:
        last = _Figure(
            name=say("money.break_even"),
            figure=words.lift(money.break_even_lift),
            told=say(
                "money.break_even_note",
                metric=say("money.of_profit")
                if money.measured_profit
                else words.label(money.value_metric),
            ),
        )
    return [
        _figure(words, say("common.net_profit"), net),
        _figure(words, say("common.extra_revenue"), revenue),
        _Figure(
            name=say("money.ropi"),
            figure=words.lift(ropi.value),
            told=_likely(words, ropi.interval, words.lift),
        ),
        _Figure(
            name=say("common.cost"),
            figure=words.money(cost.total),
            told=named(
                ", ".join(f"{one.name} {words.money(one.amount)}" for one in cost.items)
            ),
        ),
        last,
    ]


def _without_costs(words: Words, money: Money) -> list[_Figure]:
    """Revenue first; and what cannot be known without costs."""
    profit = money.net_profit or money.incremental_profit
    beside = _per_treated(words, money)
    if profit != money.incremental_revenue:
        name = say("common.gross_profit")
        if money.net_profit is not None:
            name = say("common.net_profit")
        beside = _figure(words, name, profit)
    return [
        _figure(words, say("common.extra_revenue"), money.incremental_revenue),
        beside,
        _Figure(
            name=say("money.unknown"),
            figure=say("money.not_known"),
            told=say("money.no_costs")
            if money.cost is None
            else say("money.no_return"),
            known=False,
        ),
    ]


def _figure(words: Words, name: str, quantity: Quantity) -> _Figure:
    return _Figure(
        name=name,
        figure=words.money(quantity.value),
        told=_likely(words, quantity, words.money),
    )


def _per_treated(words: Words, money: Money) -> _Figure:
    return _figure(words, say("money.per_treated"), money.per_treated_unit)


def _sum(words: Words, money: Money) -> str:
    """How the net profit follows from the revenue, with what each coin brought."""
    net, cost, per = money.net_profit, money.cost, money.return_per_unit_cost
    if net is None or cost is None or per is None or money.measured_profit:
        return ""
    profit = words.adding_up(
        [money.incremental_profit.value], net.value + cost.total - money.savings
    )
    parts = {
        "revenue": words.money(money.incremental_revenue.value),
        "profit": words.money(profit[0]),
        "cost": words.money(cost.total),
        "net": words.money(net.value),
        "saved": words.money(money.savings),
    }
    told = (
        say("money.sum_saved", **parts)
        if money.savings
        else say(
            "money.sum",
            **{name: part for name, part in parts.items() if name != "saved"},
        )
    )
    return f"{told} {brings_back(words, per.value)}"


def _beside_costs(scorecard: Scorecard, words: Words) -> str:
    """What the units spend that a ratio divides by is no cost unless it is listed."""
    ratios = scorecard.section(IncrementalRatio)
    labels = dict.fromkeys(words.label(ratio.metric) for ratio in ratios)
    return say("money.beside_costs", metrics=", ".join(labels)) if labels else ""


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


def _likely(words: Words, quantity: Quantity, write: Callable[[float], str]) -> Markup:
    return Markup(say("common.likely", range="{}")).format(  # a text of ours
        unbroken(words, quantity, write)
    )


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


def _capped(scorecard: Scorecard, words: Words, money: Money) -> str:
    """Says so where the lift is read on capped values, because money never is."""
    raw = [
        s
        for s in scorecard.section(Sensitivity)
        if (s.metric, s.variant) == (money.value_metric, "raw")
    ]
    if not raw:
        return ""
    return say(
        "money.capped",
        value_metric=words.label(money.value_metric),
        relative=words.lift(raw[0].relative.value),
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
    return folded(
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
    return folded(
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
    return folded(
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
