"""Numbers as the checks' sentences write them: 1,234, 12 % and +3 %.

Pages write them as their locale does (`Words.localized`).
"""

from __future__ import annotations

from holdback.reports.text.catalog import counted

__all__ = ["percent", "plural", "signed"]


def percent(share: float) -> str:
    """A share as a percentage with three significant digits.

    >>> percent(0.01234), percent(0.25)
    ('1.23 %', '25 %')
    """
    return f"{float(f'{100 * share:.3g}'):g} %"


def signed(lift: float) -> str:
    """A lift as a percentage that always has a sign.

    >>> signed(0.031)
    '+3.1 %'
    """
    sign = "\N{MINUS SIGN}" if lift < 0 else "+"
    return f"{sign}{percent(abs(lift))}"


def plural(count: int, noun: str) -> str:
    """A count with its noun, one of those that the catalog knows.

    >>> plural(1, "unit"), plural(1200, "row")
    ('1 unit', '1,200 rows')
    """
    return counted(f"nouns.{noun}", count, count=f"{count:,}")
