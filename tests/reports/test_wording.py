"""Files of the report hold no wording: it stands in the catalog."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from holdback import reports

FOLDER = Path(reports.__file__).parent
COMMANDS = ("exports/audit_table", "calculator")
"""Answers of a command on a terminal, which nobody forwards."""
PROSE = re.compile(r"[A-Za-z’]{2,} [a-z]|^[A-Z][a-z]{2,}$")
RAISED = {"Problem", "ValueError"}
STYLE = re.compile(
    r"default-src|font-|border-|:root|body {|holdback {{|scope=|^Subject$"
)


def prose(path: Path) -> list[str]:
    """Literals that a reader would read: no markup, documentation, error, key."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    passed: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            passed.add(id(node.value))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in RAISED:
            passed |= set(map(id, ast.walk(node)))
        if (
            isinstance(node, ast.Assign)
            and getattr(node.targets[0], "id", "") == "__all__"
        ):
            passed |= set(map(id, ast.walk(node)))
    literals = (
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and id(node) not in passed
    )
    texts = (re.sub(r"<[^>]*>|<\w.*|[^<]*>", "", t) for t in literals)
    return [t for t in texts if PROSE.search(t) and not STYLE.search(t)]


MODULES = [
    path.relative_to(FOLDER).as_posix()
    for path in sorted(FOLDER.rglob("*.py"))
    if not path.relative_to(FOLDER).as_posix().startswith(COMMANDS)
]


@pytest.mark.parametrize("module", MODULES)
def test_a_file_holds_no_wording(module: str) -> None:
    """What it says comes from the catalog."""
    assert prose(FOLDER / module) == []


def test_prose_is_found(tmp_path: Path) -> None:
    """The search knows prose from markup, documentation and errors."""
    path = tmp_path / "x.py"
    path.write_text(
        '"""Say it."""\na = "What it is"\nb = "<p class=x>{}</p>"\n'
        'c = "<p>So it is</p>"\nraise ValueError("This is wrong.")\n'
        'd = f"and {a} is more"\n'
    )
    assert prose(path) == ["What it is", "So it is", " is more"]
