"""What a column of currencies is called, and what it holds."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

__all__ = ["CURRENCY_COLUMNS", "holds_currencies", "plain_name"]

CURRENCY_COLUMNS: Final = (
    "currency",
    "currency_code",
    "order_currency",
    "transaction_currency",
    "presentment_currency",
    "shop_currency",
    "currencycode",
    "ccy",
    "währung",
    "waehrung",
    "devise",
    "valuta",
    "moneda",
    "moeda",
    "waluta",
)
"""Names in small letters with underscores, the most likely first."""

COMMON: Final = frozenset(
    {
        "AED", "ARS", "AUD", "BGN", "BRL", "CAD", "CHF", "CLP", "CNY", "COP", "CZK",
        "DKK", "EUR", "GBP", "HKD", "HUF", "IDR", "ILS", "INR", "ISK", "JPY", "KRW",
        "MXN", "MYR", "NOK", "NZD", "PHP", "PLN", "RON", "RUB", "SAR", "SEK", "SGD",
        "THB", "TRY", "TWD", "UAH", "USD", "VND", "ZAR",
    }
)  # fmt: skip
"""Codes that values may be without anything else saying that they are currencies."""


def plain_name(name: str) -> str:
    """A column's name in small letters with underscores.

    >>> plain_name("Currency Code")
    'currency_code'
    """
    return re.sub(r"[\W_]+", "_", name.lower()).strip("_")


def holds_currencies(values: Collection[str]) -> bool:
    """Whether values, blanks left out, are nothing but codes of common currencies."""
    return bool(values) and COMMON.issuperset(values)
