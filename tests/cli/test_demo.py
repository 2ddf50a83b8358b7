"""`holdback demo`: it runs, repeats itself, respects changes, and tells the truth."""

from __future__ import annotations

import csv
import json
import re
import shutil
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest

from holdback.cli import main as cli
from holdback.cli.console import bar, invocation, progress
from holdback.cli.demo.run import EXPERIMENT, _Compared, _verdict

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Made:
    """A demo that has run twice in its folder, and what the second run printed."""

    home: Path
    first: dict[str, bytes]
    out: str


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The demo as everybody runs it, and then once more."""
    folder = tmp_path_factory.mktemp("demo") / "shop"
    assert cli.run(["demo", str(folder), "--quiet"]) == 0
    first = results_of(folder)
    with redirect_stdout(StringIO()) as out:
        assert cli.run(["demo", str(folder)]) == 0
    return Made(folder, first, out.getvalue())


@pytest.fixture(scope="module")
def home(made: Made) -> Path:
    """Its folder; nobody writes into it."""
    return made.home


def results_of(home: Path) -> dict[str, bytes]:
    """Everything that the demo has made."""
    return {
        str(path.relative_to(home)): path.read_bytes()
        for path in sorted(home.rglob("*"))
        if path.is_file()
    }


def test_demo_writes_a_whole_project(home: Path) -> None:
    """YAML, data, truth, plan, scorecard, table and report are there."""
    assert set(results_of(home)) == {
        "holdback.yaml",
        "truth.json",
        "data/customers.csv",
        "data/assigned.csv",
        "data/exposures.csv",
        "data/orders.csv",
        EXPERIMENT,
        "experiments/audit.head",
        "experiments/audit.jsonl",
        *(
            f"results/recs-holdback/{name}"
            for name in (
                "manifest.json",
                "plan.json",
                "scorecard.json",
                "readouts.csv",
                "report.html",
            )
        ),
    }


MOST_WORDS, MOST_BYTES = 600, 60 * 1024
FOLDED = re.compile(
    r"<details[^>]*>\s*(<summary>(?:(?!</?details).)*?</summary>)"
    r"(?:(?!</?details).)*?</details>",
    re.DOTALL,
)


def test_the_page_keeps_to_its_measures(home: Path) -> None:
    """At most 600 words before anything is unfolded, and 60 KB in all."""
    written = (home / "results/recs-holdback/report.html").read_bytes()
    page = written.decode()
    shown = page[page.index("<body>") :]
    while (outer := FOLDED.sub(r"\1", shown)) != shown:
        shown = outer
    assert "<details" not in shown
    words = re.sub(r"<[^>]+>", " ", shown).split()
    assert 300 < len(words) <= MOST_WORDS
    assert len(written) <= MOST_BYTES


def test_demo_twice_gives_the_same_bytes(made: Made) -> None:
    """Running again in its own folder changes no byte."""
    assert results_of(made.home) == made.first
    assert "kept as you changed" not in made.out
    assert str(made.home / "results/recs-holdback/report.html") in made.out
    assert "holdback analyze" in made.out


def test_the_readme_shows_what_is_printed(made: Made) -> None:
    """Each line of the README's demo that is shown whole is printed by it."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme[readme.index("A simulated shop of") :].partition("```")[0]
    printed = made.out.replace(str(made.home), "holdback-demo").splitlines()
    printed = [re.sub(r" +", " ", line) for line in printed]
    lines = [re.sub(r" +", " ", line) for line in shown.splitlines() if "…" not in line]
    assert len(lines) > 15
    assert [line for line in lines if line not in printed] == []


