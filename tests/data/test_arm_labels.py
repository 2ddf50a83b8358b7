"""Arms that stand inside of longer texts: read by their key, or told how to be."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from holdback.analysis.checks.split.several_experiments import SeveralExperiments
from holdback.data.extraction.extract import extract
from holdback.experiments.load import load
from tests.data.test_extract_rejects import refused, write

FORMS = {
    "url": "https://x.example/?utm_source=m{i}&exp={arm}&gclid={i}#top",
    "url, first": "https://x.example/?exp={arm}",
    "json": '{{""user"": ""u{i}"", ""exp"": ""{arm}"", ""n"": {i}}}',
    "tags": "new; exp:{arm}; city:c{i}",
    "pairs": "exp = {arm} n = {i}",
}


def visitors_of(folder: Path, form: str) -> None:
    """Twelve visitors whose arm stands in a text of that form."""
    rows = [
        f'u{i},"{form.format(i=i, arm="ab"[i % 2])}",2026-10-0{1 + i % 5}T10:00:00Z'
        for i in range(12)
    ]
    text = "\n".join(["visitor,group,seen", *rows]) + "\n"
    (folder / "visitors.csv").write_text(text, encoding="utf-8")


def with_key(file: Path, role: str) -> Path:
    """The experiment with another role `arm`."""
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("arm: group", f"arm: {json.dumps(role)}"), "utf-8")
    return file


@pytest.mark.parametrize("form", FORMS)
def test_an_arm_is_read_by_its_key(tmp_path: Path, form: str) -> None:
    """Six units an arm; revenue is that of the orders of every other unit."""
    file = with_key(write(tmp_path), "variant_of(group, 'exp')")
    visitors_of(tmp_path, FORMS[form])
    found = extract(load(file))
    assert dict(found.assigned) == {"a": 6, "b": 6}
    even = sum(10 + i + 0.5 for i in (0, 2, 4, 6))
    assert found.cells.total("revenue", {"a"}).sums[0] == even * 100


@pytest.mark.parametrize("form", ["url", "json", "tags"])
def test_the_refusal_names_the_key(tmp_path: Path, form: str) -> None:
    """Not `logged_as` for each of the texts."""
    file = write(tmp_path)
    visitors_of(tmp_path, FORMS[form])
    error = str(refused(file))
    assert "variant_of(group, 'exp')" in error
    assert "12 different texts" in error


def test_tags_without_a_key_are_told(tmp_path: Path) -> None:
    """One tag of several says the arm: a column of it is what helps."""
    file = write(tmp_path)
    visitors_of(tmp_path, "city{i}, holdout-{arm}, news")
    error = str(refused(file))
    assert "lists, such as tags" in error
    assert "like '%holdout-" in error


def test_several_experiments_in_one_file_are_told(tmp_path: Path) -> None:
    """Arms of another experiment, beside a column that names experiments."""
    file = write(tmp_path)
    text = (tmp_path / "visitors.csv").read_text(encoding="utf-8")
    head, *rows = text.splitlines()
    both = [f"{r},mine" for r in rows] + ["v1,x,2026-10-02T10:00:00Z,30,other"]
    text = "\n".join([f"{head},experiment", *both]) + "\n"
    (tmp_path / "visitors.csv").write_text(text, encoding="utf-8")
    assert "`where: experiment = '…'`" in str(refused(file))


@pytest.mark.parametrize("column", ["experiment", "ab_test", "Flag Key"])
def test_several_experiments_of_the_same_arms_warn(tmp_path: Path, column: str) -> None:
    """Told with the condition that chooses one, and silent once it is chosen."""
    file = write(tmp_path)
    text = (tmp_path / "visitors.csv").read_text(encoding="utf-8")
    head, *rows = text.splitlines()
    lines = [f"{row},{'xy'[i % 3 == 0]}" for i, row in enumerate(rows)]
    text = "\n".join([f"{head},{column}", *lines]) + "\n"
    (tmp_path / "visitors.csv").write_text(text, encoding="utf-8")
    found = extract(load(file))
    assert found.quality.experiments == {column: {"x": 8, "y": 4}}
    (finding,) = SeveralExperiments().examine(load(file), found)
    assert finding.status == "warn"
    name = f"`{column}`" if " " in column else column
    chosen = write(tmp_path, assignment=f", where: \"{name} = 'x'\"")
    (tmp_path / "visitors.csv").write_text(text, encoding="utf-8")
    assert not extract(load(chosen)).quality.experiments
