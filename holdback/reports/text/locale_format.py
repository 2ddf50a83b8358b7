"""Numbers → words: sign, unit, rounding, locale. The only place that rounds."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from math import ceil, floor, log10

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_interval
from babel.numbers import (
    format_currency,
    format_decimal,
    format_percent,
    get_currency_precision,
)

from holdback.reports.text.catalog import say
from holdback.results.quantity import Quantity
from holdback.results.scorecard import MetricRecord, Scorecard

__all__ = ["Words"]

MINUS = "\N{MINUS SIGN}"
FALLBACK = "en_US"
SHOWN_DIGITS = 3
SMALLEST_AMOUNT = 5e-7
"""Amounts below are 0: money is kept to millionths at most."""
SMALLEST_DECIMALS = 6
WHOLE_PERCENT = 99.95
"""From here on a percentage has no decimals."""
LEAST_LIFT = 0.095
"""Lifts of fewer percent have more than one decimal."""
PLAIN = re.compile(
    r"(?<!as-of )(?<![\w-])(?P<day>\d{4}-\d{2}-\d{2})(?![\w-])"
    r"|(?<![\w.,:/-])(?P<number>\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?)"
    r"(?:(?P<percent> %)| (?P<currency>[A-Z]{3})\b)?(?![\w:/-]|[.,]\d)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """How one scorecard writes its numbers."""

    locale: str
    currency: str | None
    labels: dict[str, str]
    arms: dict[str, str]
    metrics: dict[str, MetricRecord]

    @classmethod
    def of(cls, scorecard: Scorecard) -> Words:
        """The words of a scorecard: its locale, currency, labels."""
        return cls(
            locale=_known(scorecard.locale),
            currency=scorecard.currency,
            labels={m.metric: m.label or m.metric for m in scorecard.metrics},
            arms={a.arm: a.label or a.arm for a in scorecard.arms}
            | {"*": say("words.all_arms")},
            metrics={m.metric: m for m in scorecard.metrics},
        )

    @classmethod
    def plain(cls, locale: str) -> Words:
        """The words of a locale, without names of an experiment."""
        return cls(locale=_known(locale), currency=None, labels={}, arms={}, metrics={})

    def label(self, metric: str) -> str:
        """How a metric is called."""
        return self.labels.get(metric, metric)

    def arm(self, arm: str) -> str:
        """How an arm is called."""
        return self.arms.get(arm, arm)

    def count(self, value: float) -> str:
        """A whole number with the locale's grouping."""
        return _minus(format_decimal(round(value), locale=self.locale))

    def number(self, value: float) -> str:
        """A number with three significant digits."""
        decimals = max(0, SHOWN_DIGITS - 1 - _magnitude(value))
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        return _minus(format_decimal(value, format=pattern, locale=self.locale))

    def share(self, value: float) -> str:
        """A share or rate as a percentage, unsigned unless negative."""
        pattern = _percent_pattern(self.locale, _percent_decimals(value))
        return _minus(format_percent(value, format=pattern, locale=self.locale))

    def round_share(self, value: float) -> str:
        """A share without decimals that say nothing, such as a level of 95%."""
        pattern = _percent_pattern(self.locale, 0).replace("#,##0", "#,##0.##")
        return _minus(format_percent(value, format=pattern, locale=self.locale))

    def lift(self, value: float) -> str:
        """A lift as a percentage that always has its sign, and 0 none."""
        size = abs(100 * value)
        pattern = _percent_pattern(
            self.locale,
            1 if LEAST_LIFT <= size < WHOLE_PERCENT else _percent_decimals(value),
        )
        text = _minus(format_percent(abs(value), format=pattern, locale=self.locale))
        if not any(c in "123456789" for c in text):
            return text
        return ("+" if value > 0 else MINUS) + text

    def tick(self, value: float) -> str:
        """A lift on an axis: with no more decimals than its step has.

        >>> w = Words(locale="en_US", currency=None, labels={}, arms={}, metrics={})
        >>> w.tick(0.1), w.tick(-0.025), w.tick(0.0)
        ('+10%', '−2.5%', '0%')
        """
        sign = "+" if value > 0 else MINUS if value < 0 else ""
        return sign + self.round_share(abs(value))

    def money(self, value: float) -> str:
        """An amount in the project's currency: whole from 100, exact below.

        Below half a coin with two digits that count, down to a millionth.
        """
        if self.currency is None:
            return self.number(value)
        minor = get_currency_precision(self.currency)
        whole = abs(value) >= 100 or (minor == 0 and abs(value) >= 0.5)
        decimals = 0 if whole else minor
        if SMALLEST_AMOUNT <= abs(value) <= 0.5 * 10**-minor:
            decimals = min(1 - floor(log10(abs(value))), SMALLEST_DECIMALS)
        text = self.currency_text(abs(round(value)) if whole else abs(value), decimals)
        shown_zero = not any(c in "123456789" for c in text)
        return text if value >= 0 or shown_zero else MINUS + text

    def exact_money(self, value: float) -> str:
        """An amount with its minor unit, which a whole amount goes without."""
        minor = 2 if self.currency is None else get_currency_precision(self.currency)
        decimals = 0 if round(value, minor) == round(value) else minor
        if self.currency is not None:
            text = self.currency_text(abs(value), decimals)
        else:
            pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
            text = str(format_decimal(abs(value), format=pattern, locale=self.locale))
        return text if value >= 0 else MINUS + text

    def currency_text(self, value: float, decimals: int) -> str:
        """An amount with so many decimals; the project must have a currency."""
        return str(
            format_currency(
                value,
                self.currency or "",
                locale=self.locale,
                format=_currency_pattern(self.locale, decimals),
                currency_digits=False,
            )
        )

    def signed_money(self, value: float) -> str:
        """An amount that always has its sign."""
        text = self.money(value)
        return text if value <= 0 else "+" + text

    def adding_up(self, parts: Sequence[float], total: float) -> list[float]:
        """Parts of money rounded as it is told, so that they add up to it as told.

        By largest remainders: each is off by less than one smallest coin.

        >>> w = Words(locale="en_US", currency="EUR", labels={}, arms={}, metrics={})
        >>> w.adding_up([1.0232, 0.2033, 0.3031, -0.0477], 1.4819)
        [1.02, 0.21, 0.3, -0.05]
        """
        minor = 2 if self.currency is None else get_currency_precision(self.currency)
        whole = max(map(abs, (*parts, total))) >= 100
        coins = 1 if whole else 10**minor
        floors = [floor(coins * part) for part in parts]
        left = floor(coins * total + 0.5) - sum(floors)
        by_rest = sorted(range(len(parts)), key=lambda i: floors[i] - coins * parts[i])
        for i in by_rest[: max(left, 0)]:
            floors[i] += 1
        return [coin / coins for coin in floors]

    def value(self, metric: str, value: float) -> str:
        """A metric's value in its own unit."""
        record = self.metrics.get(metric)
        if record is None:
            return self.number(value)
        if record.scale == "share":
            return self.share(value)
        if record.unit == "money":
            return self.money(value)
        text = self.number(value)
        return f"{text}\N{NO-BREAK SPACE}{record.unit}" if record.unit else text

    def difference(self, metric: str, value: float) -> str:
        """A difference of a metric, signed; of rates in percentage points."""
        record = self.metrics.get(metric)
        if record is not None and record.scale == "share":
            return self.points(value)
        text = self.value(metric, abs(value))
        return ("+" if value > 0 else MINUS if value < 0 else "") + text

    def points(self, value: float) -> str:
        """A difference of shares, signed, in percentage points."""
        sign = "+" if value > 0 else MINUS if value < 0 else ""
        points = self.number(abs(100 * value))
        return say("words.difference", sign=sign, points=points)

    def range(self, quantity: Quantity, write: Callable[[float], str]) -> str:
        """An interval in words; an open side is said to be open."""
        if quantity.lower is None and quantity.upper is None:
            return say("words.no_range")
        if quantity.lower is None and quantity.upper is not None:
            return say("words.below", upper=write(quantity.upper))
        if quantity.upper is None and quantity.lower is not None:
            return say("words.above", lower=write(quantity.lower))
        if write in (self.lift, self.share):
            ends = abs(quantity.lower or 0.0), abs(quantity.upper or 0.0)
            if 100 * max(ends) >= WHOLE_PERCENT:
                write = self._whole_lift if write == self.lift else self._whole_share
        assert quantity.lower is not None and quantity.upper is not None  # noqa: S101, PT018
        return say(
            "common.to", lower=write(quantity.lower), upper=write(quantity.upper)
        )

    def _whole_share(self, value: float) -> str:
        pattern = _percent_pattern(self.locale, 0)
        return _minus(format_percent(value, format=pattern, locale=self.locale))

    def _whole_lift(self, value: float) -> str:
        text = self._whole_share(abs(value))
        if not any(c in "123456789" for c in text):
            return text
        return ("+" if value > 0 else MINUS) + text

    def chance(self, probability: float, beside: float | None = None) -> str:
        """A probability as a natural frequency; never certain.

        Next to another share that it would round to, `beside`, it has a decimal.

        >>> w = Words(locale="en_US", currency=None, labels={}, arms={}, metrics={})
        >>> w.chance(0.934), w.chance(0.9999), w.chance(0.0001)
        ('about 93 in 100', 'more than 99 in 100', 'less than 1 in 100')
        """
        percent = floor(100 * probability + 0.5)
        if percent > 99 or (percent == 99 and probability > 0.99):
            return say("words.almost_sure")
        if percent < 1:
            return say("words.almost_never")
        if beside is not None and percent == round(100 * beside):
            exact = format_decimal(
                floor(1000 * probability) / 10, format="0.0", locale=self.locale
            )
            return say("words.about_exactly", exact=exact)
        return say("words.about", percent=percent)

    def times(self, value: float) -> str:
        """A return per unit of cost, such as 1.9."""
        text = format_decimal(abs(value), format="#,##0.0", locale=self.locale)
        zero = not any(c in "123456789" for c in text)
        return text if value >= 0 or zero else MINUS + text

    def p_value(self, value: float) -> str:
        """A p-value with the digits that matter."""
        least = 0.001
        if value < least:
            return "<\N{NO-BREAK SPACE}" + format_decimal(
                least, format="0.###", locale=self.locale
            )
        return str(format_decimal(value, format="0.000", locale=self.locale))

    def p_at_most(self, value: float) -> str:
        """A p-value of which only a bound is known, rounded up: "≤ 0.011"."""
        text = self.p_value(value)
        if text.startswith("<"):
            return text
        up = format_decimal(
            ceil(value * 1000 - 1e-9) / 1000, format="0.000", locale=self.locale
        )
        return f"≤\N{NO-BREAK SPACE}{up}"

    def p_told(self, value: float) -> str:
        """A p-value within a sentence: "p = 0.012", "p < 0.001"."""
        text = self.p_value(value)
        sign = "" if text.startswith("<") else "=\N{NO-BREAK SPACE}"
        return f"p\N{NO-BREAK SPACE}{sign}{text}"

    def probability(self, value: float) -> str:
        """A probability with three decimals; never certain."""
        least = 0.001
        if value > 1 - least:
            text = format_decimal(1 - least, format="0.###", locale=self.locale)
            return ">\N{NO-BREAK SPACE}" + text
        return self.p_value(value)

    @property
    def several(self) -> bool:
        """Whether there are several treatment arms to tell apart."""
        return len(self.arms) > 3  # control, one arm, and all

    def names(self, metric: str, arm: str) -> str:
        """A metric, with the arm where there are several to tell apart."""
        label = self.label(metric)
        return f"{label}, {self.arm(arm)}" if self.several else label

    def localized(self, text: str) -> str:
        r"""A sentence of the checks, its plain numbers written as the locale does.

        The checks and the plan write 1,234.5, 12 %, 298 EUR and 2026-10-05. What is
        joined to letters, to other digits or to a leading zero is a name and stays.

        >>> w = Words(locale="de_DE", currency=None, labels={}, arms={}, metrics={})
        >>> w.localized("6,005 of model-2 (30.5 %) by 2026-10-05")
        '6.005 of model-2 (30,5\xa0%) by 05.10.2026'
        >>> w.localized("device model 01, with 26.6 %")
        'device model 01, with 26,6\xa0%'
        """
        return PLAIN.sub(self._localized, text)

    def _localized(self, match: re.Match[str]) -> str:
        if match["day"] is not None:
            return self.day(match["day"])
        digits = match["number"].replace(",", "")
        if len(digits) > 1 and digits.startswith("0") and digits[1].isdecimal():
            return match[0]
        decimals = len(digits.partition(".")[2])
        tail = "." + "0" * decimals if decimals else ""
        number = _minus(
            format_decimal(digits, format="#,##0" + tail, locale=self.locale)
        )
        if match["currency"] is not None:
            if match["currency"] == self.currency:
                return self.currency_text(float(digits), decimals)
            return f"{number} {match['currency']}"
        if match["percent"] is None:
            return number
        return _percent_pattern(self.locale, 0).replace("#,##0", number)

    def day(self, iso: str) -> str:
        """A day as the locale writes it."""
        return str(
            format_date(
                date.fromisoformat(iso[:10]), format="medium", locale=self.locale
            )
        )

    def days(self, first: str, last: str) -> str:
        """From one day to another, as the locale writes both: 1 Sept – 12 Oct 2026."""
        start, end = (date.fromisoformat(day[:10]) for day in (first, last))
        if start == end:
            return self.day(first)
        text = str(format_interval(start, end, "yMMMd", locale=self.locale))
        return " ".join(text.split())


