"""Sections: three files joined by a name, and nothing else that lists them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

from reports.examples import clear_win

from holdback.analysis.section_readers import readers
from holdback.economics.money import readers as money_readers
from holdback.reports.blocks.block import blocks
from holdback.results.scorecard import Scorecard
from holdback.results.section import sections
from holdback.results.sections.against_plan import Expected
from holdback.results.sections.cohorts import Cohorts
from holdback.results.sections.trend import Trend

RECORD = '''
from dataclasses import dataclass
from holdback.facts import Fact
from holdback.results.section import sections

@sections.register("joining", single=True, shows_results=False)
@dataclass(frozen=True, slots=True, kw_only=True)
class Joining:
    """The first and the last day on which units joined."""

    first: str
    last: str
    days: int = 0
'''
READER = """
from collections.abc import Iterator
from holdback.analysis.section_readers import Basis, readers
from holdback.results.sections.joining import Joining

@readers.register("joining")
def joining(basis: Basis) -> Iterator[Joining]:
    days = basis.cells.days()
    if days:
        yield Joining(
            first=days[0].isoformat(), last=days[-1].isoformat(), days=len(days)
        )
"""
BLOCK = """
from markupsafe import Markup
from holdback.reports.blocks.block import blocks
from holdback.reports.html import section
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Scorecard
from holdback.results.sections.joining import Joining

@blocks.register("joining", order=15, shows_results=False)
def joining(scorecard: Scorecard, words: Words) -> Markup:
    seen = scorecard.single(Joining)
    if seen is None:
        return Markup("")
    told = f"From {words.day(seen.first)} to {words.day(seen.last)}."
    shown = Markup("<p>{}</p>").format(told)
    return section("Who joined when", shown, anchor="joining")
"""
FILES = {
    "holdback.results.sections": RECORD,
    "holdback.analysis.exploratory": READER,
    "holdback.reports.blocks.exploratory": BLOCK,
}
ANALYZED = """
import importlib, json, sys
from pathlib import Path
for package in sys.argv[2:]:
    importlib.import_module(package).__path__.append(str(Path(sys.argv[1]) / package))
from worlds.evidence import analyzed, evidence, experiment
from holdback.reports.pages.experiment_page import render
from holdback.results.json_codec import from_json, to_json
from holdback.results.sections.joining import Joining
rows = [(1.0 + i % 3, 1.0) for i in range(2000)]
arms = {"holdback": rows[:200], "personalized": rows[200:]}
card = analyzed(experiment(), evidence(arms, days=4))
again = from_json(to_json(card))
print(json.dumps({
    "json": json.loads(to_json(card)),
    "same": again == card,
    "page": render(card),
    "page_again": render(again),
    "typed": again.single(Joining).days,
}))
"""


def test_three_files_make_a_section(tmp_path: Path) -> None:
    """A record, a reader and a block in their folders: in JSON, on the page, and back.

    The folders are added to the packages of a fresh process; nothing else is touched.
    """
    for package, text in FILES.items():
        folder = tmp_path / package
        folder.mkdir()
        (folder / "joining.py").write_text(text, encoding="utf-8")
    root = Path(__file__).parents[2]
    run = subprocess.run(  # our own script
        [sys.executable, "-c", ANALYZED, str(tmp_path), *FILES],
        capture_output=True,
        check=True,
        text=True,
        env={**os.environ, "PYTHONPATH": f"{root}{os.pathsep}{root / 'tests'}"},
    )
    seen = json.loads(run.stdout)
    assert seen["json"]["joining"] == {
        "first": "2026-10-01",
        "last": "2026-10-04",
        "days": 4,
    }
    assert seen["same"]
    assert seen["typed"] == 4
    page = seen["page"]
    assert page == seen["page_again"]
    assert page.index('id="trust"') < page.index('id="joining"')
    explore = page.index('id="explore"')
    assert explore < page.index('id="joining"') < page.index("<footer>")


def test_every_section_is_read() -> None:
    """Every record has its reader; only the sampler's are made on the way."""
    assert {*readers, *money_readers, "sampled"} == {*sections}
    assert not {*readers} & {*money_readers}


def test_record_and_block_agree_on_results() -> None:
    """Whether a section shows results is the same for its record and its block."""
    both = {name for name in sections if name in blocks}
    assert len(both) > 10
    for name in both:
        assert blocks[name].shows_results == sections[name].shows_results, name


def test_names_are_no_fields() -> None:
    """A section's key is none of the core's, and stands behind one of them."""
    core = {f.name for f in fields(Scorecard)}
    assert not core & {*sections}
    assert {section.after for _, section in sections.items()} <= core


def test_typed_access() -> None:
    """Records by their class; none where a section does not apply."""
    card = clear_win()
    assert card.section(Trend) == card.sections["trend"]
    assert len(card.section(Trend)) == 29
    assert card.section(Cohorts) == ()
    assert card.single(Expected) is None
