"""What to do about times that name a timezone in words."""

from __future__ import annotations

import re
from collections.abc import Sequence

__all__ = ["zone_advice"]

NAMED_ZONE = re.compile(
    r"\s*\d{4}[-/]\d.*:\d\d(?:\.\d+)?\s*[(\[]?([A-Za-z_]{2,}(?:/[A-Za-z_+-]+)*)[)\]]?\s*"
)


def zone_advice(texts: Sequence[str]) -> str | None:
    """How to say the zone of times such as ``2026-10-04 05:31 EST``; None of others.

    Abbreviations are not read: EST, IST and CST are several zones each.
    """
    named = NAMED_ZONE.fullmatch(texts[0]) if texts else None
    if named is None or named[1].upper() in {"AM", "PM"}:
        return None
    if "/" in named[1]:
        return (
            f"Take the zone out of the times, and set `timezone: {named[1]}` at the "
            "source."
        )
    return (
        f"'{named[1]}' is not the name of one zone: write the offset (such as -05:00), "
        "or take it out and set `timezone: America/New_York` (or yours) at the source."
    )
