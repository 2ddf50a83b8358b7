"""Amounts in several currencies: refused, converted by rates, or chosen."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from holdback.analysis.checks.data.currency import CurrencyCheck
from holdback.data.extraction.extract import extract
from holdback.errors import ConfigError
from holdback.experiments.load import load
from tests.data.test_extract_rejects import refused, write


def orders_of(folder: Path, codes: list[str], column: str = "currency") -> None:
    """Orders of 10.00 each, with the currency of each."""
    lines = [
        f"o{i},u{i % 12},2026-10-06T11:00:00Z,10,{code}" for i, code in enumerate(codes)
    ]
    text = "\n".join([f"order,visitor,at,total,{column}", *lines]) + "\n"
    (folder / "orders.csv").write_text(text, encoding="utf-8")


def cents(file: Path) -> int:
    """Revenue of all units in cents."""
    return extract(load(file)).cells.total("revenue", {"a", "b"}).sums[0]


@pytest.mark.parametrize(
    "column", ["currency", "Currency Code", "geld", "Währung", "ccy"]
)
def test_several_currencies_reject(tmp_path: Path, column: str) -> None:
    """Found by the column's name or by its values, with counts and the remedies."""
    file = write(tmp_path)
    orders_of(tmp_path, ["EUR"] * 5 + ["USD"] * 3, column)
    error = str(refused(file))
    assert "5 in EUR, 3 in USD" in error
    assert "`rates: {USD: …}`" in error


@pytest.mark.parametrize("spelling", ["USD", "usd", " USD "])
def test_rates_convert(tmp_path: Path, spelling: str) -> None:
    """3 × 10 USD at 0.92 beside 5 × 10 EUR are 77.60; the check tells it."""
    file = write(tmp_path, options="    rates: {USD: 0.92, GBP: 1.15}")
    orders_of(tmp_path, ["EUR"] * 5 + [spelling] * 3)
    assert cents(file) == 7760
    planned = load(file)
    (finding,) = CurrencyCheck().examine(planned, extract(planned))
    assert finding.status == "pass"
    assert finding.fact is not None
    assert finding.fact.numbers["rates"] == {"USD": 0.92}


def test_only_money_is_converted(tmp_path: Path) -> None:
    """A count of pieces and a condition on the amount stay what they are."""
    file = write(tmp_path, options="    rates: {USD: 0.5}")
    text = file.read_text(encoding="utf-8").replace(
        "primary:",
        "  pieces: {kind: mean, source: orders, value: order_size}\n"
        "  large: {kind: conversion, source: orders, where: total > 9}\nprimary:",
    )
    file.write_text(
        text.replace(
            "primary: revenue", "primary: revenue\nsecondary: [pieces, large]"
        ),
        encoding="utf-8",
    )
    orders_of(tmp_path, ["USD,3"] * 4, "currency,order_size")
    cells = extract(load(file)).cells
    assert cells.total("revenue", {"a", "b"}).sums[0] == 2000
    assert cells.total("pieces", {"a", "b"}).sums[0] == 12 * 10**6
    assert cells.total("large", {"a", "b"}).sums[0] == 4


def test_one_other_currency_rejects(tmp_path: Path) -> None:
    """All amounts in USD are no euros; the project's currency is the way out."""
    file = write(tmp_path)
    orders_of(tmp_path, ["USD"] * 5)
    error = str(refused(file))
    assert "the amounts are in USD" in error
    assert "the project's currency is EUR" in error
    text = file.read_text(encoding="utf-8").replace("currency: EUR", "currency: USD")
    file.write_text(text, encoding="utf-8")
    assert cents(file) == 5000


@pytest.mark.parametrize(
    ("codes", "column", "remedy"),
    [
        (["eur", "usd"], "geld", "`where: geld = 'eur'`"),
        (["€", "$"], "currency", "`where: currency = '€'`"),
        (["Euro", "Dollar"], "ccy", "`where: ccy = 'Euro'`"),
    ],
)
def test_currencies_by_other_words(
    tmp_path: Path, codes: list[str], column: str, remedy: str
) -> None:
    """Small letters, signs and words are currencies, too, and the remedy mends."""
    file = write(tmp_path)
    orders_of(tmp_path, codes * 3, column)
    assert remedy in str(refused(file))
    file = write(tmp_path, options=f"    {remedy.strip('`')}")
    orders_of(tmp_path, codes * 3, column)
    assert cents(file) == 3000


