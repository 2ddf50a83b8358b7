"""Docstrings say which errors can come out, and which shape an array has."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "holdback"
MODULES = sorted(PACKAGE.rglob("*.py"))
STATISTICS = sorted((PACKAGE / "stats").rglob("*.py"))
Function = ast.FunctionDef | ast.AsyncFunctionDef

RAISES = re.compile(r"\b[Rr]aises?\b")
ARRAYS = re.compile(r"\b(Vector|Whole|NDArray|ndarray|ArrayLike)\b")
SHAPE = r"\((?:…|\w+)(?: [-+−] \d+)?,(?: (?:…|\w+)(?: [-+−] \d+)?,?)*\)"
NEAR = 90
"""Characters after its name within which a parameter's shape stands."""


@dataclass
class Known:
    """A function or method of one module, and what it calls there."""

    node: Function
    name: str
    own: bool = False
    calls: set[str] = field(default_factory=set)

    @property
    def is_public(self) -> bool:
        """Whether no part of its dotted name is private."""
        return not any(part.startswith("_") for part in self.name.split("."))

    @property
    def is_command(self) -> bool:
        """Whether its docstring is what `--help` shows: errors are told when met."""
        decorators = map(ast.unparse, self.node.decorator_list)
        return any(re.match(r"(click\.)?command\b", text) for text in decorators)

    @property
    def docstring(self) -> str:
        """Its docstring with line breaks as spaces."""
        return " ".join((ast.get_docstring(self.node) or "").split())


def functions_of(tree: ast.Module) -> Iterator[tuple[str, Function]]:
    """Functions of a module and methods of its classes, by dotted name."""
    for node in tree.body:
        if isinstance(node, Function):
            yield node.name, node
        elif isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, Function):
                    yield f"{node.name}.{inner.name}", inner


def uncaught(node: ast.AST) -> Iterator[ast.AST]:
    """What a function holds; of a `try` with handlers only these and what follows."""
    for child in ast.iter_child_nodes(node):
        yield child
        if isinstance(child, ast.Try) and child.handlers:
            for part in (*child.handlers, *child.orelse, *child.finalbody):
                yield part
                yield from uncaught(part)
        else:
            yield from uncaught(child)


def is_error(node: ast.AST) -> bool:
    """Whether it raises; what stands in for a method to be written does not."""
    return isinstance(node, ast.Raise) and (
        node.exc is None or "NotImplementedError" not in ast.unparse(node.exc)
    )


def known_of(tree: ast.Module) -> dict[str, Known]:
    """The functions of a module, whether they raise themselves, and what they call."""
    known = {name: Known(node, name) for name, node in functions_of(tree)}
    for function in known.values():
        function.own = any(map(is_error, ast.walk(function.node)))
        owner = function.name.rpartition(".")[0]
        for node in uncaught(ast.Module(function.node.body, [])):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                name = owner if node.func.id == "cls" else node.func.id
                function.calls |= {f"{name}.__init__", f"{name}.__post_init__"}
            elif isinstance(node, ast.Name):
                function.calls.add(node.id)
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                base = owner if node.value.id in {"self", "cls"} else node.value.id
                function.calls.add(f"{base}.{node.attr}")
    return known


def raising(known: dict[str, Known]) -> set[str]:
    """Names of those that raise, or call one that does."""
    found = {name for name, function in known.items() if function.own}
    while True:
        more = {name for name, one in known.items() if one.calls & found} - found
        if not more:
            return found
        found |= more


def silent_about_errors(text: str) -> list[str]:
    """Public functions of a module that raise and do not say so."""
    known = known_of(ast.parse(text))
    return [
        name
        for name in sorted(raising(known))
        if known[name].is_public
        and not known[name].is_command
        and not RAISES.search(known[name].docstring)
    ]


def arrays_of(function: Known) -> list[str]:
    """Parameters whose annotation is an array."""
    arguments = function.node.args
    return [
        argument.arg
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
        if argument.annotation is not None and is_array(argument.annotation)
    ]


def is_array(annotation: ast.expr) -> bool:
    """Whether an annotation is of an array, or of several; not of a function of one."""
    text = ast.unparse(annotation)
    return bool(ARRAYS.search(text)) and "Callable" not in text


