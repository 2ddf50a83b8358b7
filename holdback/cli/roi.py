"""`holdback roi`: simple questions of return, by arithmetic and without evidence."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from holdback.cli.console import examples

if TYPE_CHECKING:
    from fractions import Fraction

    from holdback.reports.calculator import Asked

__all__ = ["command"]

PERIOD_CHOICE = click.Choice(["day", "week", "month", "year"])
WORKED_EXAMPLES: dict[str, dict[str, Any]] = {
    "bakery": {
        "cost": "50",
        "hours": "4",
        "every": "week",
        "rate": "20",
        "currency": "USD",
    },
    "saas": {
        "ratio": "3:1",
        "before": "60%",
        "after": "75%",
        "compared_with": "earlier-customers",
    },
    "bookstore": {
        "before": "2%",
        "after": "2.5%",
        "units": 2000,
        "compared_with": "before",
    },
}
AMOUNT_OPTIONS = (
    "cost", "once", "hours", "rate", "gain", "sd", "starting", "ending", "new",
    "revenue", "spend", "customers", "value",
)  # fmt: skip
SHARE_OPTIONS = ("margin", "response", "attributed")


@click.command(
    "roi",
    epilog=examples(
        "roi --cost 50 --hours 4 --every week --rate 20 --currency USD",
        "roi --cost 400 --gain 3000 --margin 40% --once 1500",
        "roi --ratio 3:1",
        "roi --before 2% --after 2.5% --units 2000 --compared-with before",
        "roi --starting 100 --ending 110 --new 30",
        "roi --change churn=-15% --change order_value=10% --claim 20%",
        "roi --spend 18015 --customers 2023 --value 11.88",
        "roi --example bakery",
    ),
)
@click.option("--cost", help="What personalization costs per period.")
@click.option(
    "--per", type=PERIOD_CHOICE, default="month", help="The period of the answer."
)
@click.option("--once", help="What is paid once, such as a set-up.")
@click.option("--hours", help="Hours of work saved.")
@click.option(
    "--every", type=PERIOD_CHOICE, default="week", help="The period of the hours."
)
@click.option("--rate", help="Money per hour.")
@click.option("--gain", help="Money that it is said to bring per period.")
@click.option("--margin", help="Profit in the gain, such as 40%.")
@click.option(
    "--month",
    "convention",
    type=click.Choice(["52-weeks", "4-weeks", "calendar"]),
    default="52-weeks",
    help="How long a month is: 52/12 weeks, 4 weeks, or 365.25/12 days.",
)
@click.option("--ratio", help="A return that is quoted, such as 3:1.")
@click.option("--before", help="A rate (2%), or a score with --sd, before.")
@click.option("--after", help="The same, after.")
@click.option(
    "--units",
    type=click.IntRange(max=10**12),
    help="Visitors or answers behind each of the two.",
)
@click.option("--sd", help="Standard deviation of a score (of NPS about 70).")
@click.option("--response", help="Share that answers a survey.")
@click.option(
    "--compared-with",
    type=click.Choice(
        ["holdback", "before", "last-year", "earlier-customers", "other-customers"]
    ),
    help="What the change or claim is compared with.",
)
@click.option("--starting", help="Customers at the start.")
@click.option("--ending", help="Customers at the end.")
@click.option("--new", help="Customers that came meanwhile.")
@click.option(
    "--change",
    "changes",
    multiple=True,
    help="A factor of a customer's value: churn=-15%, order_value=75:90.",
)
@click.option("--claim", help="A lift that is claimed: 16%, or 3x.")
@click.option("--attributed", help="Share of revenue put down to personalization.")
@click.option("--credit", "credits", multiple=True, help="email=40000, once a channel.")
@click.option("--revenue", help="Revenue that the credits are of.")
@click.option("--spend", help="What was spent to win customers.")
@click.option("--customers", help="New customers that came of it.")
@click.option("--value", help="What a customer is worth, to compare with the cost.")
@click.option("--currency", help="ISO 4217 code, such as USD.")
@click.option("--locale", default="en-US", help="How numbers are written.")
@click.option(
    "--example", type=click.Choice(list(WORKED_EXAMPLES)), help="A worked example."
)
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How to print the answers.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def command(shape: str, example: str | None, *, quiet: bool, **given: Any) -> None:
    """Answer simple questions of return by arithmetic, which is no evidence.

    Without options it asks, on a terminal. Whether personalization caused a gain no
    formula can tell: that takes a random holdback (`holdback init`).
    """
    from holdback.reports.calculator import calculated

    if example is not None:
        given = _example(example, given)
    elif not _anything(given) and sys.stdin.isatty() and sys.stdout.isatty():
        given |= _answers(given["per"])
    answers = calculated(_asked(given))
    if quiet:
        return
    if shape == "json":
        from holdback.results.json_codec import to_json

        click.echo(to_json(answers), nl=False)
        return
    click.echo(str(answers))


def _example(name: str, given: dict[str, Any]) -> dict[str, Any]:
    """The example's numbers, where nobody gave another one."""
    source = click.get_current_context().get_parameter_source
    typed = {
        option
        for option in given
        if source(option) is click.core.ParameterSource.COMMANDLINE
    }
    filled = {
        option: v for option, v in WORKED_EXAMPLES[name].items() if option not in typed
    }
    return given | filled


