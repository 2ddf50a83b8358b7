"""What a section of an analysis is, and how its records stand in the scorecard.

A section has three parts, joined by its name and each registered in its own file:

- the record that it leaves, under its key of the JSON (`results/sections`);
- the reader that makes the records from evidence (`analysis.section_readers`);
- the block that shows them on the page (`reports.blocks`).

A section that does not apply leaves no record and is absent everywhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, TypeVar

from holdback.registry import Plugins

__all__ = ["Records", "Section", "sections"]

R = TypeVar("R")

Records: TypeAlias = Mapping[str, tuple[Any, ...]]
"""Records by the name of their section; a section without any is absent."""

CoreKey = Literal["interactions", "money", "decision", "learned"]
LAST = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What a section leaves in the scorecard.

    `record` is the class of its records. In the JSON they stand under `name` behind
    the key `after`, in the `order` of all that stand there: as a list, or as one
    object where there is a `single` one. A section that `shows_results` is withheld
    while the result is not to be used.
    """

    name: str
    record: type
    after: CoreKey
    order: int
    single: bool
    shows_results: bool


class Sections(Plugins[Section]):
    """Section name → what it leaves in the scorecard."""

    def register(
        self,
        name: str,
        *,
        after: CoreKey = "learned",
        order: int = LAST,
        single: bool = False,
        shows_results: bool = True,
    ) -> Callable[[type[R]], type[R]]:
        """Class decorator that makes a frozen dataclass the record of a section.

        A section counts as one with results unless it says otherwise.
        """

        def file(record: type[R]) -> type[R]:
            section = Section(
                name=name,
                record=record,
                after=after,
                order=order,
                single=single,
                shows_results=shows_results,
            )
            self.add(name, section)
            return record

        return file

    def behind(self, key: str) -> list[Section]:
        """Sections that stand behind a key of the JSON, in their order."""
        behind = [one for _, one in self.items() if one.after == key]
        return sorted(behind, key=lambda one: one.order)


sections = Sections("holdback.results.sections")