def silent_about_shapes(text: str) -> list[str]:
    """Array parameters and returns of public functions whose shape is not given."""
    missing = []
    for function in known_of(ast.parse(text)).values():
        if not function.is_public:
            continue
        for name in arrays_of(function):
            near = rf"\b{name}\b.{{0,{NEAR}}}?{SHAPE}"
            if not re.search(near, function.docstring):
                missing.append(f"{function.name}: {name}")
        returns = function.node.returns
        has_array = returns is not None and is_array(returns)
        if has_array and not re.search(SHAPE, function.docstring):
            missing.append(f"{function.name}: return")
    return missing


@pytest.mark.parametrize(
    "path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_errors_are_named(path: Path) -> None:
    """A public function that raises, itself or through its module, says so."""
    assert silent_about_errors(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "path", STATISTICS, ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_shapes_are_given(path: Path) -> None:
    """A public function of the statistics gives each array's shape."""
    assert silent_about_shapes(path.read_text(encoding="utf-8")) == []


def test_check_of_errors_against_itself() -> None:
    """It follows calls, methods and constructors, but not what is caught."""
    text = """
class Share:
    def __post_init__(self): raise ValueError
    @classmethod
    def of(cls, x): return cls(x)
    def silent(self): return self._half()
    def _half(self): return Share(1)
    def told(self):
        '''Raises ValueError.'''
        return self.silent()
def caught(x):
    try: return Share(x)
    except ValueError: return None
def typed(x: Share): return x
def _hidden(): raise KeyError
"""
    assert silent_about_errors(text) == ["Share.of", "Share.silent"]


def test_check_of_shapes_against_itself() -> None:
    """A shape must stand near the name; functions of arrays are no arrays."""
    text = """
def f(x: Vector, y: Vector, g: Callable[[Vector], Vector]) -> Vector:
    '''Doubles x: (n,); y is left.'''
def h(x: float) -> Vector:
    '''No shape.'''
"""
    assert silent_about_shapes(text) == ["f: y", "h: return"]


TESTS = sorted((PACKAGE.parent / "tests").rglob("test_*.py"))
STORED = {
    "results/scorecard-1.json": "read, not expected: a file of the first schema",
}
"""Stored files that tests read, and why they are no output that expects itself."""
DIGITS = 5
"""A number of so many digits that count was computed somewhere."""
SOURCE = re.compile(
    r"against|\bas (?:numpy|pandas|scipy|statsmodels)|\bby (?:hand|day|formula|loops)"
    r"|published|figures?\b|statsmodels|scipy|pandas|script|simulat|closed form"
    r"|formula|table|brute|quadrature|integra|draws|drawn|counted|written out"
    r"|textbook|tool|SDK|vendor|worked|computed|identity|invarian|oracle|\brows\b"
    r"|rejects|\bsums?\b|adds? up|quantile|pooled z|delta"
    r"|enumerated|CLDR",
    re.IGNORECASE,
)
"""Words by which a test says where its numbers come from."""


def without_source(text: str) -> list[str]:
    """Tests that expect a number of five digits and do not say from where."""
    module = ast.parse(text)
    silent = []
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
            said = f"{node.name} {ast.get_docstring(node) or ''}".replace("_", " ")
            if expects_digits(node) and not SOURCE.search(said):
                silent.append(node.name)
    return silent


def expects_digits(test: ast.FunctionDef) -> bool:
    """Whether an assertion holds something against such a number."""
    return any(
        isinstance(part, ast.Constant)
        and type(part.value) in {int, float}
        and len(re.sub(r"e.*|\D", "", repr(part.value)).strip("0")) >= DIGITS
        for statement in ast.walk(test)
        if isinstance(statement, ast.Assert)
        for part in ast.walk(statement)
    )


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_expected_numbers_say_where_they_come_from(path: Path) -> None:
    """A number with many digits in an assertion has its source in the docstring."""
    assert without_source(path.read_text(encoding="utf-8")) == []


def test_stored_files_say_what_they_are() -> None:
    """Data that stand beside the tests are named above, each with its reason."""
    folder = PACKAGE.parent / "tests"
    data = {".json", ".csv", ".txt", ".html", ".svg", ".parquet", ".yaml", ".npz"}
    found = {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.suffix in data and path.name != "requirements.txt"
    }
    assert found == set(STORED)


def test_check_of_sources_against_itself() -> None:
    """Many digits without a word about them are found; round numbers are none."""
    text = """
def test_silent():
    '''It is right.'''
    assert f() == approx(0.123456)
def test_round():
    '''It is right.'''
    assert f() == 100_000
def test_told():
    '''Published: 0.123456.'''
    assert f() == approx(0.123456)
"""
    assert without_source(text) == ["test_silent"]
