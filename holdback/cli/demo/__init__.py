"""`holdback demo`: a small project on simulated data, from plan to report."""

from __future__ import annotations

from pathlib import Path

import click

from holdback.cli.console import examples

__all__ = ["command"]


@click.command(
    "demo",
    epilog=examples(
        "demo",
        "demo my-demo --seed 7",
    ),
)
@click.argument("folder", default="holdback-demo", metavar="[DIR]")
@click.option(
    "--units",
    default=100_000,
    show_default=True,
    type=click.IntRange(1_000, 10_000_000),
    help="Customers of the shop.",
)
@click.option(
    "--seed",
    default=2026,
    show_default=True,
    type=click.IntRange(0),
    help="Which of the possible worlds is drawn.",
)
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "json"]),
    default="text",
    help="What to print: the answer for people, or for programs.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def command(folder: str, units: int, seed: int, shape: str, *, quiet: bool) -> None:
    """Simulate a shop whose true lift is known, and measure that lift.

    Writes a small project to DIR: two YAML files, the shop's tables, the results.
    Run again, it draws the data anew and leaves YAML files that you changed alone.
    """
    from holdback.cli.console import progress
    from holdback.cli.demo.run import as_json, as_text, demonstrate

    with progress("Simulating a shop", quiet=quiet):
        made = demonstrate(Path(folder), units=units, seed=seed)
    if not quiet:
        click.echo(as_json(made) if shape == "json" else as_text(made))
