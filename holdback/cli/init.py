"""`holdback init`: a commented project that runs as it is."""

from __future__ import annotations

from pathlib import Path

import click

from holdback.cli.console import examples
from holdback.errors import ConfigError, Problem

__all__ = ["command"]

TEMPLATE_NAMES = ["ecommerce", "saas", "fintech", "hospitality"]


@click.command(
    "init",
    epilog=examples(
        "init my-shop",
        "init --template saas",
    ),
)
@click.argument("folder", default=".", metavar="[DIR]")
@click.option(
    "--template",
    type=click.Choice(TEMPLATE_NAMES),
    default="ecommerce",
    show_default=True,
    help="Which business the example is taken from.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def command(folder: str, template: str, *, quiet: bool) -> None:
    """Write a commented project with invented data into DIR (default: here).

    Nothing that exists is overwritten. Replace the data by yours, then the names of
    the columns in holdback.yaml.
    """
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
            fix="Name another folder: holdback init DIR.",
        )
        for name in names
        if (target / name).exists()
    ]
    if problems:
        raise ConfigError(problems)
