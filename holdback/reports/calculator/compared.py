"""A rate or a score before and after: how large, how sure, and why not causal."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil

from holdback.economics.simple_returns import (
    answers_per_arm,
    difference_half_width,
    same_rate,
    visitors_per_arm,
)
from holdback.reports.calculator.asked import Answer, Asked, Comparator, refused

__all__ = ["LABELS", "compared", "label"]

LABELS: dict[Comparator, str] = {
    "holdback": "Compared with a random holdback the difference may be causal: let "
    "`holdback analyze` read it, with its range.",
    "before": "Not causal: before and after differ in season, prices, advertising and "
    "customers as well. Hold a random part of the customers back.",
    "last-year": "Not causal: everything else that changed in a year is in it, so it "
    "cannot be put down to personalization.",
    "earlier-customers": "Not causal: earlier customers are a historical control, "
    "who came through other channels at other times.",
    "other-customers": "Not causal: customers who got personalization and those who "
    "did not differ by how they were chosen, unless chance chose them.",
}
UNSAID = (
    "Not causal unless the two were split at random: say `--compared-with` what "
    "(holdback, before, last-year, earlier-customers, other-customers)."
)


def label(asked: Asked) -> str:
    """What kind of comparison it is."""
    return UNSAID if asked.compared_with is None else LABELS[asked.compared_with]


def compared(asked: Asked) -> Iterator[Answer]:
    """The change of a rate or score, and what it takes to show it.

    Raises ConfigError for a rate or score that cannot be, or no change.
    """
    if asked.before is None or asked.after is None:
        return
    if asked.after == asked.before:
        raise refused("after", "is the same as `--before`: there is no change to show")
    yield _score(asked) if asked.sd is not None else _rate(asked)


def _rate(asked: Asked) -> Answer:
    before, after = float(asked.before or 0), float(asked.after or 0)
    for name, value in (("before", before), ("after", after)):
        if not 0 < value < 1:
            raise refused(
                name,
                "is no rate between 0% and 100%",
                fix="Write 2%, or give `--sd` where it is a score.",
            )
    words, need = asked.words, visitors_per_arm(before, after)
    values = {
        "points": 100 * (after - before),
        "relative": after / before - 1,
        "units_per_arm": float(need),
    }
    sentences = [
        (
            f"From {words.share(before)} to {words.share(after)} is "
            f"{_signed(asked, Fraction(100))} "
            f"percentage points, which is {words.lift(after / before - 1)} relative; "
            "“percent” alone leaves open which."
        ),
        (
            f"To show it takes {words.count(need)} visitors in each of two equal arms "
            "(found 8 times in 10, wrongly 5 in 100)."
        ),
    ]
    if asked.units is not None:
        p = same_rate(before, after, asked.units)
        values["p_value"] = p
        shown = "a difference shown" if p < 0.05 else "not shown"
        sentences.append(
            f"{words.count(before * asked.units)} against "
            f"{words.count(after * asked.units)} of {words.count(asked.units)} "
            f"each: p = {words.number(p)}, {shown}."
        )
    return Answer(
        question="change",
        told=(*sentences, label(asked)),
        values=values,
        formula="points = after − before; relative = after / before − 1; visitors in "
        "each of two arms = (1.96 √(2 p̄ (1 − p̄)) + 0.84 √(p₁ (1 − p₁) + p₂ (1 − p₂)))² "
        "/ (p₂ − p₁)², p̄ the mean of both rates; as in `holdback plan`",
    )


def _score(asked: Asked) -> Answer:
    before, after = (float(v or 0) for v in (asked.before, asked.after))
    sd = float(asked.sd or 0)
    if sd == 0:
        raise refused("sd", "must be above 0")
    words, need = asked.words, answers_per_arm(after - before, sd)
    values = {"difference": after - before, "answers_per_arm": float(need)}
    sentences = [
        (
            f"From {asked.exact(asked.before)} to {asked.exact(asked.after)} is "
            f"{_signed(asked, Fraction(1))} points. To show it takes "
            f"{words.count(need)} answers in each of two arms, at a standard "
            f"deviation of {asked.exact(asked.sd)}."
        ),
    ]
    if asked.response is not None:
        asked_of = ceil(need / float(asked.response))
        values["invitations_per_arm"] = float(asked_of)
        sentences.append(
            f"With {words.share(float(asked.response))} answering that is "
            f"{words.count(asked_of)} invitations in each arm."
        )
    if asked.units is not None:
        half = difference_half_width(sd, asked.units)
        values["half_width"] = half
        sentences.append(
            f"With {words.count(asked.units)} answers each, the 95% interval of the "
            f"difference is ± {words.number(half)} points."
        )
    return Answer(
        question="change",
        told=(*sentences, label(asked)),
        values=values,
        formula="answers in each arm = 2 ((1.96 + 0.84) × sd / difference)²; "
        "NPS = % promoters (9–10) − % detractors (0–6)",
    )


def _signed(asked: Asked, scale: Fraction) -> str:
    change = scale * ((asked.after or Fraction(0)) - (asked.before or Fraction(0)))
    return ("+" if change > 0 else "\N{MINUS SIGN}") + asked.exact(abs(change))