def _known(locale: str) -> str:
    tag = locale.replace("-", "_")
    try:
        Locale.parse(tag)
    except (UnknownLocaleError, ValueError):
        return FALLBACK
    return tag


def _minus(text: str) -> str:
    return text.replace("-", MINUS)


def _magnitude(value: float) -> int:
    return floor(log10(abs(value))) if abs(value) > 1e-12 else 0


def _percent_decimals(value: float) -> int:
    """One decimal, none from 100 % on, two below 1 %, three below 0.1 %."""
    size = abs(100 * value)
    if size >= WHOLE_PERCENT:
        return 0
    return 1 if size >= 1 or size < 0.0005 else 2 if size >= 0.1 else 3


def _percent_pattern(locale: str, decimals: int) -> str:
    pattern: str = Locale.parse(locale).percent_formats[None].pattern
    return pattern.replace("#,##0", "#,##0." + "0" * decimals if decimals else "#,##0")


def _currency_pattern(locale: str, decimals: int) -> str:
    pattern: str = Locale.parse(locale).currency_formats["standard"].pattern
    positive = pattern.split(";", maxsplit=1)[0]
    tail = "." + "0" * decimals if decimals else ""
    head, _, rest = positive.partition(".00")
    return head + tail + rest if ".00" in positive else positive
