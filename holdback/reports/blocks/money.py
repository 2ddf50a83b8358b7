"""What it earned and what it cost, each with its range."""

from __future__ import annotations

from markupsafe import Markup

from holdback.experiments.scorecard import CostItem, Costs, Money, Quantity, Scorecard
from holdback.reports.blocks import join, named, section, table, unbroken
from holdback.reports.money_sentences import brings_back
from holdback.reports.phrases import MONEY
from holdback.reports.words import Words
from holdback.stats.normal import quantile

__all__ = ["detail", "render"]

NO_COSTS = "No costs are named, so no return can be stated."
CONVENTION = (
    "A month counts 365.25 / 12 days, a year 365.25: costs and hours saved per month "
    "or year cover the days of the test and no more. Hours count as money only if "
    "they are used for something else."
)
KINDS = {"technology": "technology", "people": "work", "campaign": "campaigns"}


def render(scorecard: Scorecard, words: Words) -> Markup:
    """Tiles for all treatment arms together."""
    found = next((m for m in scorecard.money if m.arm == "*"), None)
    if found is None:
        return Markup("")
    tiles = [
        _tile(words, "Extra revenue", found.incremental_revenue),
        *_profit_tile(words, found),
        *_net_tile(words, found),
        *_return_tiles(words, found),
    ]
    return section(
        "What it is worth",
        Markup("<p>{}</p>").format(_period(words, found)),
        _capped(scorecard, words, found),
        Markup('<div class="tiles">{}</div>').format(join(tiles)),
        Markup("")
        if found.cost
        else Markup('<p class="small">{}</p>').format(NO_COSTS),
        anchor="money",
    )


def detail(scorecard: Scorecard, words: Words) -> Markup:
    """The costs behind the figures, and each arm by itself where there are several."""
    found = next((m for m in scorecard.money if m.arm == "*"), None)
    several = [m for m in scorecard.money if m.arm != "*"]
    few = _few(scorecard, words)
    if found is None:
        return Markup("")
    share = _share(words, found)
    if not (share or few or found.cost or len(several) > 1):
        return Markup("")
    return section(
        "The money in detail",
        share,
        few,
        _costs(words, found),
        _by_arm(words, several) if len(several) > 1 else Markup(""),
        anchor="costs",
    )


def _share(words: Words, money: Money) -> Markup:
    """What part of the revenue is the treatment's, in place of what it touched."""
    found = money.incremental_share
    if found is None:
        return Markup("")
    return Markup("<p>{}</p>").format(
        f"{words.share(found.value)} of the treated units' revenue was added by the "
        f"treatment (likely {words.range(found, words.share)}); the rest would have "
        "come anyway, whatever it touched."
    )


def _few(scorecard: Scorecard, words: Words) -> Markup:
    """The 80/20 line."""
    found = scorecard.concentration
    if found is None:
        return Markup("")
    return Markup("<p>{}</p>").format(
        f"The {words.round_share(found.top)} of buyers who spent most brought "
        f"{words.share(found.share)} of the revenue in all arms; how the test went "
        "rests on them."
    )


def _tile(words: Words, name: str, quantity: Quantity) -> Markup:
    return Markup(
        '<div class="tile"><p class="name">{}</p><p class="figure">{}</p>'
        '<p class="range">likely {}</p></div>'
    ).format(name, words.money(quantity.value), unbroken(words, quantity, words.money))


def _profit_tile(words: Words, money: Money) -> list[Markup]:
    """The margin's part of the revenue; nothing where no margin is taken off."""
    if money.incremental_profit == money.incremental_revenue:
        return []
    return [_tile(words, "Extra profit before costs", money.incremental_profit)]


def _net_tile(words: Words, money: Money) -> list[Markup]:
    """What is left of the profit when the costs are paid."""
    if money.net_profit is None:
        return []
    return [_tile(words, "Extra profit after costs", money.net_profit)]


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
            '<div class="tile"><p class="name">Return on personalization investment '
            '(ROPI)</p><p class="figure">{}</p><p class="range">likely {}</p>'
            '<p class="small">{}</p></div>'
        ).format(
            words.lift(ropi.value),
            unbroken(words, interval, words.lift),
            brings_back(words, per_unit.value),
        )
    ]
    if money.break_even_lift is not None:
        tiles.append(
            Markup(
                '<div class="tile"><p class="name">{}</p>'
                '<p class="figure">{}</p><p class="range">{}</p></div>'
            ).format(
                MONEY["break_even"],
                words.lift(money.break_even_lift),
                MONEY["break_even_note"].format(
                    metric="profit"
                    if money.measured_profit
                    else words.label(money.value_metric)
                ),
            )
        )
    return tiles


def _period(words: Words, money: Money) -> str:
    days = f" over {words.count(money.period_days)} days" if money.period_days else ""
    return (
        f"For the {words.count(money.treated_units)} units that were treated{days}, "
        "compared with what they would have brought without it."
    )


def _capped(scorecard: Scorecard, words: Words, money: Money) -> Markup:
    """Says so where the lift is read on capped values, because money never is."""
    raw = [
        s
        for s in scorecard.sensitivity
        if (s.metric, s.variant) == (money.value_metric, "raw")
    ]
    if not raw:
        return Markup("")
    return Markup('<p class="small">{}</p>').format(
        f"Money counts every amount in full. The change in "
        f"{words.label(money.value_metric)} is read with the largest amounts cut off; "
        f"without the cut it is {words.lift(raw[0].relative.value)}."
    )


def _costs(words: Words, money: Money) -> Markup:
    if money.cost is None:
        return Markup("")
    rows = [(_cost_name(item), words.money(item.amount)) for item in money.cost.items]
    rows += _by_kind(words, money.cost)
    rows.append((Markup("<strong>All costs</strong>"), words.money(money.cost.total)))
    if money.savings and not money.saving_items:
        rows.append((Markup("Savings in work"), words.money(money.savings)))
    rows += [
        (
            named(f"Saved: {one.name} ({words.number(one.hours)} hours)"),
            words.money(one.amount),
        )
        for one in money.saving_items
    ]
    return Markup("<details><summary>What it cost</summary>{}{}{}</details>").format(
        table(
            "Costs of the same days and units", ("Cost", "Amount"), rows, numeric=(1,)
        ),
        _uncertain(words, money.cost),
        Markup('<p class="small">{}</p>').format(CONVENTION)
        if money.period_days
        else Markup(""),
    )


def _cost_name(item: CostItem) -> Markup:
    return named(f"{item.name} ({item.kind})" if item.kind else item.name)


def _by_kind(words: Words, cost: Costs) -> list[tuple[Markup, str]]:
    """A total for each kind, where there are several."""
    kinds = [k for k in KINDS if any(item.kind == k for item in cost.items)]
    if len(kinds) < 2:
        return []
    return [
        (
            Markup("All {}").format(KINDS[kind]),
            words.money(sum(i.amount for i in cost.items if i.kind == kind)),
        )
        for kind in kinds
    ]


def _uncertain(words: Words, cost: Costs) -> Markup:
    if cost.se is None:
        return Markup("")
    off = words.money(cost.se * quantile(0.975))
    return Markup('<p class="small">{}</p>').format(
        f"The costs may be off by {off} in all; the ranges of the profit after costs "
        "and of ROPI include that."
    )


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
        "Each arm by itself",
        ("Arm", "Units", "Extra revenue (likely)", "ROPI"),
        rows,
        numeric=(1, 2, 3),
    )
