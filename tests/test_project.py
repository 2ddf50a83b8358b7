"""The project around the package keeps its word: pins, docs, notebook, rules."""

from __future__ import annotations

import json
import re
import runpy
import sys
import tomllib
from graphlib import TopologicalSorter
from importlib import metadata
from pathlib import Path
from typing import Any

import grimp
import pytest

import holdback
from holdback.assignment.scheme import kinds as schemes
from holdback.assignment.scheme_params import keys_of
from holdback.cli.main import COMMANDS
from holdback.experiments.kinds import metric

ROOT = Path(__file__).resolve().parents[1]
PINS = sorted((ROOT / "requirements").glob("*.txt"))
TOOLS = ROOT / "requirements/tools/requirements.txt"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
DOCUMENTS = sorted(str(one.relative_to(ROOT)) for one in (ROOT / "docs").glob("*.md"))


def pinned(path: Path) -> dict[str, str]:
    """Library → version of one file of pins."""
    text = path.read_text(encoding="utf-8")
    return dict(re.findall(r"^([a-z0-9-]+)(?:\[.*\])?==(\S+)", text, re.MULTILINE))


def canonical(requirement: str) -> str:
    """Name of a requirement as the pins spell it."""
    return re.split(r"[^A-Za-z0-9._-]", requirement)[0].lower().replace("_", "-")


@pytest.mark.parametrize("path", [*PINS, TOOLS], ids=lambda path: path.stem)
def test_pins_have_hashes_and_no_addresses(path: Path) -> None:
    """Every line is a pin or a hash: no address of an index, no option, no path."""
    lines = path.read_text(encoding="utf-8").splitlines()
    shape = re.compile(
        r"[a-z0-9-]+(\[[a-z0-9,-]+\])?==[^\s:/]+( ; .*)? \\"
        r"|    --hash=sha256:[0-9a-f]{64}( \\)?"
    )
    assert [line for line in lines if not shape.fullmatch(line)] == []
    starts = [n for n, line in enumerate(lines) if "==" in line]
    assert all("--hash" in lines[n + 1] for n in starts)


@pytest.mark.parametrize("path", PINS, ids=lambda path: path.stem)
def test_pins_cover_what_is_required(path: Path) -> None:
    """All requirements are pinned, and the development pins agree with the others."""
    wanted = set(map(canonical, PROJECT["project"]["dependencies"]))
    if path.name.startswith("dev-"):
        wanted |= set(map(canonical, PROJECT["dependency-groups"]["dev"]))
        for name, extra in PROJECT["project"]["optional-dependencies"].items():
            wanted |= set() if name == "bayes" else set(map(canonical, extra))
    if path.name.startswith("bayes-"):
        wanted |= set(
            map(canonical, PROJECT["project"]["optional-dependencies"]["bayes"])
        )
        both = pinned(path.with_name(path.name.replace("bayes-", "dev-")))
        assert all(pinned(path).get(name, at) == at for name, at in both.items())
    lean = pinned(path.with_name(path.name.rpartition("-")[2]))
    assert lean.items() <= pinned(path).items()
    assert wanted <= set(pinned(path))


@pytest.mark.parametrize("path", PINS, ids=lambda path: path.stem)
def test_pins_name_the_extras_that_are_asked_for(path: Path) -> None:
    """`coverage[toml]`, not `coverage`, where a pinned library asks for the extra.

    pip takes a library with an extra for one of its own: without its pin it picks the
    newest release, and refuses it for want of a hash on the day there is a newer one.
    """
    text = path.read_text(encoding="utf-8")
    shape = re.compile(r"^([A-Za-z0-9._-]+)\[([^\]]+)\](?!.*extra ==)")
    lost = []
    for name in pinned(path):
        try:
            asked = metadata.requires(name) or []
        except metadata.PackageNotFoundError:
            continue
        for found in filter(None, map(shape.match, asked)):
            wanted = canonical(found[1])
            if wanted in pinned(path) and f"\n{wanted}[" not in f"\n{text}":
                lost.append(f"{name} asks for {found[0]}")
    assert lost == []


