"""What `help` says of each public name: what it takes and gives, and an example.

The examples are run in the folder of a demo, as a reader would.
"""

from __future__ import annotations

import doctest
import inspect
import re
from pathlib import Path
from textwrap import dedent

import pytest

import holdback as hb
from holdback.cli import main as cli

FUNCTIONS = [name for name in hb.__all__ if inspect.isfunction(getattr(hb, name))]
CLASSES = [name for name in hb.__all__ if inspect.isclass(getattr(hb, name))]
BLOCK = re.compile(r"^For instance::\n\n((?:    .*\n?|\n)+)", re.MULTILINE)


def told(name: str) -> str:
    """The help of a name, without its indentation."""
    return inspect.getdoc(getattr(hb, name)) or ""


def example(name: str) -> str:
    """The code of its example; empty where it is a doctest, or none."""
    found = BLOCK.search(told(name))
    return dedent(found[1]) if found else ""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A demo of 2,000 customers."""
    folder = tmp_path_factory.mktemp("face") / "demo"
    assert cli.run(["demo", str(folder), "--units", "2000", "--quiet"]) == 0
    return folder


@pytest.mark.parametrize("name", FUNCTIONS)
def test_parameters_have_types_and_what_is_given_is_told(name: str) -> None:
    """Each parameter has its line; a type stands behind those of one kind."""
    head, _, takes = told(name).partition("\nTakes\n")
    takes, _, gives = takes.partition("\nGives\n")
    assert head
    assert gives
    parameters = inspect.signature(getattr(hb, name)).parameters
    for key, parameter in parameters.items():
        several = parameter.kind is inspect.Parameter.VAR_KEYWORD
        kind = "" if several else r" \(.+?\)"
        assert re.search(rf"^    {key}{kind}:\s", takes, re.MULTILINE | re.DOTALL), key
    lines = re.findall(r"^    (\w+)(?: \(|:)", takes, re.MULTILINE)
    assert lines == list(parameters)


@pytest.mark.parametrize("name", [*FUNCTIONS, "Analysis", "HoldbackError"])
def test_examples_run(
    name: str, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As they stand in the help, with `import holdback as hb` before them."""
    monkeypatch.chdir(project)
    code = example(name)
    if code:
        exec(compile(code, f"help({name})", "exec"), {"hb": hb})  # noqa: S102  # ours
        return
    tests = doctest.DocTestFinder(recurse=False).find(getattr(hb, name), name)
    assert sum(len(test.examples) for test in tests) > 0


@pytest.mark.parametrize("name", CLASSES)
def test_what_a_class_offers_is_told(name: str) -> None:
    """It and each public method and property of its own has a docstring."""
    kind = getattr(hb, name)
    assert told(name)
    for key, member in vars(kind).items():
        if not key.startswith("_") and (
            inspect.isfunction(member) or isinstance(member, property | classmethod)
        ):
            assert inspect.getdoc(member), key