def _anything(given: dict[str, Any]) -> bool:
    defaults = {"per", "every", "convention", "locale", "currency"}
    return any(value for name, value in given.items() if name not in defaults)


def _answers(per: str) -> dict[str, Any]:
    """What a person at a terminal says; an empty answer says nothing."""
    questions = {
        "currency": "Currency, such as USD",
        "cost": f"What does personalization cost a {per}",
        "once": "What was paid once, for the set-up",
        "hours": "Hours of work saved a week",
        "rate": "What does such an hour cost",
        "gain": f"Extra sales that it is said to bring a {per}",
        "margin": "Profit in those sales, such as 40%",
    }
    answers: dict[str, Any] = {}
    for name, question in questions.items():
        if name == "rate" and "hours" not in answers:
            continue
        if name == "margin" and "gain" not in answers:
            continue
        said = click.prompt(question, default="", show_default=False).strip()
        if said:
            answers[name] = said
    return answers


def _asked(given: dict[str, Any]) -> Asked:
    from fractions import Fraction

    from holdback.experiments.language import quantities
    from holdback.reports.calculator import Asked

    values = {name: value for name, value in given.items() if value is not None}
    readers: dict[str, Callable[[str], Any]] = {
        **dict.fromkeys(AMOUNT_OPTIONS, quantities.amount),
        **dict.fromkeys(SHARE_OPTIONS, quantities.share),
        "ratio": _ratio,
        "claim": _claim,
        "before": quantities.share,
        "after": quantities.share,
        "currency": _currency,
    }
    for name, read in readers.items():
        if name in values:
            values[name] = _read(name, values[name], read)
    values.setdefault("once", Fraction(0))
    for name, read in (("changes", _change), ("credits", quantities.amount)):
        option = {"changes": "change", "credits": "credit"}[name]
        values[name] = tuple(
            _named(option, text, read) for text in values.get(name, ())
        )
    return Asked(**values)


def _read(name: str, text: str, read: Callable[[str], Any]) -> Any:
    from holdback.errors import ConfigError, Problem
    from holdback.experiments.language.quantities import Unreadable

    try:
        return _bounded(text, read(text))
    except Unreadable as error:
        where = f"--{name.replace('_', '-')}"
        problem = Problem(where=where, what=error.what, why=error.why, fix=error.fix)
        raise ConfigError(problem) from error


def _bounded(text: str, value: Any) -> Any:
    """A number as exact as anybody counts: twelve digits on each side of the point."""
    from fractions import Fraction

    from holdback.experiments.language.quantities import Unreadable
    from holdback.reports.calculator.asked import LARGEST

    if not isinstance(value, Fraction):
        return value
    if abs(value) > LARGEST:
        raise Unreadable(f"'{text}' is larger than 1,000,000,000,000.")
    return Fraction(round(value * LARGEST), LARGEST)


def _named(option: str, text: str, read: Callable[[str], Any]) -> tuple[str, Any]:
    from holdback.reports.calculator.asked import refused

    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise refused(option, f"is '{text}', not NAME=NUMBER")
    return name.strip(), _read(option, value, read)


def _ratio(text: str) -> Fraction:
    from holdback.experiments.language.quantities import Unreadable, amount

    gain, colon, cost = text.lower().removesuffix("x").partition(":")
    below = amount(cost) if colon else amount("1")
    if below <= 0:
        raise Unreadable(f"'{text}' is a return on a cost that is not above 0.")
    return amount(gain) / below


def _claim(text: str) -> Fraction:
    """A lift: 16%, or 3x, which is a lift of 200 %."""
    from holdback.experiments.language.quantities import amount, share

    if text.lower().endswith("x"):
        return amount(text[:-1]) - 1
    return share(text)


def _change(text: str) -> Fraction:
    """A relative change: -15%, or from:to."""
    from holdback.experiments.language.quantities import Unreadable, share

    start, colon, end = text.partition(":")
    if not colon:
        return share(text)
    if share(start) <= 0:
        raise Unreadable(f"'{text}' starts from 0 or below, so it has no change.")
    return share(end) / share(start) - 1


def _currency(text: str) -> str:
    from holdback.experiments.language.quantities import CODES, Unreadable, did_you_mean

    if text not in CODES:
        raise Unreadable(
            f"'{text}' is not a currency.",
            fix=did_you_mean(text, CODES) or "Write an ISO 4217 code such as USD.",
        )
    return text
