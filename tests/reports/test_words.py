"""Numbers in words, by locale and currency, never stronger than they are."""

from __future__ import annotations

from dataclasses import replace

import pytest
from reports.examples import clear_win, loss, no_answer

from holdback.reports.exports.terminal import summary
from holdback.reports.pages.experiment_page import render
from holdback.reports.text import money_sentences
from holdback.reports.text import result_sentences as sentences
from holdback.reports.text.locale_format import Words
from holdback.results.quantity import Quantity


def words(locale: str = "en-IE", currency: str | None = "EUR") -> Words:
    """The words of a locale and a currency."""
    return Words.of(replace(clear_win(), locale=locale, currency=currency))


@pytest.mark.parametrize(
    ("locale", "currency", "expected"),
    [
        ("en-IE", "EUR", "−€12,346"),
        ("en-US", "USD", "−$12,346"),
        ("de-DE", "EUR", "−12.346\N{NO-BREAK SPACE}€"),
        ("ja-JP", "JPY", "−￥12,346"),
        ("sv-SE", "SEK", "−12\N{NO-BREAK SPACE}346\N{NO-BREAK SPACE}kr"),
    ],
)
def test_money_by_locale(locale: str, currency: str, expected: str) -> None:
    """Grouping, symbol and its side are those of CLDR; the sign is a true minus."""
    assert words(locale, currency).money(-12345.6) == expected


def test_small_money_keeps_the_minor_unit() -> None:
    """Below 100 the cents matter; yen have none."""
    assert words().money(4.523) == "€4.52"
    assert words("ja-JP", "JPY").money(4.6) == "￥5"


@pytest.mark.parametrize(
    ("locale", "currency", "expected"),
    [
        ("ja-JP", "JPY", "￥1,235"),
        ("en-IE", "EUR", "€1,234.57"),
        ("en-IE", "KWD", "KWD1,234.567"),
    ],
)
def test_exact_money_by_minor_unit(locale: str, currency: str, expected: str) -> None:
    """Yen have no minor unit, euros two digits and dinars three (ISO 4217)."""
    text = words(locale, currency).exact_money(1234.567)
    assert text.replace("\N{NO-BREAK SPACE}", "") == expected


@pytest.mark.parametrize(
    ("probability", "expected"),
    [(0.125, 13), (0.375, 38), (0.625, 63), (0.875, 88), (0.124, 12), (0.126, 13)],
)
def test_chances_are_rounded_half_up(probability: float, expected: int) -> None:
    """As people round: one in eight is 13 in 100, where half to even would say 12."""
    assert words().chance(probability) == f"about {expected} in 100"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (0.048, "+4.8%"),
        (-0.0042, "−0.4%"),
        (0.0, "0.0%"),
        (1.179, "+118%"),
        (-0.00004, "−0.004%"),
    ],
)
def test_lifts_have_a_sign(value: float, expected: str) -> None:
    """A lift always has its sign, and no change has none."""
    assert words().lift(value) == expected


def test_german_percent() -> None:
    """The percent sign stands where the locale puts it."""
    assert words("de-DE").lift(0.048) == "+4,8\N{NO-BREAK SPACE}%"


@pytest.mark.parametrize(
    ("probability", "expected"),
    [
        (0.5, "about 50 in 100"),
        (0.934, "about 93 in 100"),
        (0.9901, "more than 99 in 100"),
        (0.99, "about 99 in 100"),
        (0.9999, "more than 99 in 100"),
        (1.0, "more than 99 in 100"),
        (0.004, "less than 1 in 100"),
        (0.0, "less than 1 in 100"),
        (0.01, "about 1 in 100"),
    ],
)
def test_no_chance_is_certain(probability: float, expected: str) -> None:
    """Natural frequencies; never 0 and never 100 in 100."""
    assert words().chance(probability) == expected


def test_ranges_say_what_is_open() -> None:
    """An open side is said, a missing range as well."""
    w = words()
    assert (
        w.range(Quantity(value=1, lower=0.1, unbounded="upper"), w.lift)
        == "above +10.0%"
    )
    assert (
        w.range(Quantity(value=1, upper=0.1, unbounded="lower"), w.lift)
        == "below +10.0%"
    )
    assert w.range(Quantity(value=1), w.lift) == "no range"


