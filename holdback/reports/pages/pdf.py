"""The report for paper: literal colours, and PDF/UA by WeasyPrint (the extra `pdf`).

WeasyPrint knows no CSS variables and no page style inside SVG, so both are resolved
here. It opens nothing: no file, no address.
"""

from __future__ import annotations

import logging
import re
from functools import cache
from importlib.resources import files
from typing import Any

from holdback.errors import EnvironmentFault, Problem
from holdback.reports.pages.experiment_page import render
from holdback.results.scorecard import Scorecard

__all__ = ["literal", "pdf", "pictures"]

FORESTS = re.compile(r'<table [^>]*style="--zero:([\d.]+%)".*?</table>', re.DOTALL)
FOREST = re.compile(r'<svg class="forest[^>]*>')
SVG = re.compile(r"<svg .*?</svg>", re.DOTALL)
VARIABLE = re.compile(r"--([a-z-]+): (#[0-9a-f]{6});")
PICTURE_RULES = re.compile(r"/\*pictures\*/(.*?)/\*pictures-end\*/", re.DOTALL)
HALO = re.compile(r"\.halo [^}]*}")
REM = re.compile(r"(\d*\.?\d+)rem")
PIXELS, PRINTED = 16, 11
"""Of a rem: in a mail, and on paper."""
TONES = {
    "good": "good",
    "bad": "bad",
    "watch": "watch",
    "plain": "plain",
    "open": "soft",
}
THIN = {"stroke-width: 2": "stroke-width: .8", "stroke-width: 1": "stroke-width: .4"}
"""Lines of a picture that stretches: its box is of 100 units."""
HEIGHT = 24


def pdf(scorecard: Scorecard) -> bytes:
    """The report as tagged PDF/UA-1; the same scorecard, the same bytes.

    Raises EnvironmentFault where WeasyPrint, or the Pango it needs, is missing.
    """
    try:
        from weasyprint import HTML
    except (ImportError, OSError) as error:
        raise EnvironmentFault(
            Problem(
                what="a PDF needs WeasyPrint and the Pango library.",
                fix="pip install 'holdback[pdf]', and the system's package pango "
                "(Debian: libpango-1.0-0 libpangoft2-1.0-0).",
            )
        ) from error
    logging.getLogger("weasyprint").setLevel(logging.ERROR)  # screen styles
    document = HTML(string=literal(render(scorecard)), url_fetcher=_refuse)
    written: bytes = document.write_pdf(
        pdf_variant="pdf/ua-1", pdf_identifier=scorecard.plan_hash[:16].encode()
    )
    return written


def literal(page: str) -> str:
    """A page with the light palette written out, in its style and in its pictures."""
    colours = palette()
    start, end = page.index("<style>"), page.index("</style>")
    sheet = page[start:end]
    for name, colour in colours.items():
        sheet = sheet.replace(f"var(--{name})", colour)
    sheet = sheet.replace("var(--zero)", "0")
    extra = (files("holdback.reports.pages") / "print.css").read_text(encoding="utf-8")
    page = page[:start] + sheet + extra + page[end:]
    page = FORESTS.sub(_with_zero, page)
    return SVG.sub(lambda match: pictures(match[0]), page)


def _with_zero(table: re.Match[str]) -> str:
    """A table whose line of no change stands in its pictures, not behind them."""
    line = f'<line class="zero" x1="{table[1]}" x2="{table[1]}" y1="-9" y2="33"/>'
    return FOREST.sub(lambda head: head[0] + line, table[0])


def palette() -> dict[str, str]:
    """The light colours of the page, by name."""
    sheet = _sheet()
    return dict(VARIABLE.findall(sheet[: sheet.index("}")]))


def _sheet() -> str:
    return (files("holdback.reports.pages") / "page.css").read_text(encoding="utf-8")


@cache
def _rules(pixels: int) -> str:
    """What the page says of pictures, with literal colours and in pixels.

    The text's outline is left out, which would be drawn over it.
    """
    rules = HALO.sub("", PICTURE_RULES.findall(_sheet())[0])
    for name, colour in palette().items():
        rules = rules.replace(f"var(--{name})", colour)
    return REM.sub(lambda size: f"{float(size[1]) * pixels:g}px", rules)


def pictures(svg: str, width: float | None = None) -> str:
    """One of our pictures with its style inside; in pixels where a width is given.

    Its marks have classes, whose rules stand in the page, where only a browser looks.
    """
    colours, rules = palette(), _rules(PRINTED if width is None else PIXELS)
    head, _, marks = svg.partition(">")
    tone = next((c for c in TONES if re.search(rf'class="[^"]*\b{c}\b', head)), None)
    if tone is not None:
        rules = rules.replace("currentColor", colours[TONES[tone]])
    for name, colour in TONES.items():
        marks = marks.replace(f'<g class="{name}"', f'<g color="{colours[colour]}"')
    if "viewBox" in head:
        for wide, thin in THIN.items():
            rules = rules.replace(wide, thin)
    if width is not None:
        head = head.replace(
            "<svg ",
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" '
            f'height="{HEIGHT}" ',
            1,
        )
    return f"{head}><style>{rules}</style>{marks}"


def _refuse(url: str, *_: Any, **__: Any) -> Any:
    raise ValueError(f"The report asks for nothing from elsewhere, yet for {url[:40]}.")