@pytest.mark.parametrize(
    ("expression", "allowed"),
    [
        ("MIT", True),
        ("MIT AND (GPL-3.0-only OR BSD-3-Clause)", True),
        ("MIT AND GPL-3.0-only", False),
        ("(MIT OR Apache-2.0) AND AGPL-3.0-only", False),
        ("GPL-2.0-or-later OR MPL-1.1", True),
        ("", False),
        ("Proprietary", False),
    ],
)
def test_licences_are_read_as_choices_and_parts(
    expression: str, *, allowed: bool
) -> None:
    """One choice with allowed parts is enough; strong copyleft and none are not."""
    audit = runpy.run_path(str(ROOT / "requirements/licences.py"))
    assert audit["is_allowed"](expression) is allowed


def test_pins_of_this_python_have_allowed_licences() -> None:
    """Every library that a user installs; `make audit` asks those of the tools too."""
    audit = runpy.run_path(str(ROOT / "requirements/licences.py"))
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert audit["main"]([str(ROOT / f"requirements/py{version}.txt")]) == 0


def test_every_claimed_python_is_pinned() -> None:
    """The classifiers, the pins and `make lock` name the same versions of Python."""
    told = [
        line.removeprefix("Programming Language :: Python :: ")
        for line in PROJECT["project"]["classifiers"]
        if line.startswith("Programming Language :: Python :: 3.")
    ]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (locked,) = re.findall(r"^VERSIONS := (.*)$", makefile, re.MULTILINE)
    assert told == locked.split()
    assert {path.name for path in PINS} == {
        f"{kind}py{version}.txt" for version in told for kind in ("", "dev-", "bayes-")
    }


def test_every_ignored_rule_has_its_reason() -> None:
    """Each rule that the linter ignores has a reason beside it."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    lines = re.findall(r'^  "[A-Z]+[0-9]+",.*$', text, re.MULTILINE)
    assert len(lines) > 20
    assert [line for line in lines if not re.search(r"# \w+", line)] == []


def test_no_file_imports_itself_by_a_detour() -> None:
    """There is no circle of imports, those inside functions and of types included.

    The face of the package is left out: it names for type checkers what comes on
    first use.
    """
    graph = grimp.build_graph("holdback", cache_dir=None)
    imports = {
        module: graph.find_modules_directly_imported_by(module)
        for module in graph.modules - {"holdback"}
    }
    assert len(imports) > 100
    TopologicalSorter(imports).prepare()  # raises CycleError with the circle


def test_readme_names_every_command() -> None:
    """The table of commands in the README is the list of commands."""
    table = [
        line
        for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| `holdback")
    ]
    found = set(re.findall(r"`holdback ([\w-]+)", "\n".join(table)))
    assert found == set(COMMANDS)


def test_documents_name_every_scheme_and_its_keys() -> None:
    """The table of schemes says what each takes under `params`."""
    text = (ROOT / "docs/assignment.md").read_text(encoding="utf-8")
    table = [line for line in text.splitlines() if line.startswith("| `")]
    rows = [line.split("|") for line in table]
    found = {
        name: re.findall(r"`(\w+)`", row[3])
        for row in rows
        for name in re.findall(r"`(\w+)`", row[1])
        if name != "scheme"
    }
    assert found == {name: list(keys_of(scheme)) for name, scheme in schemes.items()}


KINDS = re.findall(
    r"`(\{kind: [^`…]*\})`", (ROOT / "docs/metrics.md").read_text(encoding="utf-8")
)
FRAME = """\
version: 1
experiment: shop
currency: EUR
arms: {holdback: {share: 10%, control: true}, personalized: {share: 90%}}
sources:
  exposures: {csv: exposures.csv, columns: {unit: id, arm: arm, time: at}}
SOURCES
metrics:
  one: METRIC
