"""`holdback doctor`: whether this installation can do its work."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import import_module, metadata
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from holdback import __version__
from holdback.cli.console import examples
from holdback.errors import EnvironmentFault, Problem

__all__ = ["Sign", "command", "examined"]

DOCTOR_SCHEMA = "holdback/doctor/1"
OLDEST_PYTHON = (3, 11)
MEGABYTE = 1_000_000
LEAST_MEMORY = 500 * MEGABYTE
REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?>=([0-9][0-9.]*)")
# Optional library -> what it is for; none of them is missed by the main job.
OPTIONAL = {
    "psycopg": "PostgreSQL: pip install 'holdback[postgres]'",
    "pandas": "pandas frames: pip install 'holdback[frames]'",
    "polars": "polars frames: pip install 'holdback[frames]'",
    "pyarrow": "Arrow tables: pip install 'holdback[frames]'",
    "sklearn": "predicted covariates: pip install 'holdback[predict]'",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sign:
    """One thing that was looked at; `fix` says what to do unless it is well."""

    name: str
    status: Literal["ok", "absent", "fail"]
    value: str
    fix: str = ""


@click.command(
    "doctor",
    epilog=examples(
        "doctor",
        "doctor --format json",
    ),
)
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How to print: for people, or for programs.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def command(shape: str, *, quiet: bool) -> None:
    """Look at Python, the libraries, time zones, folders and memory.

    Exit code 5 when something is missing that the main job needs.
    """
    signs = tuple(examined())
    if not quiet:
        click.echo(_as_json(signs) if shape == "json" else _as_text(signs))
    broken = [sign for sign in signs if sign.status == "fail"]
    if broken:
        raise EnvironmentFault(
            [Problem(where=s.name, what=s.value, fix=s.fix) for s in broken]
        )


def examined() -> Iterator[Sign]:
    """Everything that is looked at, in the order of the printout."""
    yield Sign(name="holdback", status="ok", value=__version__)
    yield _python()
    for name, oldest in _requirements():
        yield _library(name, oldest)
    for name, purpose in OPTIONAL.items():
        yield _optional(name, purpose)
    yield _engine()
    yield _time_zones()
    yield _folder("working folder", Path.cwd())
    yield _folder("temporary folder", Path(tempfile.gettempdir()))
    yield _memory()
    yield Sign(name="processors", status="ok", value=str(os.cpu_count() or 1))


def _python() -> Sign:
    version = platform.python_version()
    if sys.version_info[:2] >= OLDEST_PYTHON:
        return Sign(name="python", status="ok", value=version)
    fix = f"Install Python {'.'.join(map(str, OLDEST_PYTHON))} or newer."
    return Sign(name="python", status="fail", value=version, fix=fix)


def _requirements() -> Iterator[tuple[str, str]]:
    """(library, oldest version) that the installed package asks for."""
    try:
        lines = metadata.requires("holdback") or []
    except metadata.PackageNotFoundError:
        return
    for line in lines:
        requirement = REQUIREMENT.match(line)
        if requirement and "extra ==" not in line:
            yield requirement[1], requirement[2]


def _library(name: str, oldest: str) -> Sign:
    try:
        version = metadata.version(name)
    except metadata.PackageNotFoundError:
        fix = f"pip install '{name}>={oldest}'"
        return Sign(name=name, status="fail", value="is not installed", fix=fix)
    if _numbers(version) >= _numbers(oldest):
        return Sign(name=name, status="ok", value=version)
    fix = f"pip install --upgrade '{name}>={oldest}'"
    return Sign(name=name, status="fail", value=f"{version} is too old", fix=fix)


def _optional(name: str, purpose: str) -> Sign:
    try:
        return Sign(name=name, status="ok", value=metadata.version(name))
    except metadata.PackageNotFoundError:
        return Sign(name=name, status="absent", value="optional", fix=f"For {purpose}")


def _engine() -> Sign:
    """Whether the embedded data engine starts and knows what its queries use."""
    try:
        duckdb = import_module("duckdb")
        with duckdb.connect() as connection:
            connection.execute("SELECT sha256('a'), 1::HUGEINT")
    except Exception as error:  # noqa: BLE001  # whatever it is, it is the finding
        value = f"does not start ({type(error).__name__})"
        fix = "pip install --force-reinstall duckdb"
        return Sign(name="data engine", status="fail", value=value, fix=fix)
    return Sign(name="data engine", status="ok", value="starts")


def _time_zones() -> Sign:
    try:
        ZoneInfo("Europe/Dublin")
    except ZoneInfoNotFoundError:
        value, fix = "are not there", "pip install tzdata"
        return Sign(name="time zones", status="fail", value=value, fix=fix)
    return Sign(name="time zones", status="ok", value="are there")


def _folder(name: str, folder: Path) -> Sign:
    try:
        with tempfile.NamedTemporaryFile(dir=folder) as file:
            file.write(b"0")
        free = shutil.disk_usage(folder).free
    except OSError as error:
        value = f"cannot be written: {error.strerror}"
        fix = "Change its permissions, or use another folder."
        return Sign(name=name, status="fail", value=value, fix=fix)
    return Sign(name=name, status="ok", value=f"{free // MEGABYTE} MB free")


def _memory() -> Sign:
    free = _free_memory()
    if free is None:
        return Sign(name="memory", status="absent", value="not known", fix="")
    value = f"{free // MEGABYTE} MB free"
    if free >= LEAST_MEMORY:
        return Sign(name="memory", status="ok", value=value)
    fix = "Close other programs: 500 MB should be free."
    return Sign(name="memory", status="fail", value=value, fix=fix)


def _free_memory() -> int | None:
    """Bytes that a new process may use, where the system tells (Linux)."""
    try:
        text = Path("/proc/meminfo").read_text(encoding="ascii")
    except OSError:
        return None
    available = re.search(r"^MemAvailable:\s+(\d+) kB", text, re.MULTILINE)
    return int(available[1]) * 1024 if available else None


def _numbers(version: str) -> tuple[int, ...]:
    """The leading numbers of a version.

    >>> _numbers("2.0.36rc1")
    (2, 0, 36)
    """
    digits = re.match(r"\d+(?:\.\d+)*", version)
    return tuple(int(part) for part in digits[0].split(".")) if digits else ()


def _as_json(signs: tuple[Sign, ...]) -> str:
    report = {"schema": DOCTOR_SCHEMA, "signs": [asdict(sign) for sign in signs]}
    return json.dumps(report, indent=2, ensure_ascii=False)


def _as_text(signs: tuple[Sign, ...]) -> str:
    width = max(len(sign.name) for sign in signs)
    marks = {"ok": "ok", "absent": "–", "fail": "FAIL"}
    return "\n".join(
        f"{marks[s.status]:<4}  {s.name:<{width}}  {s.value}"
        + (f"   {s.fix}" if s.fix else "")
        for s in signs
    )
