"""Nothing outside the metric kinds names one: the rest asks, and never knows which."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import holdback
from holdback.experiments.kinds.metric import kinds

HOUSE = Path(holdback.__file__).parent
KINDS = HOUSE / "experiments" / "metrics"
BASES = HOUSE / "experiments" / "kinds"
PACKAGE = "holdback.experiments.metrics"
BASE = "holdback.experiments.kinds.metric"
COMMON = {
    f"holdback.experiments.kinds.{n}" for n in ("share_of_units", "time_to_event")
}
ASKED = {"Limit", "LifetimeTerms", "Metric", "kinds"}
"""What others may know: the questions, what is answered, and the register."""


def outside() -> list[Path]:
    """Files of the package, the demo (which knows its own project) left out."""
    return [
        path
        for path in sorted(HOUSE.rglob("*.py"))
        if not {KINDS, BASES} & set(path.parents) and "demo" not in path.parts
    ]


def imported(tree: ast.Module) -> Iterator[str]:
    """What a file takes from the metric kinds; a kind's own file by its name."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == BASE:
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if module.startswith(f"{PACKAGE}.") or module in COMMON:
                yield module
        elif isinstance(node, ast.Import):
            yield from (
                alias.name
                for alias in node.names
                if alias.name.startswith(f"{PACKAGE}.")
            )


def compared_kinds(tree: ast.Module) -> Iterator[str]:
    """Names of kinds that something called a kind is compared with."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Compare):
            continue
        sides = [node.left, *node.comparators]
        if any(asks_for_kind(side) for side in sides):
            yield from (
                leaf.value
                for side in sides
                for leaf in ast.walk(side)
                if isinstance(leaf, ast.Constant) and leaf.value in set(kinds)
            )


def asks_for_kind(node: ast.expr) -> bool:
    """Whether an expression is `kind`, or the `kind` or `family` of something."""
    if isinstance(node, ast.Name):
        return node.id == "kind"
    return isinstance(node, ast.Attribute) and node.attr in {"family", "kind"}


def test_only_the_questions_are_imported() -> None:
    """No file outside imports a kind, or what several kinds have in common."""
    found = {
        str(path.relative_to(HOUSE)): sorted(names)
        for path in outside()
        if (names := set(imported(ast.parse(path.read_text()))) - ASKED)
    }
    assert found == {}


def test_no_kind_is_compared() -> None:
    """No file outside compares a kind with the name of one."""
    found = {
        str(path.relative_to(HOUSE)): names
        for path in outside()
        if (names := list(compared_kinds(ast.parse(path.read_text()))))
    }
    assert found == {}


def test_the_scan_sees_both() -> None:
    """The scan finds what it is there to find."""
    tree = ast.parse(
        "from holdback.experiments.metrics.clv import Clv\n"
        "from holdback.experiments.kinds.metric import Metric, ANY_LEVEL\n"
        "from holdback.experiments.kinds.share_of_units import Proportion\n"
        "if metric.kind in {'ratio', 'other'} or kind != 'mean': pass\n"
    )
    common = {"ANY_LEVEL", "holdback.experiments.kinds.share_of_units"}
    assert set(imported(tree)) - ASKED == {f"{PACKAGE}.clv", *common}
    assert sorted(compared_kinds(tree)) == ["mean", "ratio"]