assignment: {source: exposures}
window: {start: 2026-10-01, end: 2026-10-31}
primary: one
"""


@pytest.mark.parametrize("metric", KINDS)
def test_metrics_of_the_documents_load(metric: str, tmp_path: Path) -> None:
    """Each example of docs/metrics.md, with the sources that it names."""
    names = sorted(set(re.findall(r"source: (\w+)", metric)))
    sources = "\n".join(
        f"  {name}: {{csv: {name}.csv, columns: {{unit: id, time: at}}}}"
        for name in names
    )
    file = tmp_path / "shop.yaml"
    text = FRAME.replace("SOURCES", sources).replace("METRIC", metric)
    file.write_text(text, encoding="utf-8")
    assert holdback.load(file).primary == "one"


def test_every_kind_of_metric_is_documented() -> None:
    """docs/metrics.md shows an example of each."""
    shown = {found for one in KINDS for found in re.findall(r"kind: (\w+)", one)}
    assert shown == set(metric.kinds)


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", *DOCUMENTS])
def test_links_lead_somewhere(document: str) -> None:
    """Every relative link of a document names a file of the repository."""
    path = ROOT / document
    links = re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8"))
    inside = [link for link in links if "://" not in link]
    assert [link for link in inside if not (path.parent / link).exists()] == []


def test_every_document_is_reached() -> None:
    """The navigation of `make docs` names each page; strictly, it must."""
    navigation = (
        (ROOT / "mkdocs.yml").read_text(encoding="utf-8").partition("\nnav:")[2]
    )
    named = set(re.findall(r": (\S+\.md)$", navigation, re.MULTILINE))
    assert {document.removeprefix("docs/") for document in DOCUMENTS} <= named


@pytest.mark.parametrize("path", sorted((ROOT / "docs/adr").glob("*.md")), ids=str)
def test_decisions_have_their_parts(path: Path) -> None:
    """A decision says its context, the choice and the price."""
    headings = re.findall(r"^## (\w+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert headings == ["Context", "Choice", "Price"]


def test_ci_runs_what_the_readme_names() -> None:
    """The gate calls `make test`, then what takes longer."""
    lines = (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if line.startswith("make")] == [
        "make test",
        "make test-bayes",
        "make test-report",
        "make test-engines",
        "make docs",
        "make package",
        "make audit",
    ]


@pytest.fixture(scope="module")
def notebook() -> dict[str, Any]:
    """The quickstart as it is stored."""
    text = (ROOT / "notebooks/quickstart.ipynb").read_text(encoding="utf-8")
    stored: dict[str, Any] = json.loads(text)
    return stored


def test_notebook_runs(notebook: dict[str, Any]) -> None:
    """Every cell of the quickstart runs, and tells the decision and the truth."""
    executed = runpy.run_path(str(ROOT / "notebooks/run.py"))["executed"]
    text = json.dumps(executed(notebook), ensure_ascii=False)
    assert "recs-holdback: " in text
    assert "true  14.4%" in text
    assert "scorecard.json" in text


def test_notebook_is_stored_with_outputs(notebook: dict[str, Any]) -> None:
    """Readers who do not run it see results: every code cell has been executed."""
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert all(cell["outputs"] for cell in cells)
    assert "_repr_html_" not in json.dumps(cells)
    assert any("text/html" in str(cell["outputs"]) for cell in cells)


def test_every_requirement_names_a_test_that_is() -> None:
    """Each of the 45 rows has a test, and no test is made up."""
    page = (ROOT / "docs" / "sources-of-requirements.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if re.match(r"\| \d+ \|", line)]
    assert [int(row.split("|")[1]) for row in rows] == list(range(1, 46))
    known = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(
            r"^def (test_\w+)", file.read_text("utf-8"), re.MULTILINE
        )
    }
    for row in rows:
        named = re.findall(r"`(test_\w+)`", row)
        assert named, row
        assert set(named) <= known, row