def test_assigned_arms_against_logged_arms(home: Path) -> None:
    """`assign` gives every customer the arm in which the shop saw it first."""
    with (home / "data/assigned.csv").open(encoding="utf-8", newline="") as lines:
        assigned = {row["customer_id"]: row["arm"] for row in csv.DictReader(lines)}
    seen: dict[str, str] = {}
    with (home / "data/exposures.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            seen.setdefault(row["customer_id"], row["arm"])
    assert seen == assigned


def test_answer_against_the_scorecard(made: Made) -> None:
    """What is printed as `inside` is inside in `scorecard.json` and `truth.json`."""
    home, out = made.home, made.out
    scorecard = json.loads(
        (home / "results/recs-holdback/scorecard.json").read_text("utf-8")
    )
    truth = json.loads((home / "truth.json").read_text("utf-8"))
    (lift,) = (arm["lift"] for arm in truth["arms"] if arm["arm"] == "personalized")
    names = {"conversion": "conversion", "revenue_per_visitor": "revenue"}
    labels = {"conversion": "Conversion rate", "revenue_per_visitor": "Revenue per"}
    for readout in scorecard["readouts"]:
        if readout["metric"] in names and "segment" not in readout:
            inside = (
                readout["relative"]["lower"]
                <= lift[names[readout["metric"]]]
                <= readout["relative"]["upper"]
            )
            (line,) = re.findall(rf"{labels[readout['metric']]}.* true .*", out)
            assert line.endswith("inside" if inside else "OUTSIDE")


def test_json_and_a_changed_yaml_that_is_kept(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--format json` prints one object; a changed split is kept, and drawn under."""
    folder = tmp_path / "shop"
    file = folder / EXPERIMENT
    file.parent.mkdir(parents=True)
    for name in ("truth.json", "holdback.yaml", EXPERIMENT):
        text = (home / name).read_text(encoding="utf-8")
        text = text.replace("{share: 10%", "{share: 50%")
        text = text.replace("{share: 90%", "{share: 50%")
        (folder / name).write_text(text, encoding="utf-8")
    assert cli.run(["demo", str(folder), "--units", "5000", "--format", "json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["schema"] == "holdback/demo/1"
    assert file.read_text(encoding="utf-8") == text
    assert told["changed"] == [EXPERIMENT]
    assert sum(told["assigned"].values()) == 5000
    assert 2300 < told["assigned"]["holdback"] < 2700


def test_a_margin_that_is_too_thin_changes_the_answer(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one change that the demo proposes does what a reader expects."""
    shutil.copytree(home, tmp_path / "shop")
    card = tmp_path / "shop/results/recs-holdback/scorecard.json"
    before = json.loads(card.read_text("utf-8"))
    file = tmp_path / "shop" / EXPERIMENT
    text = file.read_text(encoding="utf-8")
    assert text.count("margin: 42%") == 1
    file.write_text(text.replace("margin: 42%", "margin: 15%"), encoding="utf-8")
    assert cli.run(["analyze", str(file)]) == 0
    after = json.loads(card.read_text("utf-8"))
    assert before["decision"]["outcome"] == "ship"
    assert after["decision"]["outcome"] != "ship"
    assert "in " in capsys.readouterr().out


@pytest.mark.parametrize("content", ["mine", '{"schema": "other"}', "[]"])
def test_demo_rejects_a_foreign_folder(
    tmp_path: Path, content: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder with someone's files is refused with 2 and stays as it is."""
    (tmp_path / "truth.json").write_text(content, encoding="utf-8")
    assert cli.run(["demo", str(tmp_path)]) == 2
    assert "was not made by `holdback demo`" in capsys.readouterr().err
    assert results_of(tmp_path) == {"truth.json": content.encode()}


def test_demo_rejects_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file in the folder's place is refused with 2."""
    (tmp_path / "shop").write_text("mine", encoding="utf-8")
    assert cli.run(["demo", str(tmp_path / "shop")]) == 2
    assert "Name another folder" in capsys.readouterr().err


def test_demo_rejects_an_experiment_without_window(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A changed file that has lost its window is told, not guessed at."""
    folder = tmp_path / "shop"
    (folder / "experiments").mkdir(parents=True)
    for name in ("truth.json", "holdback.yaml", EXPERIMENT):
        text = (home / name).read_text(encoding="utf-8")
        kept = [line for line in text.splitlines() if not line.startswith("window:")]
        (folder / name).write_text("\n".join(kept), encoding="utf-8")
    assert cli.run(["demo", str(folder), "--units", "2000"]) == 2
    assert "window" in capsys.readouterr().err


def test_a_miss_is_told() -> None:
    """A range that misses the truth is counted, and a way on is named."""
    rows = [
        _Compared(name="a", truth="1", estimate="2", likely="2 to 3", inside=inside)
        for inside in (True, False)
    ]
    assert _verdict(rows, "95%").startswith("1 of 2 ranges miss the truth")
    assert _verdict(rows[:1], "95%") == "Every 95% range holds the truth."


def test_bar_walks_to_and_fro() -> None:
    """The progress bar keeps its width and comes back to where it began."""
    bars = [bar(step) for step in range(25)]
    assert {len(text) for text in bars} == {18}
    assert bars[0] == bars[24] != bars[12]


def test_progress_shows_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A terminal sees the bar after a while; NO_COLOR, quiet and pipes see nothing."""
    from time import sleep

    from holdback.cli import console

    monkeypatch.setattr(console, "PATIENCE", 0.0)
    monkeypatch.setattr(console, "TICK_SECONDS", 0.01)
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    with progress("Reading", quiet=False):
        sleep(0.05)
    assert not capsys.readouterr().err
    monkeypatch.setattr(console.sys.stderr, "isatty", lambda: True, raising=False)
    with progress("Reading", quiet=False):
        sleep(0.05)
    err = capsys.readouterr().err
    assert "Reading [" in err
    assert err.endswith(" \r")
    monkeypatch.setenv("NO_COLOR", "1")
    with progress("Reading", quiet=False):
        sleep(0.05)
    assert not capsys.readouterr().err


def test_invocation_is_what_was_typed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The proposed command line begins as the reader's did."""
    script = tmp_path / "holdback"
    script.write_text("#!/bin/sh\n", encoding="utf-8")
    script.chmod(0o755)
    monkeypatch.setattr("sys.argv", [str(script)])
    monkeypatch.setenv("PATH", "/nowhere")
    assert invocation() == str(script)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert invocation() == "holdback"
    monkeypatch.setattr("sys.argv", ["/x/holdback/__main__.py"])
    assert invocation().endswith(" -m holdback")
