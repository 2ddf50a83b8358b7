"""From when to when the rows of each source reach."""

from __future__ import annotations

from dataclasses import dataclass

from holdback.results.section import sections

__all__ = ["Covered"]


@sections.register("coverage", shows_results=False)
@dataclass(frozen=True, slots=True, kw_only=True)
class Covered:
    """One source, in the project's timezone.

    `until` is just after the last time that is no `stray` one: those lie far beyond the
    others, and say nothing of how far the data go.
    """

    source: str
    from_: str
    until: str
    stray: int = 0
