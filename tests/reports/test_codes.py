"""Codes and words: every code that is constructed has its words, from its numbers."""

from __future__ import annotations

import ast
import inspect
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from worlds.evidence import evidence, experiment, unmatured
from worlds.words import in_words, words_of

import holdback
from holdback.analysis.checks.check import findings
from holdback.analysis.checks.check import kinds as checks
from holdback.data.evidence.cells import Evidence, Quality
from holdback.facts import Fact, fact
from holdback.reports.text import plan_sentences, telling
from holdback.reports.text.catalog import texts
from holdback.reports.text.codes import SENTENCES, tells
from holdback.results.json_codec import _fact, _plain

FOLDER = Path(holdback.__file__).parent
MAKERS = ("facts.py", "results/json_codec.py")
"""Where a code is a variable: what makes facts, and what reads them from a file."""
MADE = {"facts.joined", "facts.text"}
"""The codes that stand there."""


@dataclass(frozen=True)
class Construction:
    """One code at one place, with the names of its numbers."""

    code: str
    numbers: frozenset[str]
    where: str


def constructions(folder: Path = FOLDER) -> Iterator[Construction]:
    """Every code that the package constructs a fact of.

    A code is a literal, or one of several by a condition; numbers are keywords, or
    the keys of a mapping written out.
    """
    for path in sorted(folder.rglob("*.py")):
        place = path.relative_to(folder).as_posix()
        if place in MAKERS:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            name = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if name in ("fact", "Fact"):
                assert isinstance(node, ast.Call)
                where = f"{place}:{node.lineno}"
                for code in literals(node.args[0], where):
                    yield Construction(code, numbers(node, where), where)


def literals(node: ast.expr, where: str) -> Iterator[str]:
    """The codes that an expression may be."""
    if isinstance(node, ast.IfExp):
        yield from literals(node.body, where)
        yield from literals(node.orelse, where)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    else:
        pytest.fail(f"{where}: a code that no search finds")


def numbers(call: ast.Call, where: str) -> frozenset[str]:
    """The names of a fact's numbers."""
    names = [keyword.arg for keyword in call.keywords]
    if len(call.args) > 1 or None in names:
        pytest.fail(f"{where}: numbers that no search finds")
    return frozenset(filter(None, names))


CONSTRUCTED = list(constructions())


def test_every_code_has_words_and_every_word_a_code() -> None:
    """What is constructed is registered, and nothing else is."""
    assert telling.FILES
    assert plan_sentences.__all__
    assert {one.code for one in CONSTRUCTED} | MADE == set(SENTENCES)


def test_words_are_made_from_the_numbers_that_are_given() -> None:
    """A sentence asks for what its fact has: no number is missing, none is unused."""
    given = defaultdict(set)
    wrong = []
    for one in CONSTRUCTED:
        _, *parameters = inspect.signature(SENTENCES[one.code]).parameters.values()
        known = {p.name for p in parameters}
        needed = {p.name for p in parameters if p.default is p.empty}
        given[one.code] |= one.numbers
        if not needed <= one.numbers <= known:
            wrong.append(f"{one.where}: {one.code} takes {sorted(known)}")
        if any(p.kind is not p.KEYWORD_ONLY for p in parameters):
            wrong.append(f"{one.code}: its numbers are no keywords")
    for code, names in given.items():
        _, *asked = inspect.signature(SENTENCES[code]).parameters
        if set(asked) != names:
            wrong.append(f"{code}: nobody gives {sorted(set(asked) - names)}")
    assert wrong == []


def test_codes_say_whose_they_are() -> None:
    """`check.case`, in small letters."""
    shape = re.compile(r"[a-z_]+\.[a-z_]+")
    assert [code for code in SENTENCES if not shape.fullmatch(code)] == []


def test_constructions_are_found(tmp_path: Path) -> None:
    """Literals, conditions and numbers are seen; a variable is refused."""
    path = tmp_path / "x.py"
    path.write_text('a = fact("x.a" if b else "x.c" if d else "x.e", n=1, m=c)\n')
    assert [(c.code, c.numbers) for c in constructions(tmp_path)] == [
        (code, {"n", "m"}) for code in ("x.a", "x.c", "x.e")
    ]
    for hidden in ("fact(code)", 'fact("x.a", **numbers)', 'Fact("x.a", numbers)'):
        path.write_text(hidden)
        with pytest.raises(pytest.fail.Exception, match="no search finds"):
            list(constructions(tmp_path))


