"""Blocks of the page: one file a block, each a pure function from values to HTML.

Rooms: `answer` (the first sheet and the money), `evidence` (checks, metrics, trend),
`exploratory` (beside the comparison), `about` (plan, method, provenance). A block
registers itself with its place; the page asks for all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from holdback.registry import Plugins
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Scorecard
from holdback.results.section import LAST

__all__ = ["Block", "blocks"]

Render = Callable[[Scorecard, Words], Markup]
Sheet = Literal["first", "explore", "statisticians", "provenance"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """How a section is shown, and where: by `order` on its sheet.

    `render` gives no markup where there is nothing to say. A block that
    `shows_results` is withheld while the result is not to be used.
    """

    render: Render
    sheet: Sheet
    order: int
    shows_results: bool


class Blocks(Plugins[Block]):
    """Section name → how it is shown."""

    def register(
        self,
        name: str,
        *,
        sheet: Sheet = "explore",
        order: int = LAST,
        shows_results: bool = True,
    ) -> Callable[[Render], Render]:
        """Decorator that makes a function the block of a section.

        A block counts as one with results unless it says otherwise.
        """

        def file(render: Render) -> Render:
            block = Block(
                render=render, sheet=sheet, order=order, shows_results=shows_results
            )
            self.add(name, block)
            return render

        return file

    def on(self, sheet: Sheet) -> list[Block]:
        """The blocks of a sheet from top to bottom."""
        blocks_on = [one for _, one in self.items() if one.sheet == sheet]
        return sorted(blocks_on, key=lambda one: one.order)


blocks = Blocks("holdback.reports.blocks", rooms=True)
