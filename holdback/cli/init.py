"""`holdback init`: a draft from one's own files, or a commented project that runs."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from glob import glob
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from holdback.cli.console import examples
from holdback.errors import ConfigError, Problem

if TYPE_CHECKING:
    from holdback.drafting.draft import Draft, Question

__all__ = ["command"]

TEMPLATE_NAMES = ["ecommerce", "saas", "fintech", "hospitality"]
TABLE_SUFFIXES = frozenset({".csv", ".tsv", ".txt", ".parquet", ".pq", ".gz", ".xlsx"})


@click.command(
    "init",
    epilog=examples(
        "init customers.csv",
        "init exposures.csv orders.csv --currency EUR",
        "init my-shop --template saas",
    ),
)
@click.argument("paths", nargs=-1, metavar="[FILE…|DIR]")
@click.option(
    "--unit", metavar="COLUMN", help="The id of who was randomized, or `row`."
)
@click.option("--arm", metavar="COLUMN", help="The column that says the arm.")
@click.option("--control", metavar="VALUE", help="The arm that got nothing new.")
@click.option("--time", "time", metavar="COLUMN", help="When units joined the test.")
@click.option("--currency", metavar="CODE", help="The currency of amounts, as EUR.")
@click.option(
    "--dates", metavar="FORM", help="How dates are written: d/m/y, m/d/y, y/m/d …"
)
@click.option(
    "--wide",
    is_flag=True,
    help="Take outcomes from the columns of the first file only.",
)
@click.option(
    "-o", "--output", metavar="FILE", help="Where to write. Default: NAME.yaml here."
)
@click.option(
    "--template",
    type=click.Choice(TEMPLATE_NAMES),
    help="Without files: which business the example is taken from (ecommerce).",
)
@click.option(
    "-q", "--quiet", is_flag=True, help="Print nothing but errors; ask nothing."
)
def command(
    paths: tuple[str, ...],
    output: str | None,
    template: str | None,
    *,
    quiet: bool,
    **told: Any,
) -> None:
    """Write the YAML for your own FILEs; or an example project into DIR.

    Which column is the customer, the arm, the outcome is guessed from the data, each
    guess with its reason beside it. Nothing that exists is overwritten.
    """
    if template is None and any(_is_table(path) for path in paths):
        _from_files(paths, output, told, quiet=quiet)
        return
    if len(paths) > 1:
        raise ConfigError(
            Problem(
                where=" ".join(paths),
                what="these are neither data files nor one folder.",
                fix="Name CSV or Parquet files, or one folder for an example project.",
            )
        )
    _from_template(paths[0] if paths else ".", template or "ecommerce", quiet=quiet)


def _is_table(path: str) -> bool:
    named = Path(path).suffix.lower() in TABLE_SUFFIXES or bool(set(path) & set("*?["))
    return named or Path(path).is_file()


def _from_files(
    paths: tuple[str, ...], output: str | None, given: Mapping[str, Any], *, quiet: bool
) -> None:
    from holdback.atomic_files import write_files
    from holdback.cli.console import progress
    from holdback.drafting.draft import draft
    from holdback.drafting.roles import Told

    told = Told(**given)
    _check_currency(told.currency)
    sources = _named(paths)
    folder = Path(output).parent if output else Path()
    shown = {name: _from(folder, path) for name, path in sources.items()}
    with progress("Looking at the data", quiet=quiet):
        made = draft(sources, shown, told)
    asked: set[str] = set()
    while not quiet and _is_terminal() and made.questions:
        question = made.questions[0]
        answer = _asked(question)
        if question.answers in asked or not answer:
            break
        asked.add(question.answers)
        changed: dict[str, Any] = {question.answers: answer}
        told = replace(told, **changed)
        _check_currency(told.currency)
        made = draft(sources, shown, told)
    name = Path(output).name if output else f"{made.name}.yaml"
    _refuse_existing(folder, [name])
    (written,) = write_files(folder, {name: made.text})
    if not quiet:
        _tell(made, written)


def _tell(made: Draft, written: Path) -> None:
    marks = made.text.count("CHECK") - 1
    for line in made.summary:
        click.echo(f"  {line}")
    click.echo(f"\n{written}")
    if marks:
        click.echo(f"  {marks} guesses are marked CHECK in it: read those lines.")
    click.echo(f"\nNext:\n  holdback analyze {written}")


def _asked(question: Question) -> str:
    """The answer of a person at the terminal; Enter takes the default."""
    if not question.options:
        answer = click.prompt(question.text, default="", show_default=False, err=True)
        return str(answer).strip()
    for number, option in enumerate(question.options, start=1):
        click.echo(f"  {number}  {option}", err=True)
    while True:
        answer = str(
            click.prompt(question.text, default=question.default, err=True)
        ).strip()
        if answer in question.options:
            return answer
        if answer.isdecimal() and 1 <= int(answer) <= len(question.options):
            return question.options[int(answer) - 1]
        click.echo("  Type one of the lines above, or its number.", err=True)


def _is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _check_currency(code: str | None) -> None:
    """ConfigError for a code that is none."""
    from holdback.experiments.language.quantities import CODES, did_you_mean

    if code and code.upper() not in CODES:
        raise ConfigError(
            Problem(
                where="--currency",
                what=f"'{code}' is no currency.",
                fix=did_you_mean(code.upper(), CODES)
                or "Write for instance EUR or USD.",
            )
        )


def _named(paths: tuple[str, ...]) -> dict[str, str]:
    """Files by the name of their source; parts of one table as one glob."""
    from holdback.drafting.names import plain_key

    sources: dict[str, str] = {}
    for path in _as_globs(paths):
        stem = Path(path).name.split(".", maxsplit=1)[0].strip("*_- ")
        sources[plain_key(stem, sources)] = path
    return sources


def _as_globs(paths: tuple[str, ...]) -> list[str]:
    """Files with the same first line are parts of one table."""
    by_header: dict[bytes, list[str]] = {}
    for path in paths:
        by_header.setdefault(_first_line(path), []).append(path)
    return [
        part
        for parts in by_header.values()
        for part in ([_glob(parts)] if len(parts) > 1 else parts)
    ]


def _first_line(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            first = file.readline(4096)
    except OSError:
        return path.encode()
    packed = first[:4] == b"PAR1" or first[:2] in {b"\x1f\x8b", b"PK"}
    return path.encode() if packed else first.strip()


def _same_start(texts: list[str]) -> str:
    """What all texts begin with."""
    same = takewhile(lambda letters: len(set(letters)) == 1, zip(*texts, strict=False))
    return "".join(letters[0] for letters in same)


def _glob(paths: list[str]) -> str:
    """The pattern that fits these files and no other.

    Raises ConfigError where none does.
    """
    start = _same_start(paths)
    end = _same_start([path[len(start) :][::-1] for path in paths])[::-1]
    pattern = f"{start}*{end}"
    if "/" not in pattern[len(start) :] and set(glob(pattern)) == set(paths):  # noqa: PTH207
        return pattern
    raise ConfigError(
        Problem(
            where=", ".join(paths),
            what="these files have the same columns, and other files lie between them.",
            fix="Put the parts of one table into a folder of their own.",
        )
    )


def _from(folder: Path, path: str) -> str:
    """A path as the YAML in a folder writes it."""
    if Path(path).is_absolute():
        return path
    return Path(os.path.relpath(path, folder)).as_posix()


def _from_template(folder: str, template: str, *, quiet: bool) -> None:
    from holdback.atomic_files import write_files
    from holdback.experiments.starter import starter

    target = Path(folder)
    files = starter(template)
    _refuse_existing(target, list(files))
    written = write_files(target, files)
    if quiet:
        return
    for file in written:
        click.echo(file)
    (experiment,) = (name for name in files if name.startswith("experiments/"))
    inside = "" if folder == "." else f"cd {folder}\n  "
    click.echo(
        "\nNext:\n"
        f"  {inside}holdback validate {experiment}\n"
        f"  holdback analyze {experiment}"
    )


def _refuse_existing(target: Path, names: list[str]) -> None:
    problems = [
        Problem(
            where=str(target / name),
            what="this file exists, so nothing was written.",
            fix="Name another folder: holdback init DIR."
            if len(names) > 1
            else "Name another file with `-o FILE`, or move this one away.",
        )
        for name in names
        if (target / name).exists()
    ]
    if problems:
        raise ConfigError(problems)
