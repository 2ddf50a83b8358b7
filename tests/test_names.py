"""One name, one meaning: what stands at the top of a module is called that once."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FILES = sorted((ROOT / "holdback").rglob("*.py"))
FOLDERS = sorted({file.parent for file in FILES})
UPPER = re.compile(r"_?[A-Z][A-Z0-9_]+")


def named(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Each class, constant and alias of a module, and what it is.

    A class or constant is what it is where it stands; an alias is the same thing
    wherever the same type is written. Type variables mean nothing by themselves.
    """
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            yield node.name, f"class at line {node.lineno}"
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            written = ast.unparse(node.value) if node.value else ""
            parts = [part for target in targets for part in ast.walk(target)]
            for name in (part.id for part in parts if isinstance(part, ast.Name)):
                if UPPER.fullmatch(name):
                    yield name, f"constant at line {node.lineno}"
                elif name[:1].isupper() and not written.startswith("TypeVar("):
                    yield name, written


def doubles(modules: dict[str, str]) -> dict[str, list[str]]:
    """Names with more than one meaning, and the modules where they stand."""
    meanings: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for module, text in modules.items():
        for name, what in named(ast.parse(text)):
            where = f"{module}: {what}" if " at line " in what else what
            meanings[name][where].add(module)
    return {
        name: sorted(module for modules in whats.values() for module in modules)
        for name, whats in meanings.items()
        if len(whats) > 1
    }


def test_names_stand_once() -> None:
    """No class, constant or alias of the package has a second meaning."""
    modules = {
        str(file.relative_to(ROOT)): file.read_text(encoding="utf-8") for file in FILES
    }
    assert len(modules) > 100
    assert doubles(modules) == {}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("class Entry: ...", "class Entry: ..."),
        ("YEAR = 52", "YEAR = 365.25"),
        ("POWER = 0.8", "POWER: float = 0.8"),
        ("class Text: ...", "Text: TypeAlias = str"),
        ("MOST, LEAST = 30, 8", "LEAST = 8"),
        ("Key = tuple[str, str]", "Key = tuple[str, int]"),
    ],
)
def test_names_that_stand_twice_are_seen(one: str, other: str) -> None:
    """What stands in two modules is found, also in a tuple or with its type."""
    assert len(doubles({"a.py": one, "b.py": other})) == 1


def test_same_alias_is_one_meaning() -> None:
    """The same type under the same name is no double, nor is a type variable."""
    vector = "Vector = npt.NDArray[np.float64]\nT = TypeVar('T')"
    assert doubles({"a.py": vector, "b.py": vector + "\nR = TypeVar('R')"}) == {}


def in_reading_order(docstring: str) -> set[str]:
    """Files and folders that a folder's docstring sends its readers to."""
    order = re.search(r"\bRead (.*?)(?:\.\s|\.\Z|\Z)", docstring, re.DOTALL)
    return set(re.findall(r"`([\w/]+)`", order[1])) if order else set()


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_folders_name_files_that_exist(folder: Path) -> None:
    """What a folder's docstring says to read is a file or folder in it."""
    text = (folder / "__init__.py").read_text(encoding="utf-8")
    docstring = ast.get_docstring(ast.parse(text))
    assert docstring
    missing = {
        name
        for name in in_reading_order(docstring)
        if not (folder / name).is_dir() and not (folder / f"{name}.py").is_file()
    }
    assert missing == set()


def test_reading_order_is_seen() -> None:
    """Names after `Read` count up to the end of the sentence, also over lines."""
    docstring = "Rooms of `Shop`.\n\nRead `a` and\n`b_c`, then `d`. It keeps `e`."
    assert in_reading_order(docstring) == {"a", "b_c", "d"}
