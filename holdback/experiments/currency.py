"""Minor units of currencies."""

from __future__ import annotations

__all__ = ["minor_digits"]

# ISO 4217, "Current currency & funds code list" (list one), column "minor unit".
NONE = frozenset(
    "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split()
)
THREE = frozenset("BHD IQD JOD KWD LYD OMR TND".split())
FOUR = frozenset({"CLF", "UYW"})


def minor_digits(currency: str) -> int:
    """Decimals of a currency's smallest unit.

    >>> minor_digits("EUR"), minor_digits("JPY")
    (2, 0)
    """
    if currency in NONE:
        return 0
    if currency in THREE:
        return 3
    return 4 if currency in FOUR else 2