def test_a_condition_chooses(tmp_path: Path) -> None:
    """Rows that do not count are not asked for their currency."""
    file = write(tmp_path, options="    where: currency = 'EUR'")
    orders_of(tmp_path, ["EUR"] * 5 + ["USD"] * 3)
    assert cents(file) == 5000
    file = write(tmp_path, metric=", where: currency = 'EUR'")
    orders_of(tmp_path, ["EUR"] * 5 + ["USD"] * 3)
    assert cents(file) == 5000


def test_the_role_names_the_column(tmp_path: Path) -> None:
    """`columns: {currency: …}` wins over a column that is only called so."""
    file = write(tmp_path, ids=", currency: paid_in")
    orders_of(tmp_path, ["EUR,USD"] * 4, "paid_in,currency")
    assert cents(file) == 4000
    missing = write(tmp_path, ids=", currency: nowhere")
    orders_of(tmp_path, ["EUR,USD"] * 4, "paid_in,currency")
    assert "no column 'nowhere'" in str(refused(missing))


def test_blank_currencies_are_told(tmp_path: Path) -> None:
    """Rows without one count as the project's, with a warning."""
    file = write(tmp_path)
    orders_of(tmp_path, ["EUR"] * 5 + [""] * 2)
    planned = load(file)
    found = extract(planned)
    (finding,) = CurrencyCheck().examine(planned, found)
    assert finding.status == "warn"
    assert found.quality.currencies["orders"].blank == 2


@pytest.mark.parametrize(
    ("codes", "column"),
    [
        (["DE", "FR"], "currency"),
        (["points"], "currency"),
        (["ALL", "TOP"], "size"),
        (["USA", "CHE"], "country"),
        (["USD"], "label"),
    ],
)
def test_what_is_no_currency_is_left_alone(
    tmp_path: Path, codes: list[str], column: str
) -> None:
    """Countries, sizes and loyalty points are no currencies."""
    file = write(tmp_path)
    orders_of(tmp_path, codes * 3, column)
    assert cents(file) == len(codes) * 3000
    planned = load(file)
    assert not list(CurrencyCheck().examine(planned, extract(planned)))


def test_names_that_say_the_currency(tmp_path: Path) -> None:
    """`total_usd` in a project of euros is refused, or converted by its rate."""
    file = write(tmp_path, value="total_usd")
    orders_of(tmp_path, ["10"] * 4, "total_usd")
    assert "the amounts are in USD" in str(refused(file))
    file = write(tmp_path, value="total_usd", options="    rates: {USD: 0.5}")
    orders_of(tmp_path, ["10"] * 4, "total_usd")
    assert cents(file) == 2000
    file = write(tmp_path, value="total_eur")
    orders_of(tmp_path, ["10,USD"] * 4, "total_eur,currency")
    assert cents(file) == 4000


def test_frames_and_parquet(tmp_path: Path) -> None:
    """The same guess and the same rates where columns have types."""
    visitors = pd.DataFrame(
        {
            "visitor": [f"u{i}" for i in range(8)],
            "group": ["a", "b"] * 4,
            "seen": ["2026-10-01T10:00:00Z"] * 8,
        }
    )
    orders = pd.DataFrame(
        {
            "visitor": ["u0", "u1", "u2"],
            "at": ["2026-10-02T10:00:00Z"] * 3,
            "total": [10.0, 10.0, 10.0],
            "currency": ["EUR", "USD", None],
        }
    )
    file = write(tmp_path, options="    rates: {USD: 0.92}")
    found = extract(load(file), frames={"visitors": visitors, "orders": orders})
    assert found.cells.total("revenue", {"a", "b"}).sums[0] == 2920
    orders.to_parquet(tmp_path / "orders.parquet")
    file = write(
        tmp_path, orders="parquet: orders.parquet", options="    rates: {USD: 0.92}"
    )
    found = extract(load(file), frames={"visitors": visitors})
    assert found.cells.total("revenue", {"a", "b"}).sums[0] == 2920


