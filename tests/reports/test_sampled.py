"""What the report tells of models that were drawn from, and the command that asks."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from cli.test_bad_input import Case, project
from reports.examples import changed, clear_win

from holdback.analysis import mcmc as sampling
from holdback.cli.main import run
from holdback.facts import fact
from holdback.reports.pages.experiment_page import render
from holdback.results.json_codec import from_json, to_json
from holdback.results.quantity import Quantity
from holdback.results.sections.mcmc import LawFit, SampledEffect, SampledModel

LIFT = Quantity(value=0.061, lower=0.012, upper=0.113)
SOUND = SampledModel(
    model="segments",
    metric="revenue",
    arm="personalized",
    of="device",
    file="posterior-1-segments.nc",
    effects=(SampledEffect(name="<b>phone</b>", relative=LIFT),),
    r_hat=1.002,
    ess_bulk=912.0,
    ess_tail=845.0,
    divergences=0,
    bfmi=0.91,
    draws=2000,
)


def test_lifts_with_how_the_sampler_fared() -> None:
    """A table of lifts, the diagnostics and the file; names from the data escaped."""
    page = render(changed(clear_win(), sampled=(SOUND,)))
    assert "Segments pulled together, device" in page
    assert "+6.1" in page
    assert "2,000 draws, R-hat 1.002, effective 912 in the middle and 845" in page
    assert "posterior-1-segments.nc" in page
    assert "<b>phone</b>" not in page


def test_a_mark_is_read_out_as_text() -> None:
    """What stands beside a lift's range holds no markup; the mark says nothing."""
    phone = replace(SOUND, effects=(SampledEffect(name="phone & <b>", relative=LIFT),))
    page = render(
        changed(clear_win(), sampled=(phone,), readouts=clear_win().readouts[:1])
    )
    (row,) = re.findall(r"<tr>(?:(?!</tr>).)*phone.*?</tr>", page)
    assert row.startswith('<tr><th scope="row">phone &amp; &lt;b&gt;</th>')
    assert "aria-label" not in row


def test_files_are_named_where_there_are_any() -> None:
    """Nothing was drawn, or nothing that can be believed: no file to look for."""
    failed = replace(
        SOUND,
        file="",
        effects=(),
        faults=(fact("facts.text", text="the chains disagree"),),
    )
    laws = replace(SOUND, model="laws", of="", file="", effects=())
    for listed, some in (((SOUND, laws), True), ((failed, laws), False)):
        page = render(changed(clear_win(), sampled=listed))
        assert ("The draws are in the files" in page) is some
    spend = replace(SOUND, model="spend", of="")
    page = render(changed(clear_win(), sampled=(spend,)))
    (told,) = re.findall(r"<section[^>]*sampled.*?</section>", page, re.DOTALL)
    assert re.findall(r"<th[^>]*>(?:<[^>]*>)*(\w[\w ]*)", told)[0] == "Arm"


def test_weeks_stand_in_a_table_a_metric() -> None:
    """Metrics by their labels, weeks by their first day as the locale writes it."""
    effects = tuple(
        SampledEffect(name=f"{metric}, 2026-10-0{day}", relative=LIFT)
        for metric in ("revenue", "conversion")
        for day in (1, 8)
    )
    weeks = replace(SOUND, model="weeks", metric="*", of="", effects=effects)
    page = render(changed(clear_win(), sampled=(weeks,)))
    (told,) = re.findall(r"<section[^>]*sampled.*?</section>", page, re.DOTALL)
    assert told.count("<caption>By week of joining") == 2
    assert "8 Oct 2026" in told
    assert "2026-10-08" not in told
    assert re.findall(r"<th[^>]*>(?:<[^>]*>)*(\w[\w ]*)", told)[:4] == [
        "Joined from",
        "Change",
        "Range",
        "Likely range",
    ]


def test_laws_stand_in_their_order() -> None:
    """The best first, others with how far they lie behind it."""
    laws = (
        LawFit(name="gamma", elpd=-2652.2, behind=0.0, behind_se=0.0, worst_k=0.24),
        LawFit(
            name="lognormal", elpd=-2878.5, behind=226.3, behind_se=25.6, worst_k=0.9
        ),
    )
    found = SampledModel(model="laws", metric="revenue", arm="personalized", laws=laws)
    card = changed(clear_win(), sampled=(found,))
    page = render(card)
    (told,) = re.findall(r"<section[^>]*sampled.*?</section>", page, re.DOTALL)
    assert told.index(">gamma<") < told.index(">lognormal<")
    assert "226.3 ± 25.6" in told
    assert from_json(to_json(card)).section(SampledModel) == (found,)


def test_the_laws_of_spend_are_held_against_each_other() -> None:
    """Best first, with what the others lie behind; the chances rest on none of them."""
    laws = (
        LawFit(name="gamma", elpd=-2652.2, behind=0.0, behind_se=0.0, worst_k=0.24),
        LawFit(name="lognormal", elpd=-2878.5, behind=226.3, behind_se=25, worst_k=0.9),
    )
    found = SampledModel(model="laws", metric="revenue", arm="personalized", laws=laws)
    page = render(changed(clear_win(), sampled=(found,)))
    assert "226.3 ± 25.0" in page
    assert "The chances of this report rest on" not in page


def test_a_model_that_failed_shows_no_number() -> None:
    """Only why, and that the exact results stand."""
    failed = replace(
        SOUND, effects=(), faults=(fact("sampler.divergent", count=3, draws=2000),)
    )
    page = render(changed(clear_win(), sampled=(failed,)))
    assert (
        "No result: 3 of 2,000 draws diverged. The exact results above stand." in page
    )
    assert (
        "+6.1" not in page.partition("Drawn from models")[2].partition("</section>")[0]
    )


def test_most_reports_have_no_such_section() -> None:
    """A default analysis draws nothing."""
    assert "Drawn from models" not in render(clear_win())


def test_records_read_back() -> None:
    """Through JSON and back."""
    card = changed(clear_win(), sampled=(SOUND,))
    assert from_json(to_json(card)).section(SampledModel) == (SOUND,)


def test_without_the_extra(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit 5 at once, with what to install; the report in place stays."""
    monkeypatch.setattr(sampling, "is_installed", lambda: False)
    file = project(tmp_path, Case())
    assert run(["analyze", str(file), "--save-posterior", "-o", str(tmp_path)]) == 5
    told = capsys.readouterr().err
    assert "PyMC and ArviZ are not installed" in told
    assert "holdback[bayes]" in told
    assert not (tmp_path / "scorecard.json").exists()


def test_a_default_analysis_never_imports_pymc(tmp_path: Path) -> None:
    """Even where it is installed: packages of these names that must not be touched."""
    for name in ("pymc", "arviz", "pytensor", "nutpie"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("raise SystemExit('imported')")
    file = project(tmp_path, Case())
    found = subprocess.run(
        [sys.executable, "-m", "holdback", "analyze", str(file), "-o", str(tmp_path)],
        env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{Path.cwd()}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert found.returncode == 0, found.stderr
    assert "imported" not in found.stderr
