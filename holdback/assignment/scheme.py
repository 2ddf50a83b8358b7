"""Schemes: one file says how an id becomes an arm, the way one system does it.

A scheme is a frozen dataclass, filed by ``@kinds.register("name")``. Its fields are
the keys of `assignment: {params: …}`, spelled as the system spells them (`key` gives
a spelling that is no Python name of ours). `recipe` says what is hashed and which
ranges the arms have; everything else follows from that.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from holdback.assignment.recipe import Planned, Recipe
from holdback.registry import Kinds

__all__ = ["Scheme", "key", "kinds"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scheme:
    """How ids become arms under one system's rules."""

    def recipe(self, planned: Planned) -> Recipe:
        """Hashes and ranges. Raises AssignmentError for what the system cannot do."""
        raise NotImplementedError

    def weaknesses(self) -> tuple[str, ...]:
        """What is known to be weak about the system's hash, a sentence each."""
        return ()

    @property
    def kind(self) -> str:
        """The scheme's name in the YAML."""
        return kinds.name_of(self)


def key(spelling: str, default: Any = None) -> Any:
    """A field whose key in the YAML is spelled in the system's own way."""
    return field(default=default, metadata={"key": spelling})


kinds: Kinds[Scheme] = Kinds("holdback.assignment.schemes")