def imports(tree: ast.AST) -> Iterator[str]:
    """The modules that a file imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def prose(tree: ast.AST) -> Iterator[str]:
    """The parts of f-strings that hold more than one word."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            parts = (
                part.value for part in node.values if isinstance(part, ast.Constant)
            )
            yield from (str(part) for part in parts if " " in str(part).strip())


@pytest.mark.parametrize(
    "path", sorted((FOLDER / "analysis/checks").rglob("*.py")), ids=lambda p: p.stem
)
def test_checks_hold_no_words(path: Path) -> None:
    """No check imports the reports, or writes a sentence."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert [name for name in imports(tree) if name.startswith("holdback.reports")] == []
    assert list(prose(tree)) == []


SPEAKING = {"cli", "reports", "workflow.py"}
"""The rooms that may ask for words: the reports, and what stands above them."""


def test_nothing_below_the_reports_asks_for_words() -> None:
    """No room under the reports imports their catalog or sentences, not even late."""
    asking = [
        path.relative_to(FOLDER).as_posix()
        for path in sorted(FOLDER.rglob("*.py"))
        if path.relative_to(FOLDER).parts[0] not in SPEAKING
        and any(
            name.startswith("holdback.reports")
            for name in imports(ast.parse(path.read_text(encoding="utf-8")))
        )
    ]
    assert asking == []


def worlds() -> Iterator[Evidence]:
    """Data in order, and data with something of everything."""
    buyer, nobody = (20.0, 1.0), (0.0, 0.0)
    rows = {
        "holdback": [buyer, nobody] * 100,
        "personalized": [buyer, nobody] * 900,
    }
    yield evidence(rows, days=3)
    yield unmatured(evidence(rows), "holdback", 40)
    odd = Quality(
        crossovers={"holdback": 120},
        repeated_exposures=90,
        missing_ids={"orders": 2},
        duplicates={"orders": 1200},
        unassigned={"orders": 3},
        similar_ids=1,
    )
    skewed = {
        "holdback": [(5_000.0, 1.0), *rows["holdback"], *rows["holdback"]],
        "personalized": rows["personalized"],
    }
    yield evidence(skewed, quality=odd, days=3)


@pytest.mark.parametrize("seen", list(worlds()), ids=["clean", "waiting", "odd"])
def test_stored_numbers_are_enough_for_the_words(seen: Evidence) -> None:
    """A finding that went through JSON without its message is told as before."""
    plan = experiment()
    told = in_words(plan, findings(plan, seen))
    assert len(told) > 5
    for finding in told:
        assert finding.fact.code.startswith(f"{finding.check}.")
        data = json.loads(json.dumps(_plain(finding.fact)))
        del data["message"]
        again = _fact(data, finding.check)
        assert again == finding.fact
        assert telling.tell(words_of(plan), again) == finding.message


def test_a_code_has_one_sentence() -> None:
    """A second one is refused, and the first stays."""
    before = SENTENCES["srm.mismatch"]
    with pytest.raises(ValueError, match=r"'srm\.mismatch'"):
        tells("srm.mismatch")(lambda _words: "")
    assert SENTENCES["srm.mismatch"] is before


def test_what_is_told_stays_told() -> None:
    """A message is kept, wherever its fact stands, and no fact is told as nothing."""
    words = words_of(experiment())
    kept = Fact("unknown.code", message="As it was.")
    assert telling.told((kept, "text", 3), words) == (kept, "text", 3)
    assert telling.tell(words, None) == ""
    with pytest.raises(KeyError):
        telling.told((fact("unknown.code"),), words)


def test_every_check_has_a_name_for_readers() -> None:
    """No check is shown by its key: each has its name in the catalog."""
    names = texts("trust.names")
    assert [name for name in checks if name not in names] == []


FORMATS = {"chance", "count", "day", "difference", "exact_money", "lift", "money",
           "number", "p_told", "p_value", "points", "probability", "range",
           "round_share", "share", "signed_money", "times", "value"}  # fmt: skip


def test_checks_write_plain_numbers() -> None:
    """Their sentences are put into the locale's form whole, so nothing is in it before.

    A day that was written as "9 Nov 2026" would come out as the number 2,026.
    """
    for path in sorted((FOLDER / "reports" / "text" / "checks").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                formatted = node.value.id == "words" and node.attr in FORMATS
                assert not formatted, f"{path.name}:{node.lineno} words.{node.attr}"
