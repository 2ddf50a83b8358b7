"""Time saved and money gained against the cost; and the two readings of "3:1"."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from holdback.economics.simple_returns import IMPLAUSIBLE, SimpleReturn
from holdback.experiments.language.quantities import DAYS_PER_YEAR, WEEKS_PER_YEAR
from holdback.reports.calculator.asked import Answer, Asked, Convention, Period, refused
from holdback.reports.text.locale_format import Words
from holdback.reports.text.money_sentences import questioned

__all__ = ["acquisition", "ratio", "worth"]

PER_MONTH: dict[Convention, Fraction] = {
    "52-weeks": Fraction(52, 12),
    "4-weeks": Fraction(4),
    "calendar": DAYS_PER_YEAR / 12 / 7,
}
"""Weeks of a month."""
CALLED: dict[Convention, str] = {
    "52-weeks": "a month of 52/12 weeks",
    "4-weeks": "a month of 4 weeks",
    "calendar": "a month of 365.25/12 days",
}


def worth(asked: Asked) -> Iterator[Answer]:
    """Savings and gains of a period against its cost.

    Raises ConfigError for a number that is missing, or a cost of 0.
    """
    if asked.hours is not None:
        yield _saved(asked)
    if asked.cost is None and not asked.once:
        if asked.gain is not None or asked.hours is not None:
            raise refused("cost", "is missing: a return is on a cost")
        return
    if asked.gain is None and asked.hours is None:
        raise refused("gain", "is missing, and so are `--hours` and `--rate`")
    if not asked.cost and not asked.once:
        raise refused("cost", "is 0, and a return needs a cost above 0")
    yield _returned(asked)
    if asked.once:
        yield _paid_back(asked)


def ratio(asked: Asked) -> Iterator[Answer]:
    """Both readings of a ratio that somebody quotes, such as 3:1."""
    if asked.ratio is None:
        return
    words, quoted = asked.words, float(asked.ratio)
    sentences = [
        (
            f"{words.times(quoted)}:1 means that each unit of cost brings back "
            f"{words.times(quoted)}: a net return of {words.lift(quoted - 1)}."
        ),
        (
            f"If the {words.times(quoted)} is meant net of the cost, it is "
            f"{words.times(quoted + 1)}:1, a net return of {words.lift(quoted)}. "
            "Say which is meant."
        ),
        (
            "Counted on revenue in place of profit it says nothing about profit: at a "
            f"margin of 40% it is {words.times(0.4 * quoted)}:1, "
            f"a net return of {words.lift(0.4 * quoted - 1)}."
        ),
    ]
    if quoted > IMPLAUSIBLE:
        sentences.append(questioned(words, quoted, IMPLAUSIBLE))
    yield Answer(
        question="ratio",
        told=tuple(sentences),
        values={
            "return_per_unit_cost": quoted,
            "roi": quoted - 1,
            "roi_if_net": quoted,
        },
        formula="net return = ratio − 1",
    )


def acquisition(asked: Asked) -> Iterator[Answer]:
    """What a new customer costs on average, and what a customer's value makes of it.

    Raises ConfigError for a number that is missing, or no new customer.
    """
    if asked.spend is None and asked.customers is None:
        return
    if asked.spend is None or asked.customers is None:
        missing = "spend" if asked.spend is None else "customers"
        raise refused(missing, "is missing: CAC is spend by new customers")
    if asked.customers <= 0:
        raise refused("customers", "must be above 0: nobody was won")
    words, cost = asked.words, float(asked.spend / asked.customers)
    values = {"cac": cost}
    sentences = [
        (
            f"{words.exact_money(float(asked.spend))} for "
            f"{words.count(float(asked.customers))} new customers is "
            f"{words.exact_money(cost)} each, on average. What one more costs only a "
            "comparison at random says: many would have come anyway."
        )
    ]
    if asked.value is not None and cost > 0:
        times = float(asked.value) / cost
        values["value_per_cost"] = times
        sentences.append(
            f"A customer's value of {words.exact_money(float(asked.value))} is "
            f"{words.number(times)} times that"
            + ("." if times >= 1 else ": it does not pay back what winning one costs.")
        )
    yield Answer(
        question="acquisition",
        told=tuple(sentences),
        values=values,
        formula="CAC = spend / new customers of the same time",
        mistake="counting customers who had bought before as new.",
    )


def _saved(asked: Asked) -> Answer:
    words = asked.words
    saving = {c: _saving(asked, c) for c in PER_MONTH}
    chosen = saving[asked.convention]
    values = {"saving": float(chosen)}
    sentences = [
        (
            f"Time saved: {asked.exact(asked.hours)} hours a {asked.every} × "
            f"{words.exact_money(float(asked.rate or 0))} an hour = "
            f"{words.exact_money(float(chosen))} a {asked.per}."
        )
    ]
    others = {c: v for c, v in saving.items() if v != chosen}
    if others:
        listed = ", ".join(
            f"{words.exact_money(float(value))} with {CALLED[c]}"
            for c, value in others.items()
        )
        sentences.append(f"That counts {CALLED[asked.convention]}; it is {listed}.")
        values |= {f"saving_{c.replace('-', '_')}": float(v) for c, v in saving.items()}
    return Answer(
        question="saving",
        told=tuple(sentences),
        values=values,
        formula="saving = hours × rate × periods; time counts only if it is used",
    )


def _returned(asked: Asked) -> Answer:
    words, simple = asked.words, _return(asked, asked.convention)
    gain, cost = simple.gain, simple.cost
    sentences = []
    if asked.gain is not None and asked.margin is None:
        sentences.append(
            "The gain is counted in full: if it is revenue, give `--margin`, or the "
            "return is too high."
        )
    if not cost:
        return Answer(question="return", told=tuple(sentences), values={"gain": gain})
    sentences.insert(
        0,
        f"Return: {words.exact_money(gain)} for {words.exact_money(cost)} a "
        f"{asked.per} is {words.times(simple.ratio)}:1, a net return of "
        f"{words.lift(simple.net)}.",
    )
    others = [
        f"{words.lift(other.net)} with {CALLED[c]}"
        for c in PER_MONTH
        if (other := _return(asked, c)) != simple
    ]
    if others:
        sentences.insert(1, f"The net return is {', '.join(others)}.")
    if asked.gain is not None:
        sentences.append(
            "The gain is attributed to personalization, not shown to come from it: "
            "count it when a holdback has measured it."
        )
    if simple.ratio > IMPLAUSIBLE:
        sentences.append(questioned(words, simple.ratio, IMPLAUSIBLE))
    return Answer(
        question="return",
        told=tuple(sentences),
        values={
            "gain": gain,
            "cost": cost,
            "net": gain - cost,
            "return_per_unit_cost": simple.ratio,
            "roi": simple.net,
        },
        formula="net return = (gain − cost) / cost; the ratio is gain / cost",
        mistake="“ROI = total investment / total cost of investment × 100” divides "
        "the cost by itself and is always 100%; " + _whole_gain(words, simple),
    )


def _whole_gain(words: Words, simple: SimpleReturn) -> str:
    return (
        f"with the gain on top it is {words.share(simple.ratio)}, which still counts "
        "the cost as if it were kept."
    )


def _paid_back(asked: Asked) -> Answer:
    words, simple = asked.words, _return(asked, asked.convention)
    once = words.exact_money(simple.once)
    if simple.payback is None:
        sentence = (
            f"The {once} paid once never come back: running costs eat up the gain."
        )
        return Answer(
            question="payback", told=(sentence,), values={"once": simple.once}
        )
    return Answer(
        question="payback",
        told=(
            (
                f"The {once} paid once are back after {words.number(simple.payback)} "
                f"{asked.per}s, if every {asked.per} is like this one."
            ),
        ),
        values={"once": simple.once, "periods": simple.payback},
        formula="payback = paid once / (gain − running cost)",
    )


def _return(asked: Asked, convention: Convention) -> SimpleReturn:
    gain = (asked.gain or Fraction(0)) * (
        Fraction(1) if asked.margin is None else asked.margin
    )
    saving = _saving(asked, convention) if asked.hours is not None else Fraction(0)
    return SimpleReturn(
        gain=float(gain + saving),
        cost=float(asked.cost or 0),
        once=float(asked.once),
    )


def _saving(asked: Asked, convention: Convention) -> Fraction:
    weekly = (asked.hours or Fraction(0)) * (asked.rate or Fraction(0))
    return weekly * _weeks(asked.per, convention) / _weeks(asked.every, convention)


def _weeks(period: Period, convention: Convention) -> Fraction:
    month = PER_MONTH[convention]
    year = Fraction(WEEKS_PER_YEAR) if convention == "52-weeks" else DAYS_PER_YEAR / 7
    if convention == "4-weeks":
        year = 12 * month
    return {"day": Fraction(1, 7), "week": Fraction(1), "month": month, "year": year}[
        period
    ]
