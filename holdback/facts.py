"""Facts: what was found, as a code with its numbers.

Below `reports` nothing is a sentence. A check, a method, a look or a decision leaves
a `Fact`: a code that names what it is, and the numbers behind it. `reports/text` has
one function a code, which turns it into words; nothing ever compares words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias, Union

__all__ = ["Fact", "Value", "fact", "joined"]

Value: TypeAlias = Union[
    str, int, float, "Fact", tuple["Value", ...], Mapping[str, "Value"]
]


@dataclass(frozen=True, slots=True)
class Fact:
    """A code such as ``crossovers.seen`` with its numbers, by name.

    Shares are fractions, amounts are in the project's currency, days are ISO dates;
    arms, metrics, dimensions and levels stand as the names that they have in the
    data. A number may be a fact of its own. `message` is filled in by `reports/text`
    when a result is complete, and never read to decide.
    """

    code: str
    numbers: Mapping[str, Value] = field(default_factory=dict)
    message: str = field(default="", compare=False)

    def __str__(self) -> str:
        return self.message or self.code

    def __hash__(self) -> int:
        return hash(self.code)


def fact(code: str, /, **numbers: Value | None) -> Fact:
    """A fact from its code and numbers; one that does not apply (None) is left out.

    >>> fact("crossovers.seen", units=3, share=0.01, day=None).numbers
    {'units': 3, 'share': 0.01}
    """
    return Fact(code, {name: n for name, n in numbers.items() if n is not None})


def joined(*facts: Fact | None) -> Fact:
    """One fact that says all of these, in their order; itself where there is one.

    >>> joined(fact("methods.welch"), None).code
    'methods.welch'
    """
    parts = tuple(one for one in facts if one is not None)
    return parts[0] if len(parts) == 1 else fact("facts.joined", parts=parts)
