"""Whether a result may be used at all: decided here, and asked by every output.

A failed check makes a result invalid. An invalid scorecard holds no result where an
output would look for one: what shows results stands under `withheld`, so that whoever
looks for the cause can see it and nobody takes it for an answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol, TypeVar

from holdback.facts import Fact

__all__ = ["Judged", "Validity", "failures", "validity_of"]


class Judged(Protocol):
    """A check with the state that it found."""

    @property
    def check(self) -> str:
        """Its name."""

    @property
    def status(self) -> str:
        """``fail`` where the data cannot be believed."""


J = TypeVar("J", bound=Judged)


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """Whether a result may be used, and the codes of what stands against it.

    ``usable``; ``preview``: nothing may be decided from it yet; ``invalid``: a check
    of the data failed (``check.srm`` and so on), and no figure of it may be shown.
    """

    state: Literal["usable", "preview", "invalid"]
    reasons: tuple[str, ...] = ()

    @property
    def is_invalid(self) -> bool:
        """Whether no figure of the result may be shown."""
        return self.state == "invalid"

    @property
    def is_preview(self) -> bool:
        """Whether figures may be shown, but nothing decided from them."""
        return self.state == "preview"


def validity_of(checks: Iterable[Judged], preview: Fact | None) -> Validity:
    """What checks and the moment of reading make of a result.

    A preview of the first schema is a sentence without a code: ``preview``.

    >>> validity_of([], Fact("preview.read_at_end")).reasons
    ('preview.read_at_end',)
    """
    failed = dict.fromkeys(f"check.{check.check}" for check in failures(checks))
    if failed:
        return Validity(state="invalid", reasons=tuple(failed))
    if preview is not None:
        return Validity(state="preview", reasons=(preview.code or "preview",))
    return Validity(state="usable")


def failures(checks: Iterable[J]) -> list[J]:
    """The checks that make a result invalid.

    >>> failures([])
    []
    """
    return [check for check in checks if check.status == "fail"]
