"""Wording stands in the files of words, so that a translation knows where to look."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from holdback.reports import blocks

FOLDER = Path(blocks.__file__).parent
CLEAN = (
    "belief",
    "confidence",
    "decision",
    "glossary",
    "metrics",
    "parts",
    "planned",
    "provenance",
    "segments",
    "sensitivity",
    "trend",
    "watch",
)
PROSE = re.compile(r"[A-Za-z’]{2,} [a-z]|^[A-Z][a-z]{2,}$")


def prose(path: Path) -> list[str]:
    """Literals that a reader would read: neither markup nor documentation."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    texts = (
        re.sub(r"<[^>]*>|<\w.*", "", node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in said
    )
    return [text for text in texts if PROSE.search(text)]


@pytest.mark.parametrize("block", CLEAN)
def test_a_block_holds_no_wording(block: str) -> None:
    """What it says comes from the phrases and sentences."""
    assert prose(FOLDER / f"{block}.py") == []


def test_prose_is_found(tmp_path: Path) -> None:
    """The search knows prose from markup and documentation."""
    path = tmp_path / "x.py"
    path.write_text('"""Say it."""\na = "What it is"\nb = "<p class=x>{}</p>"\n')
    assert prose(path) == ["What it is"]
