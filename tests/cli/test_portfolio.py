"""`holdback portfolio`: files, words, exit codes, and hostile names."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from worlds.past import finished, stored

import holdback as hb
from holdback.cli import main as cli


def program(folder: Path) -> Path:
    """Six finished tests, two of them kept on; one that runs."""
    cards = [
        finished(
            f"test-{i}",
            effect,
            0.02,
            outcome="ship" if effect > 0.05 else "hold_back",
            tags=("email",) if i % 2 else ("search",),
        )
        for i, effect in enumerate((0.08, -0.01, 0.02, 0.0, 0.07, -0.03))
    ]
    return stored(folder, *cards, finished("open", 0.5, 0.02, final=False))


def test_page_and_json_are_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Beside the results, whole; the terminal tells the total and what is left out."""
    assert cli.run(["portfolio", str(program(tmp_path))]) == 0
    out = capsys.readouterr().out
    assert "The 2 of 6 tests that were kept on brought about" in out
    assert "2 of 6 finished tests were kept on" in out
    assert "Left out: open: it is not finished." in out
    told = json.loads((tmp_path / "results" / "portfolio.json").read_text())
    assert told["schema"] == "holdback/portfolio/1"
    assert [total["which"] for total in told["totals"]] == ["all", "kept"]
    page = (tmp_path / "results" / "portfolio.html").read_text()
    for heading in ("The money", "Test by test", "By theme", "Not counted"):
        assert heading in page
    assert str(tmp_path) not in page + json.dumps(told)


def test_same_twice_and_json_on_demand(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A second run reads the same and prints what it writes."""
    program(tmp_path)
    assert cli.run(["portfolio", str(tmp_path), "--quiet"]) == 0
    assert capsys.readouterr().out == ""
    files = [tmp_path / "results" / f"portfolio.{kind}" for kind in ("html", "json")]
    before = [file.read_bytes() for file in files]
    assert cli.run(["portfolio", str(tmp_path), "--format", "json"]) == 0
    assert [file.read_bytes() for file in files] == before
    assert capsys.readouterr().out == files[1].read_text()


def test_reports_are_linked(tmp_path: Path) -> None:
    """A test whose report lies beside its scorecard is a link, relative to the page."""
    program(tmp_path)
    (tmp_path / "results" / "test-1" / "report.html").write_text("<p>")
    elsewhere = tmp_path / "shared"
    assert cli.run(["portfolio", str(tmp_path), "-o", str(elsewhere), "-q"]) == 0
    page = (elsewhere / "portfolio.html").read_text()
    assert 'href="../results/test-1/report.html"' in page
    assert page.count("<a ") == 1


class Seen(HTMLParser):
    """Tags and text of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag."""
        self.tags.add(tag)
        assert not [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        """Note the text."""
        self.text += data


@pytest.mark.parametrize("hostile", ["<script>alert(1)</script>", "</td><img src=x>"])
def test_hostile_names_stay_text(tmp_path: Path, hostile: str) -> None:
    """Tags, metrics and reasons from files come back as text, in the page."""
    cards = [finished(f"t{i}", 0.01 * i, 0.02, tags=(hostile,)) for i in range(5)]
    stored(tmp_path, *cards)
    for path in (tmp_path / "results").glob("*/scorecard.json"):
        text = path.read_text().replace('"revenue"', json.dumps(f"revenue {hostile}"))
        path.write_text(text)
    assert cli.run(["portfolio", str(tmp_path), "-q"]) == 0
    seen = Seen()
    seen.feed((tmp_path / "results" / "portfolio.html").read_text())
    assert not {"script", "img"} & seen.tags
    assert seen.text.count(hostile) == 2  # the theme, and the metric of the prior


@pytest.mark.parametrize(
    ("arrange", "code", "told"),
    [
        (lambda _: None, 2, "holds no result"),
        (lambda p: stored(p, finished("a", 0.1, 0.1, final=False)), 4, "not finished"),
        (
            lambda p: stored(
                p, finished("a", 0.1, 0.1), finished("b", 0.1, 0.1, currency="USD")
            ),
            2,
            "EUR and USD",
        ),
    ],
)
def test_bad_input_is_told(
    tmp_path: Path,
    arrange: object,
    code: int,
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Exit code, one sentence, what to do; no file is written."""
    arrange(tmp_path)  # type: ignore[operator]
    assert cli.run(["portfolio", str(tmp_path)]) == code
    error = capsys.readouterr().err
    assert told in error
    assert "Fix:" in error
    assert not list(tmp_path.rglob("portfolio.*"))


def test_never_analyzed_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An experiment of the project without a result is named: silence would flatter."""
    program(tmp_path)
    (tmp_path / "experiments").mkdir()
    (tmp_path / "experiments" / "hidden.yaml").write_text("version: 1\n")
    assert cli.run(["portfolio", str(tmp_path)]) == 0
    assert "experiments/hidden.yaml: it was never analyzed" in capsys.readouterr().out


def test_in_python(tmp_path: Path) -> None:
    """`hb.portfolio` gives the same values."""
    found = hb.portfolio(program(tmp_path))
    assert found.experiments[0].experiment == "test-0"
    assert found.wins is not None
    assert found.wins.kept == 2
