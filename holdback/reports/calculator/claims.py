"""Retention, chains of changes, claims without numbers, and credit given twice."""

from __future__ import annotations

from collections.abc import Iterator

from holdback.economics.simple_returns import compounded, retention
from holdback.reports.calculator.asked import Answer, Asked, refused
from holdback.reports.calculator.compared import label

__all__ = ["FACTORS", "claimed", "credited", "kept", "multiplied"]

FACTORS = {
    "visitors": False,
    "conversion": False,
    "order_value": False,
    "orders": False,
    "lifespan": False,
    "margin": False,
    "churn": True,
}
"""Factors of customer value; True for the one that divides (lifetime = 1 / churn)."""


def kept(asked: Asked) -> Iterator[Answer]:
    """Retention from counts, without the customers that came meanwhile.

    Raises ConfigError for a count that is missing or cannot be.
    """
    counts = (asked.starting, asked.ending)
    if counts == (None, None) and asked.new is None:
        return
    if asked.starting is None or asked.ending is None or asked.new is None:
        raise refused(
            "new" if asked.new is None else "starting",
            "is missing: retention needs `--starting`, `--ending` and `--new`",
        )
    start, end, new = (float(v) for v in (asked.starting, asked.ending, asked.new))
    try:
        rate = retention(starting=start, ending=end, new=new)
    except ValueError as error:
        raise refused("ending", f"cannot be: {error}".rstrip(".")) from error
    words = asked.words
    yield Answer(
        question="retention",
        told=(
            (
                f"Of {words.count(start)} customers {words.count(end - new)} are still "
                f"there: a retention of {words.share(rate)}, a churn of "
                f"{words.share(1 - rate)}."
            ),
        ),
        values={"retention": rate, "churn": 1 - rate, "wrong": end / start},
        formula="retention = (ending − new) / starting",
        mistake=f"“ending / starting” would say {words.share(end / start)}: it counts "
        "the customers that came meanwhile.",
    )


def multiplied(asked: Asked) -> Iterator[Answer]:
    """What changes of the factors make of the customer's value, beside a claim.

    Raises ConfigError for a factor that is none, or that would fall to 0.
    """
    if not asked.changes:
        return
    words = asked.words
    for name, change in asked.changes:
        if name not in FACTORS:
            raise refused(
                "change",
                f"names '{name}', which is no factor of a customer's value",
                fix=f"Factors: {', '.join(FACTORS)}.",
            )
        if change <= -1:
            raise refused("change", f"takes '{name}' to 0 or below")
    together = compounded([(float(c), FACTORS[n]) for n, c in asked.changes])
    parts = [_part(asked, name, float(change)) for name, change in asked.changes]
    sentences = [f"{'; '.join(parts)}. Together: {words.lift(together)} per customer."]
    values = {"together": together}
    if asked.claim is not None:
        gap = together - float(asked.claim)
        values |= {"claim": float(asked.claim), "gap": gap}
        if abs(gap) > 0.01:  # a percentage point
            apart = words.points(abs(gap)).lstrip("+")
            sentences.append(
                f"That is not the {words.lift(float(asked.claim))} claimed, but "
                f"{apart} {'more' if gap > 0 else 'less'}: horizons or customers of "
                "the parts differ, so the parts do not add up to it."
            )
    yield Answer(
        question="value",
        told=(*sentences, label(asked)),
        values=values,
        formula="value = order value × orders per period × lifespan, "
        "lifespan = 1 / churn; without margin and discount it is revenue, not profit",
    )


def _part(asked: Asked, name: str, change: float) -> str:
    words = asked.words
    text = f"{name.replace('_', ' ')} {words.lift(change)}"
    if FACTORS[name]:
        text += f" makes a lifetime {words.lift(compounded([(change, True)]))}"
    return text


def _times(asked: Asked) -> str:
    """How many times as much a large lift is: "+200%" is often read as twice."""
    claim = float(asked.claim or 0)
    if claim < 1:
        return ""
    return f" ({asked.words.times(1 + claim)} times as much)"


def claimed(asked: Asked) -> Iterator[Answer]:
    """A lift that somebody claims, and a share of revenue that is attributed."""
    words = asked.words
    if asked.claim is not None and not asked.changes:
        yield Answer(
            question="claim",
            told=(
                (
                    f"A change of {words.lift(float(asked.claim))}{_times(asked)} "
                    "without a number of units, a base rate or a range cannot be "
                    "tested: it is not called significant here."
                ),
                label(asked),
            ),
            values={"claim": float(asked.claim)},
        )
    if asked.attributed is not None:
        share = words.share(float(asked.attributed))
        yield Answer(
            question="attributed_share",
            told=(
                (
                    f"{share} is an attributed share: revenue that personalization "
                    "touched, not revenue that it added. Much of it would have come "
                    "anyway; the incremental share is (revenue per unit with − "
                    "without) × units / total revenue, from a holdback."
                ),
            ),
            values={"attributed_share": float(asked.attributed)},
        )


def credited(asked: Asked) -> Iterator[Answer]:
    """Credit that several channels take for the same revenue.

    Raises ConfigError for a revenue that is not above 0.
    """
    if not asked.credits:
        return
    words, total = asked.words, float(sum(value for _, value in asked.credits))
    values = {"credited": total}
    sentences = [
        f"{len(asked.credits)} channels take credit for {words.exact_money(total)}."
    ]
    if asked.revenue is not None:
        revenue = float(asked.revenue)
        if revenue <= 0:
            raise refused("revenue", "must be above 0")
        values |= {"revenue": revenue, "times": total / revenue}
        if total > revenue:
            sentences.append(
                f"That is more than the {words.exact_money(revenue)} that came in: the "
                "same order is credited several times. Only a holdback says what a "
                "channel adds."
            )
        else:
            sentences.append(
                "That it does not exceed the revenue does not make it incremental: "
                "orders that would have come anyway are credited as well."
            )
    yield Answer(
        question="credit",
        told=tuple(sentences),
        values=values,
        mistake="adding up what each channel's own report claims.",
    )
