"""The documentation as MkDocs reads it: pages, and a reference made from the code.

`make docs` runs `python docs/build.py build/docs`, then MkDocs on that folder. The YAML
reference comes from the JSON Schema, the commands from their `--help`, the Python
reference from signatures and docstrings; nothing of them is written by hand.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click

import holdback as hb
from holdback.cli.main import COMMANDS, group
from holdback.experiments.config.json_schema import schema

ROOT = Path(__file__).resolve().parents[1]
REPEATED = ("kind",)
"""Keys that say what the heading says."""


def yaml_reference(schema: Mapping[str, Any]) -> str:
    """Each key of the YAML: what may stand there and what it means."""
    known: dict[str, Any] = dict(schema["$defs"])
    lines = ["# YAML reference", "", f"{schema['description']}", ""]
    lines += ["## The file", "", *_keys(schema)]
    for name, block in sorted(known.items(), key=lambda item: _heading(*item)):
        lines += [f"## {_heading(name, block)}", "", block.get("description", ""), ""]
        lines += _keys(block)
    return "\n".join(lines) + "\n"


def _heading(name: str, block: Mapping[str, Any]) -> str:
    if name.endswith("Metric"):
        return f"Metric: {block['properties']['kind']['enum'][0]}"
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name.removeprefix("Written"))
    first, _, last = words.rpartition(" ")
    if last == "Source":
        return f"Source: {first.lower().replace(' ', '_')}"
    return (first if last == "Keys" else words).capitalize()


def _keys(block: Mapping[str, Any]) -> Iterator[str]:
    """A table of a block's keys."""
    required = block.get("required", ())
    yield from ("| key | value | meaning |", "|---|---|---|")
    for key, said in block.get("properties", {}).items():
        if key in REPEATED:
            continue
        must = " **Required.**" if key in required else ""
        meaning = said.get("description", "").replace("|", "\\|")
        yield f"| `{key}` | {_value(said)} | {meaning}{must} |"
    yield ""


def _value(said: Mapping[str, Any]) -> str:
    """What may stand at a key, in words."""
    if "$ref" in said:
        return "a block"
    if "const" in said:
        return f"`{said['const']}`"
    if "enum" in said:
        return ", ".join(f"`{one}`" for one in said["enum"])
    several = said.get("oneOf") or said.get("anyOf")
    if several:
        return " or ".join(dict.fromkeys(map(_value, several)))
    if "examples" in said:
        return "such as " + ", ".join(f"`{one}`" for one in said["examples"][:2])
    kinds = said.get("type", "anything")
    kind = " or ".join(kinds) if isinstance(kinds, list) else str(kinds)
    if kind == "array":
        return f"a list: {_value(said.get('items', {}))}"
    return {"string": "text", "object": "names, each with its value"}.get(kind, kind)


def command_reference() -> str:
    """The help of each command."""
    lines = ["# Commands", ""]
    context = click.Context(group, info_name="holdback")
    for name in COMMANDS:
        command = group.get_command(context, name)
        assert command is not None  # noqa: S101  # it is in the list of commands
        shown = command.get_help(click.Context(command, context, name))
        lines += [f"## holdback {name}", "", "```text", shown, "```", ""]
    return "\n".join(lines)


def python_reference() -> str:
    """Signature and documentation of each public name."""
    lines = ["# Python reference", "", "`import holdback as hb`", ""]
    for name in sorted(hb.__all__, key=lambda name: (name[0].isupper(), name)):
        value = getattr(hb, name)
        if not callable(value):
            continue
        lines += [f"## hb.{name}", "", *_documented(value, f"hb.{name}")]
        if dataclasses.is_dataclass(value):
            lines += ["| field | type |", "|---|---|"]
            for field in dataclasses.fields(value):
                kind = str(field.type).replace("|", "\\|")
                lines.append(f"| `{field.name}` | `{kind}` |")
            lines.append("")
        for method, member in inspect.getmembers(value, inspect.isfunction):
            if isinstance(value, type) and not method.startswith("_"):
                lines += [f"### hb.{name}.{method}", ""]
                lines += _documented(member, method)
    return "\n".join(lines)


def _documented(value: Any, name: str) -> Iterator[str]:
    """The call and the docstring, whose examples are code."""
    if inspect.isfunction(value):
        yield from ("```python", f"{name}{inspect.signature(value)}", "```", "")
    fenced = False
    for line in (inspect.getdoc(value) or "").splitlines():
        code = line.startswith((">>>", "...")) or (fenced and bool(line.strip()))
        if code != fenced:
            yield "```" if fenced else "```pycon"
        fenced = code
        yield line.replace("``", "`") if not code else line
    yield from ("```", "") if fenced else ("",)


def pages(target: Path) -> None:
    """Copy the documents and put the reference beside them."""
    shutil.rmtree(target, ignore_errors=True)
    skipped = shutil.ignore_patterns("*.py", "__pycache__")
    shutil.copytree(ROOT / "docs", target, ignore=skipped)
    decisions = ["# Decisions", ""]
    for path in sorted((target / "adr").glob("*.md")):
        title = path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")
        decisions.append(f"- [{title}]({path.name})")
    (target / "adr/index.md").write_text("\n".join(decisions) + "\n", encoding="utf-8")
    for path in target.glob("*.md"):
        text = path.read_text(encoding="utf-8").replace("](adr/)", "](adr/index.md)")
        text = re.sub(r"\[([^]]+)\]\(\.\./([^)#]+)[^)]*\)", r"\1 (`\2`)", text)
        path.write_text(text, encoding="utf-8")
    reference = target / "reference"
    reference.mkdir()
    for name, text in {
        "yaml": yaml_reference(schema("experiment")),
        "commands": command_reference(),
        "python": python_reference(),
    }.items():
        (reference / f"{name}.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    pages(Path(sys.argv[1]))