def test_unknown_locale_falls_back() -> None:
    """A locale that nobody knows writes English."""
    assert words("xx-YY").money(1234.0) == "€1,234"


def test_changes_are_told_with_their_range() -> None:
    """Higher and lower with the range; what chance may explain is said so."""
    win, none, worse = clear_win(), no_answer(), loss()
    assert sentences.changed(Words.of(win), win.readouts[0]) == (
        "Revenue per visitor was 4.8% higher with “Recommendations” than with "
        "“No personalization” (likely +1.3% to +8.4%)."
    )
    told = sentences.changed(Words.of(none), none.readouts[0])
    assert told.endswith("(likely −0.9% to +4.3%, so chance alone may explain it).")
    assert "was 6.0% lower" in sentences.changed(Words.of(worse), worse.readouts[0])


def test_sureness_is_of_what_the_sentence_says() -> None:
    """The chance that a cost really fell is that of a negative lift."""
    win = clear_win()
    w = Words.of(win)
    assert "really rose because of it is more than 99 in 100" in sentences.sure(
        w, win.readouts[0]
    )
    assert "really fell because of it is less than 1 in 100" in sentences.sure(
        w, win.readouts[2]
    )


def test_guardrails_have_three_states() -> None:
    """Safe, at risk, breached are three different sentences."""
    w = Words.of(clear_win())
    guarded = clear_win().readouts[2]
    told = {
        state: sentences.guardrail(w, replace(guarded, verdict=state))
        for state in ("safe", "at_risk", "breached")
    }
    assert "stays within the limit of 5%" in told["safe"]
    assert "may be past the limit of 5%" in told["at_risk"]
    assert "is past the limit of 5%" in told["breached"]


def test_a_guardrail_names_its_arm_where_there_are_several() -> None:
    """Two arms, two sentences that can be told apart."""
    win = clear_win()
    more = replace(win.arms[1], arm="bold", label="Bold")
    w = Words.of(replace(win, arms=(*win.arms, more)))
    told = sentences.guardrail(w, replace(win.readouts[2], arm="bold"))
    assert told.startswith("Unsubscribe rate in “Bold” stays within the limit")


def test_spaces_of_the_locale_stay_spaces() -> None:
    """A no-break space of the locale is no control character."""
    german = replace(clear_win(), locale="de-DE")
    assert "\\xa0" not in summary(german)
    assert "\\xa0" not in render(german)
    assert "+4,8\N{NO-BREAK SPACE}%" in summary(german)


@pytest.mark.parametrize(
    ("locale", "told"),
    [
        ("en-US", "1,234.5 rows (30.5%) by Oct 5, 2026, €298 and 12 USD"),
        ("de-DE", "1.234,5 rows (30,5\xa0%) by 05.10.2026, 298\xa0€ and 12 USD"),
        (
            "fr-FR",
            "1\u202f234,5 rows (30,5\u202f%) by 5 oct. 2026, 298\xa0€ and 12 USD",
        ),
        ("sv-SE", "1\xa0234,5 rows (30,5\xa0%) by 5 okt. 2026, 298\xa0kr and 12 USD"),
        ("ja-JP", "1,234.5 rows (30.5%) by 2026/10/05, €298 and 12 USD"),
    ],
)
def test_sentences_of_the_checks_follow_the_locale(locale: str, told: str) -> None:
    """Numbers, shares, amounts and days; names, options and times stay."""
    currency = "SEK" if locale == "sv-SE" else "EUR"
    w = words(locale, currency)
    plain = f"1,234.5 rows (30.5 %) by 2026-10-05, 298 {currency} and 12 USD"
    assert w.localized(plain).replace("\xa0%", " %").replace("\u202f%", " %") == (
        told.replace("\xa0%", " %").replace("\u202f%", " %")
    )
    stays = "model-2 v1.2.3 at 12:30:00, --as-of 2026-10-05, u1,5x"
    assert w.localized(stays) == stays


def test_a_loss_for_each_unit_of_cost_is_called_one() -> None:
    """What comes back is told with its ratio; below 0 it is a loss."""
    w = words()
    assert money_sentences.brings_back(w, 2.5) == (
        "Each €1.00 of cost brings back €2.50 (2.5:1)."
    )
    assert money_sentences.brings_back(w, -0.11) == (
        "For each €1.00 of cost, profit before costs was €0.11 lower: that and the "
        "cost are lost (−0.1:1)."
    )
