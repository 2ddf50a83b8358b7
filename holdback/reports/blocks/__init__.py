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

__all__ = ["Block", "block", "blocks", "in_order"]

Render = Callable[[Scorecard, Words], Markup]
Sheet = Literal["first", "rest"]

LAST = 1000


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


blocks: Plugins[Block] = Plugins("holdback.reports.blocks", rooms=True)


def block(
    name: str,
    *,
    sheet: Sheet = "rest",
    order: int = LAST,
    shows_results: bool = True,
) -> Callable[[Render], Render]:
    """Decorator that makes a function a block of the page, under its section's name.

    A block counts as one with results unless it says otherwise.
    """

    def file(render: Render) -> Render:
        blocks.add(
            name,
            Block(render=render, sheet=sheet, order=order, shows_results=shows_results),
        )
        return render

    return file


def in_order(sheet: Sheet) -> list[Block]:
    """The blocks of a sheet, from top to bottom; equal places by name."""
    found = [one for _, one in blocks.items() if one.sheet == sheet]
    return sorted(found, key=lambda one: one.order)
