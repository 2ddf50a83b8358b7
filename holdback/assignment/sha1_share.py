"""60 bits of a SHA-1 as a fraction, as PlanOut, LaunchDarkly and PostHog take it."""

from __future__ import annotations

from holdback.assignment.recipe import Draw

__all__ = ["fraction", "sha1_draw"]

SCALE = float(0xFFFFFFFFFFFFFFF)


def sha1_draw(before: str, after: str = "", buckets: int = 10_000) -> Draw:
    """The first 15 hexadecimal digits of ``sha1(before + id + after)``."""
    return Draw(
        hash="sha1",
        digits=15,
        before=before,
        after=after,
        reduce="none",
        buckets=buckets,
    )


def fraction(number: int) -> float:
    """The number as these systems' fraction: divided by 2**60 - 1 in doubles."""
    return number / SCALE
