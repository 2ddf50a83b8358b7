"""The report for paper: literal colours, and PDF/UA by WeasyPrint (the extra `pdf`).

WeasyPrint knows no CSS variables and no page style inside SVG, so both are resolved
here. It opens nothing: no file, no address.
"""

from __future__ import annotations

import logging
import re
from importlib.resources import files
from typing import Any

from holdback.errors import EnvironmentFault, Problem
from holdback.reports.pages.experiment_page import render
from holdback.results.scorecard import Scorecard

__all__ = ["literal", "pdf", "pictures"]

SVG = re.compile(r"<svg .*?</svg>", re.DOTALL)
VARIABLE = re.compile(r"--([a-z-]+): (#[0-9a-f]{6});")
TONE_COLOURS = {"good": "good", "bad": "bad", "watch": "watch", "plain": "soft"}
HEIGHT = {"forest": 24, "trend": 190}


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
    extra = (files("holdback.reports.pages") / "print.css").read_text(encoding="utf-8")
    page = page[:start] + sheet + extra + page[end:]
    return SVG.sub(lambda match: pictures(match[0]), page)


def palette() -> dict[str, str]:
    """The light colours of the page, by name."""
    sheet = (files("holdback.reports.pages") / "page.css").read_text(encoding="utf-8")
    return dict(VARIABLE.findall(sheet[: sheet.index("}")]))


def pictures(svg: str, width: float | None = None) -> str:
    """One of our pictures with literal attributes; in pixels where a width is given.

    Its marks have classes, which only a browser resolves.
    """
    colours = palette()
    head = re.match(r'<svg class="(\w+) ?(\w*)"', svg)
    kind, tone = (head[1], head[2]) if head else ("trend", "")
    mark = colours[TONE_COLOURS.get(tone, "accent")]
    line, dot, dash = (2, "2 2", "7 3") if kind == "swatch" else (0.8, "1 1", "4 2")
    thin = 'stroke-width="1"' if kind == "forest" else 'stroke-width="0.4"'
    marks = {
        "bar": f'stroke="{mark}" stroke-width="3.5" stroke-linecap="round"',
        "cut": f'stroke="{mark}" stroke-width="3.5" stroke-dasharray="3 3"',
        "dot": f'fill="{mark}" stroke="#ffffff" stroke-width="2"',
        "step": f'stroke="{mark}" stroke-width="12"',
        "zero": f'stroke="{colours["soft"]}" {thin} stroke-dasharray="3 3"',
        "band": f'fill="{colours["band"]}"',
        "line": f'fill="none" stroke="{colours["accent"]}" stroke-width="{line}"',
        "data": f'fill="none" stroke="{colours["watch"]}" stroke-width="{line}" '
        f'stroke-dasharray="{dot}"',
        "prior": f'fill="none" stroke="{colours["soft"]}" stroke-width="{line}" '
        f'stroke-dasharray="{dash}"',
    }
    for name, attributes in marks.items():
        svg = svg.replace(f'class="{name}"', attributes)
    if width is not None:
        height = HEIGHT.get(kind, HEIGHT["trend"])
        svg = re.sub(r' (width|height)="[\d%]+"', "", svg, count=2)
        svg = svg.replace(
            "<svg ",
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:g}" '
            f'height="{height}" ',
            1,
        )
    return svg


def _refuse(url: str, *_: Any, **__: Any) -> Any:
    raise ValueError(f"The report asks for nothing from elsewhere, yet for {url[:40]}.")
