"""`holdback site`: a project as pages that any web server shows."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from reports.examples import clear_win
from worlds.past import finished, stored

from holdback.atomic_files import write_files
from holdback.cli import main as cli
from holdback.results.json_codec import to_json

YAML = """\
version: 1
experiment: NAME
arms: {holdback: {share: 10%, control: true}, personalized: {share: 90%}}
window: {start: 2026-09-01, end: 2026-10-12}
assignment: {source: exposures}
sources:
  exposures: {csv: exposures.csv, columns: {unit: id, arm: arm, time: at}}
metrics: {conversion: {kind: conversion, source: exposures, within: 1 day}}
primary: conversion
"""


def project_of(folder: Path, count: int = 3) -> Path:
    """A project of finished experiments, the last one with a plan's page."""
    cards = [finished(f"test-{i}", 0.02 * i, 0.02) for i in range(count)]
    stored(folder, *cards)
    (folder / "experiments").mkdir()
    (folder / "holdback.yaml").write_text("version: 1\ncurrency: EUR\n")
    for card in cards:
        text = YAML.replace("NAME", card.experiment)
        (folder / "experiments" / f"{card.experiment}.yaml").write_text(text)
        place = folder / "results" / card.experiment
        write_files(place, {"scorecard.json": to_json(card)}, manifest=True)
    write_files(place, {"plan.html": "<p>the plan</p>"}, manifest=True)
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Three finished experiments."""
    return project_of(tmp_path / "shop")


class Seen(HTMLParser):
    """Links, tags, ids and policy of a page."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.policy = ""
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note what the tag says."""
        said = dict(attrs)
        self.tags.add(tag)
        self.links += [str(said.get("href"))] * (tag == "a")
        self.ids += [str(said["id"])] if "id" in said else []
        if said.get("http-equiv") == "Content-Security-Policy":
            self.policy = str(said["content"])
        assert not [name for name in said if name.startswith("on")]


def made(project: Path, name: str = "site") -> dict[str, bytes]:
    """The site's files by their names."""
    target = project.parent / name
    assert cli.run(["site", str(project), "-o", str(target), "-q"]) == 0
    return {
        path.relative_to(target).as_posix(): path.read_bytes()
        for path in target.rglob("*")
        if path.is_file()
    }


def test_every_page_is_reached_and_every_link_leads_somewhere(project: Path) -> None:
    """From index.html by relative links, without a script, under one policy."""
    files = made(project)
    site = project.parent / "site"
    reached, policies = set(), set()
    waiting = ["index.html"]
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        if name.endswith("plan.html"):  # copied as it is
            continue
        page = Seen(site / name)
        policies.add(page.policy)
        assert not {"script", "form", "iframe", "link", "img"} & page.tags
        for link in page.links:
            way, _, anchor = link.partition("#")
            assert "//" not in way
            assert not way.startswith("/")
            if not way:
                assert anchor in page.ids
                continue
            waiting.append((Path(name).parent / way).as_posix())
    pages = {name for name in files if name.endswith(".html")}
    assert reached == pages >= {"index.html", "changes.html", "portfolio.html"}
    assert {"test-0/report.html", "test-2/plan.html"} <= pages
    (policy,) = policies
    assert policy.startswith("default-src 'none'")
    manifest = json.loads(files["manifest.json"])["files"]
    assert set(manifest) == set(files) - {"manifest.json"}


def test_the_same_results_give_the_same_bytes(project: Path) -> None:
    """Whatever the folder's name, and once more over itself."""
    first = made(project)
    assert made(project) == first
    assert made(project, "elsewhere") == first


def test_an_edited_result_is_named_and_left_out(project: Path) -> None:
    """A scorecard and a plan that are not those of their manifest."""
    results = project / "results"
    card = results / "test-1/scorecard.json"
    card.write_text(card.read_text().replace("0.02", "0.2"))
    (results / "test-2/plan.html").write_text("<p>another plan</p>")
    files = made(project)
    index = files["index.html"].decode()
    assert "edited since it was written" in index
    assert "The plan of test-2 was edited" in index
    assert "test-1/report.html" not in files
    assert b"test-1/report.html" not in files["portfolio.html"]
    assert "test-2/plan.html" not in files
    assert "test-2/report.html" in files