@pytest.mark.parametrize(
    ("amounts", "words"),
    [
        (["$12.50", "€7.00"], "different signs"),
        (["$12.50", "$7.00"], "different signs: 2 with $"),
        (["49.40 USD", "3.00"], "1 with USD"),
        (["12%", "3.50"], "1 with %"),
        (["12.50 kr.", "7.00 kr."], "2 with KR"),
        (["Rs. 12.50", "Rs. 7.00"], "2 with RS"),
        (["¥12.50", "¥7.00"], "2 with ¥"),
        (["12.50¢", "7.00¢"], "2 with ¢"),
    ],
)
def test_signs_that_do_not_agree_reject(
    tmp_path: Path, amounts: list[str], words: str
) -> None:
    """Dollars among euros, and percents among amounts."""
    file = write(tmp_path, options="    numbers: en")
    lines = [f"o{i},u{i},2026-10-06T11:00:00Z,{a}" for i, a in enumerate(amounts)]
    text = "\n".join(["order,visitor,at,total", *lines]) + "\n"
    (tmp_path / "orders.csv").write_text(text, encoding="utf-8")
    assert words in str(refused(file))


@pytest.mark.parametrize(
    ("rates", "words"),
    [("{EURO: 1}", "is not a currency"), ("{USD: 0}", "more than 0")],
)
def test_bad_rates_reject(tmp_path: Path, rates: str, words: str) -> None:
    """Codes are of ISO 4217, and a rate is more than nothing."""
    with pytest.raises(ConfigError, match=words):
        load(write(tmp_path, options=f"    rates: {rates}"))


def test_rates_without_a_column_reject(tmp_path: Path) -> None:
    """Nothing says which rows a rate is for."""
    assert "no column tells" in str(
        refused(write(tmp_path, options="    rates: {USD: 1}"))
    )


def with_rates(folder: Path, orders: pd.DataFrame, rates: pd.DataFrame) -> Path:
    """An experiment in euros over orders with rates by day."""
    file = write(folder, options="    daily_rates: fx", project="timezone: Asia/Tokyo")
    text = file.read_text(encoding="utf-8").replace(
        "metrics:",
        "  fx: {csv: fx.csv, columns: {unit: currency, time: day}}\nmetrics:",
    )
    file.write_text(text, encoding="utf-8")
    orders.to_csv(folder / "orders.csv", index=False)
    rates.to_csv(folder / "fx.csv", index=False)
    return file


def by_day(rows: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Orders in three currencies, and rates of some days."""
    orders = pd.DataFrame(
        {
            "order": [f"o{i}" for i in range(rows)],
            "visitor": [f"u{i % 12}" for i in range(rows)],
            "at": pd.Timestamp("2026-10-05T03:30Z")
            + pd.to_timedelta([7 * i % 50 for i in range(rows)], unit="h"),
            "total": [10 + i for i in range(rows)],
            "currency": [("EUR", "USD", "GBP")[i % 3] for i in range(rows)],
        }
    )
    days = pd.to_datetime(["2026-10-02", "2026-10-05", "2026-10-06"])
    rates = pd.DataFrame(
        {
            "currency": ["USD"] * 3 + ["GBP"] * 3,
            "day": [*days, *days],
            "rate": [0.91, 0.92, 0.95, 1.15, 1.17, 1.12],
        }
    )
    return orders, rates


def test_rates_by_day_against_pandas(tmp_path: Path) -> None:
    """The rate of the row's day in the project's zone, or of the last day before."""
    orders, rates = by_day(30)
    file = with_rates(tmp_path, orders, rates)
    day = orders["at"].dt.tz_convert("Asia/Tokyo").dt.tz_localize(None).dt.floor("D")
    dated = orders.assign(day=day).sort_values("day")
    worth = pd.merge_asof(dated, rates.sort_values("day"), on="day", by="currency")
    expected = (worth.total * worth.rate.fillna(1)).sum()
    assert cents(file) == pytest.approx(expected * 100, abs=6)


@pytest.mark.parametrize(
    ("first", "last", "words"),
    [
        ("2026-10-06", "2026-10-09", "have no rate"),
        ("2026-09-20", "2026-09-25", "have no rate"),
    ],
)
def test_days_without_a_rate_reject(
    tmp_path: Path, first: str, last: str, words: str
) -> None:
    """Before the first rate, and more than a week after the last."""
    orders, rates = by_day(12)
    rates["day"] = pd.to_datetime([first, first, last] * 2)
    assert words in str(refused(with_rates(tmp_path, orders, rates)))


def test_a_source_of_rates_that_is_not_there_rejects(tmp_path: Path) -> None:
    """The nearest name is offered."""
    orders, rates = by_day(12)
    file = with_rates(tmp_path, orders, rates)
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("daily_rates: fx", "daily_rates: fxx"), "utf-8")
    with pytest.raises(ConfigError, match="no source 'fxx'"):
        load(file)
