"""What somebody asks the calculator, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Literal

from holdback.errors import ConfigError, Problem
from holdback.experiments.language.quantities import decimal_text
from holdback.reports.text.locale_format import Words

__all__ = [
    "NATURE",
    "Answer",
    "Asked",
    "Calculation",
    "Comparator",
    "Convention",
    "Period",
    "refused",
]

Period = Literal["day", "week", "month", "year"]
Convention = Literal["52-weeks", "4-weeks", "calendar"]
Comparator = Literal[
    "holdback", "before", "last-year", "earlier-customers", "other-customers"
]
MINIMA = {"cost": 0, "once": 0, "hours": 0, "rate": 0, "sd": 0, "spend": 0, "units": 1}
NEEDS = {
    "margin": ("gain", "money that it brings"),
    "units": ("before", "a rate or score before and after"),
    "response": ("sd", "a score with its standard deviation"),
    "sd": ("before", "a score before and after"),
    "new": ("starting", "customers at the start"),
    "revenue": ("credits", "what channels are credited with"),
    "value": ("spend", "what was spent to win customers"),
    "compared_with": ("before or claim or changes", "a change or a claim"),
}
"""Numbers that only mean something beside another one, and what that is."""
OPTIONS = {"credits": "credit", "changes": "change"}
LARGEST = 10**12


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Numbers by name; None where nothing was said. Shares are fractions.

    `cost` and `gain` are per `per`, `hours` per `every`. `changes` are (factor,
    relative change), `credits` (channel, money). `before` and `after` are rates,
    or scores where `sd` is given. `ratio` is gain per unit of cost, `claim` a lift.
    """

    currency: str | None = None
    locale: str = "en-US"
    cost: Fraction | None = None
    per: Period = "month"
    once: Fraction = Fraction(0)
    hours: Fraction | None = None
    every: Period = "week"
    rate: Fraction | None = None
    gain: Fraction | None = None
    margin: Fraction | None = None
    convention: Convention = "52-weeks"
    ratio: Fraction | None = None
    before: Fraction | None = None
    after: Fraction | None = None
    units: int | None = None
    sd: Fraction | None = None
    response: Fraction | None = None
    compared_with: Comparator | None = None
    starting: Fraction | None = None
    ending: Fraction | None = None
    new: Fraction | None = None
    changes: tuple[tuple[str, Fraction], ...] = ()
    claim: Fraction | None = None
    attributed: Fraction | None = None
    credits: tuple[tuple[str, Fraction], ...] = ()
    revenue: Fraction | None = None
    spend: Fraction | None = None
    customers: Fraction | None = None
    value: Fraction | None = None

    def __post_init__(self) -> None:
        for name, (other, what) in NEEDS.items():
            beside = [getattr(self, one) for one in other.split(" or ")]
            if getattr(self, name) is not None and beside[0] in (None, ()):
                if any(one not in (None, ()) for one in beside[1:]):
                    continue
                raise refused(name, f"says nothing without {what}", fix=_give(other))
        for name, least in MINIMA.items():
            value = getattr(self, name)
            if value is not None and value < least:
                raise refused(name, f"must not be below {least}")
        for name in ("margin", "response", "attributed"):
            value = getattr(self, name)
            if value is not None and not 0 < value <= 1:
                raise refused(name, "lies above 0% and not above 100%")
        if (self.hours is None) != (self.rate is None):
            missing = "rate" if self.rate is None else "hours"
            raise refused(missing, "is missing: time saved is hours times rate")
        if (self.before is None) != (self.after is None):
            missing = "after" if self.after is None else "before"
            raise refused(missing, "is missing: a change has a before and an after")

    @property
    def words(self) -> Words:
        """How its numbers are written."""
        return replace(Words.plain(self.locale), currency=self.currency)

    def exact(self, value: Fraction | None) -> str:
        """A number as somebody would write it."""
        text = decimal_text(value or Fraction(0))
        return text if "/" not in text else self.words.number(float(value or 0))


def _give(names: str) -> str:
    """The options that are missing, as they are written."""
    options = [OPTIONS.get(one, one) for one in names.split(" or ")]
    return f"Give {' or '.join(f'`--{option}`' for option in options)} as well."


def refused(name: str, what: str, *, fix: str = "") -> ConfigError:
    """The error of one number that cannot be."""
    return ConfigError(
        Problem(where=f"--{name.replace('_', '-')}", what=f"it {what}.", fix=fix)
    )


NATURE = (
    "This is arithmetic on the numbers that you gave, not evidence: whether "
    "personalization caused any of them only a random holdback can tell."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One question: sentences, the numbers in them, formula and known mistake."""

    question: str
    told: tuple[str, ...]
    values: Mapping[str, float] = field(default_factory=dict)
    formula: str = ""
    mistake: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calculation:
    """All answers. `nature` says what kind of knowledge this is."""

    schema: str = "holdback/roi/1"
    nature: str = NATURE
    currency: str | None = None
    answers: tuple[Answer, ...]

    def answer(self, question: str) -> Answer:
        """The answer to a question, by its name."""
        return next(a for a in self.answers if a.question == question)

    def __str__(self) -> str:
        lines = [self.nature]
        for answer in self.answers:
            lines.append("")
            lines += answer.told
            if answer.formula:
                lines.append(f"  Formula: {answer.formula}")
            if answer.mistake:
                lines.append(f"  A known mistake: {answer.mistake}")
        return "\n".join(lines)
