"""The catalog of what reports say: complete, used, and all that a page speaks from."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter
from typing import Any

import pytest
from reports.examples import EXAMPLES
from reports.gallery import GALLERY, YAML

import holdback
from holdback.reports.exports.markdown_summary import markdown
from holdback.reports.exports.terminal import summary
from holdback.reports.pages.experiment_page import render
from holdback.reports.text import catalog as wording
from holdback.results.json_codec import to_json
from holdback.results.scorecard import Scorecard

FOLDER = Path(holdback.__file__).parent
LANGUAGES = sorted(
    path.stem
    for path in (FOLDER / "reports" / "text").glob("*.toml")
    if path.stem != "en"
)


def leaves(found: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every text with its key, those of a list under the list's key."""
    if isinstance(found, Mapping):
        for name, inner in found.items():
            yield from leaves(inner, f"{path}.{name}" if path else name)
    elif isinstance(found, list):
        for text in found:
            yield path, text
    else:
        yield path, found


NOUNS = {"customer", "customers", "Customers"}
"""What a unit is called, which fits any template."""


def fields(text: str) -> set[str]:
    """The placeholders of a template, without the nouns."""
    names = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    return names - NOUNS


def calls() -> Iterator[tuple[str, str, set[str] | None, str]]:
    """Function, key, names of the values (None if unknown), and place of each use."""
    for path in sorted(FOLDER.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        names = "text.catalog import" in text or "text.codes import" in text
        if not names or path.name == "codes.py":  # which says what others name
            continue
        for node in ast.walk(ast.parse(text)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
                continue
            if node.func.id not in ("say", "texts", "heads", "counted", "filled"):
                continue
            function, key = node.func.id, node.args[0] if node.args else None
            if function == "filled":  # a code; its template, else that of the code
                function, given_key = "say", node.args[1:]
                key = given_key[0] if given_key else ast.Constant(f"checks.{key.value}")
            given: set[str] | None = {k.arg for k in node.keywords if k.arg}
            if node.func.id == "filled" or any(k.arg is None for k in node.keywords):
                given = None
            where = f"{path.name}:{node.lineno}"
            if isinstance(key, ast.Constant):
                yield function, key.value, given, where
            elif isinstance(key, ast.JoinedStr):
                start = key.values[0]
                assert isinstance(start, ast.Constant), where
                yield "texts", start.value.rstrip("."), None, where
            else:
                pytest.fail(f"{where}: a key that no search finds")


ENGLISH = dict(leaves(wording.catalog("en")))
USES = list(calls())


def test_every_key_is_there_with_its_values() -> None:
    """What the code asks for is in the catalog, and fits its placeholders."""
    wrong = []
    for function, key, given, where in USES:
        if function == "say":
            if key not in ENGLISH:
                wrong.append(f"{where}: no {key}")
            elif given is not None and fields(ENGLISH[key]) != given:
                wrong.append(f"{where}: {key} wants {fields(ENGLISH[key])}")
        elif not any(k == key or k.startswith(f"{key}.") for k in ENGLISH):
            wrong.append(f"{where}: nothing under {key}")
    assert wrong == []


def test_every_text_is_said() -> None:
    """The catalog holds nothing that no code asks for."""
    said = {key for function, key, _, _ in USES if function in ("say", "heads")}
    under = tuple(
        f"{key}." for function, key, _, _ in USES if function in ("texts", "counted")
    )
    assert [k for k in ENGLISH if k not in said and not k.startswith(under)] == []


def gaps(texts: Mapping[str, Any]) -> dict[str, str]:
    """Where a language says less, more, or with other values than English does."""
    told = dict(leaves(texts))
    return {
        key: "missing" if key not in told else "other values"
        for key, text in ENGLISH.items()
        if key not in told or fields(told[key]) != fields(text)
    } | {key: "unknown" for key in told if key not in ENGLISH}


def test_translations_are_whole() -> None:
    """Every file beside the English one has its keys and placeholders."""
    assert {name: gaps(wording.catalog(name)) for name in LANGUAGES} == {
        name: {} for name in LANGUAGES
    }


def test_gaps_are_found() -> None:
    """A text left out, one with another value, one too many."""
    texts = json.loads(json.dumps(wording.catalog("en")))
    texts["confidence"].pop("title")
    texts["words"]["about"] = "etwa {zahl} von 100"
    texts["words"]["new"] = "neu"
    assert gaps(texts) == {
        "confidence.title": "missing",
        "words.about": "other values",
        "words.new": "unknown",
    }


def pseudo(found: Any) -> Any:
    """A language whose every text stands in brackets."""
    if isinstance(found, Mapping):
        return {name: pseudo(inner) for name, inner in found.items()}
    if isinstance(found, list):
        return [pseudo(text) for text in found]
    return f"⟦{found}⟧" if found else found


@pytest.fixture
def bracketed(monkeypatch: pytest.MonkeyPatch) -> None:
    """English reports are told in the bracketed language."""
    texts = pseudo(wording.catalog("en"))
    monkeypatch.setattr(wording, "catalog", lambda _language: texts)


class Visible(HTMLParser):
    """The text that a reader or a screen reader meets."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Count what is hidden; labels are read aloud."""
        self.hidden += tag in ("style", "pre", "code", "title")
        self.texts += [
            text or "" for name, text in attrs if name in ("aria-label", "alt")
        ]

    def handle_endtag(self, tag: str) -> None:
        """Leave what is hidden."""
        self.hidden -= tag in ("style", "pre", "code", "title")

    def handle_data(self, data: str) -> None:
        """Keep what is shown."""
        if not self.hidden:
            self.texts.append(data)


def outside(text: str) -> str:
    """What stands in no bracket."""
    while (rest := re.sub(r"⟦[^⟦⟧]*⟧", " ", text)) != text:
        text = rest
    return text


def foreign(told: str, scorecard: Scorecard) -> set[str]:
    """Words outside the brackets that are not the scorecard's own."""
    own = " ".join(strings(to_json(scorecard))).lower()
    words = set(re.findall(r"[^\W\d_]{2,}", outside(told).lower()))
    return words - set(re.findall(r"[^\W\d_]{2,}", own))


def strings(text: str) -> Iterator[str]:
    """Every name and text of a JSON document."""

    def walk(found: Any) -> Iterator[str]:
        if isinstance(found, dict):
            for name, inner in found.items():
                yield name
                yield from walk(inner)
        elif isinstance(found, list):
            for inner in found:
                yield from walk(inner)
        elif isinstance(found, str):
            yield found

    yield from walk(json.loads(text))


MONTHS = {"jul", "aug", "sep", "sept", "oct", "nov"}
"""Written by the locale, which the brackets leave as it is."""


@pytest.mark.parametrize("name", sorted(EXAMPLES))
@pytest.mark.usefixtures("bracketed")
def test_a_page_speaks_from_the_catalog_alone(name: str) -> None:
    """In a language of brackets, no word of the page stands outside them."""
    scorecard = EXAMPLES[name]()
    page = Visible()
    page.feed(render(scorecard))
    assert foreign(" \n".join(page.texts), scorecard) - MONTHS == set()


@pytest.mark.parametrize("name", ["srm-failed", "returns"])
@pytest.mark.usefixtures("bracketed")
def test_an_analysis_speaks_from_it(name: str, tmp_path: Path) -> None:
    """What the engine finds is told from the catalog as well."""
    scorecard = GALLERY[name](tmp_path)
    decision = scorecard.decision
    assert decision is not None
    told = [
        *(check.message for check in scorecard.checks),
        *(str(readout.note) for readout in scorecard.readouts),
        *map(str, decision.reasons),
    ]
    own = re.findall(r"[^\W\d_]{2,}", YAML.lower() + " bold recommendations")
    words = re.findall(r"[^\W\d_]{2,}", outside(" ".join(told)).lower())
    assert set(words) - set(own) == set()


@pytest.mark.parametrize("tell", [markdown, summary])
@pytest.mark.usefixtures("bracketed")
def test_chat_and_terminal_speak_from_it_too(tell: Any) -> None:
    """The short forms have no words of their own either."""
    scorecard = EXAMPLES["clear_win"]()
    assert foreign(tell(scorecard), scorecard) - MONTHS == set()


def test_a_locale_chooses_its_language(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of the language is spoken; without one, and without a key, English."""
    english = wording.catalog("en")
    known = {"en": english, "de": {"confidence": {"title": "Wie sicher"}}}
    monkeypatch.setattr(wording, "catalog", lambda language: known.get(language, {}))
    with wording.speaking("de-AT"):
        assert wording.say("confidence.title") == "Wie sicher"
        assert wording.say("confidence.preview") == ENGLISH["confidence.preview"]
        assert wording.texts("confidence")["title"] == "Wie sicher"
        assert wording.language() == "de"
    with wording.speaking("fr-FR"):
        assert wording.language() == "en"
    assert wording.say("confidence.title") == "How sure we are"


def test_plurals_follow_the_language() -> None:
    """One week, two weeks."""
    key = "precision_sentences.weeks"
    assert wording.counted(key, 1, weeks=1) == "1 more week"
    assert wording.counted(key, 2, weeks=2) == "2 more weeks"


def test_no_file_is_looked_for_outside(tmp_path: Path) -> None:
    """A locale from a file of others names a language and nothing else."""
    (tmp_path / "x.toml").write_text('a = "b"')
    for locale in ("../../x", str(tmp_path / "x"), "", "e\x00n"):
        with wording.speaking(locale):
            assert wording.language() == "en"