def test_what_is_gone_leaves_the_site(project: Path) -> None:
    """Pages of a removed experiment go; others' files, and edited ones, stay."""
    made(project)
    site = project.parent / "site"
    (site / "CNAME").write_text("shop.example")
    (site / "test-1/readouts.csv").write_text("mine")
    for name in ("test-0", "test-1"):
        (project / "experiments" / f"{name}.yaml").unlink()
        (project / "results" / name / "scorecard.json").unlink()
    files = made(project)
    assert {name for name in files if "/" in name} == {
        "test-1/readouts.csv",
        "test-2/plan.html",
        "test-2/readouts.csv",
        "test-2/report.html",
    }
    assert "CNAME" in files
    assert not (site / "test-0").exists()


def test_the_record_tells_locks_looks_and_the_decision(tmp_path: Path) -> None:
    """Latest first; the decision beside the reading that is stored; hostile reasons."""
    project = project_of(tmp_path / "shop", 1)
    (project / "experiments/other.yaml").write_text(YAML.replace("NAME", "other"))
    rows = "".join(
        f"u{i},{'personalized' if i % 10 else 'holdback'},2026-09-{i % 28 + 1:02d}\n"
        for i in range(400)
    )
    (project / "exposures.csv").write_text("id,arm,at\n" + rows)
    file = str(project / "experiments/other.yaml")
    assert cli.run(["lock", file]) == 0
    again = ["lock", file, "--again", "--because", "<script>alert(1)</script> & more"]
    text = YAML.replace("NAME", "other").replace("10%", "20%").replace("90%", "80%")
    (project / "experiments/other.yaml").write_text(text)
    assert cli.run(again) == 0
    assert cli.run(["analyze", file, "--as-of", "2026-11-01", "-q"]) == 0
    changes = made(project)["changes.html"].decode()
    places = [
        changes.index("results read, with data until 2026-11-01"),
        changes.index("plan locked again on"),
        changes.index("&lt;script&gt;alert(1)&lt;/script&gt; &amp; more"),
        changes.rindex("plan locked on"),
    ]
    assert places == sorted(places)
    assert "<script" not in changes
    week = made(project)["weekly.html"].decode()  # a failed check is to be looked at
    assert '<a href="other/report.html">other</a>' in week
    read = changes[places[0] : places[1]]
    assert "Can’t be used" in read  # 20 % were planned, 10 % came


def test_a_broken_record_is_named(project: Path) -> None:
    """A line of the log that was changed: the site says which, and is made."""
    (project / "experiments/audit.jsonl").write_text("{}\n")
    changes = made(project)["changes.html"].decode()
    assert "audit.jsonl:1: the audit log was changed" in changes


def test_nothing_finished_is_told(tmp_path: Path) -> None:
    """A site without a portfolio says why there is none."""
    (tmp_path / "shop/experiments").mkdir(parents=True)
    (tmp_path / "shop/holdback.yaml").write_text("version: 1\ncurrency: EUR\n")
    text = YAML.replace("NAME", "next")
    (tmp_path / "shop/experiments/next.yaml").write_text(text)
    files = made(tmp_path / "shop")
    assert (
        "There is no page of all experiments together" in files["index.html"].decode()
    )
    assert set(files) == {"index.html", "changes.html", "manifest.json"}


def test_many_stand_by_their_decisions(tmp_path: Path) -> None:
    """From a dozen on each decision has a table, reached from the top."""
    project = project_of(tmp_path / "shop", 14)
    card = clear_win()
    for i in (3, 4):
        place = project / "results" / f"test-{i}"
        write_files(place, {"scorecard.json": to_json(card)}, manifest=True)
    made(project)
    page = Seen(project.parent / "site" / "index.html")
    assert {"#experiments", "#part-1"} <= set(page.links)
    text = (project.parent / "site" / "index.html").read_text(encoding="utf-8")
    assert "(12)</a>" in text
    assert "(2)</a>" in text


@pytest.mark.parametrize("name", [".", "results", "results/test-0"])
def test_rejects_the_folder_of_the_results(
    project: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A site has a folder of its own; nothing is written."""
    before = {path: path.stat().st_mtime_ns for path in project.rglob("*")}
    assert cli.run(["site", str(project), "-o", str(project / name)]) == 2
    assert "Fix: Name a folder of its own" in capsys.readouterr().err
    assert {path: path.stat().st_mtime_ns for path in project.rglob("*")} == before
