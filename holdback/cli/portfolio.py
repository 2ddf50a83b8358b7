"""`holdback portfolio`: all finished experiments together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from holdback.cli.console import examples

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["command"]


@click.command(
    "portfolio",
    epilog=examples(
        "portfolio",
        "portfolio shop-a shop-b -o results",
        "portfolio --format json",
    ),
)
@click.argument("folders", nargs=-1, metavar="[DIR]...")
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    help="Where to write portfolio.html and portfolio.json. Default: results/ in the "
    "first DIR.",
)
@click.option("--format", "shape", type=click.Choice(["text", "json"]), default="text")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def command(
    folders: tuple[str, ...], output: str | None, shape: str, *, quiet: bool
) -> None:
    """Put all finished experiments together: money, winners, what the next may bring.

    DIR is a project's folder, or one that holds results; by default the current one.
    Writes portfolio.html and portfolio.json.
    """
    from pathlib import Path

    from holdback import workflow
    from holdback.atomic_files import write_files
    from holdback.cli.analyze import report_among
    from holdback.cli.console import progress
    from holdback.portfolio.experiment_list import reports_in
    from holdback.reports.exports.terminal import portfolio_summary
    from holdback.reports.pages.portfolio_page import render
    from holdback.results.json_codec import to_json

    places = [Path(folder) for folder in folders or (".",)]
    with progress("Reading the results", quiet=quiet):
        together = workflow.portfolio(places)
    target = Path(output) if output else _beside(places[0])
    pages = {
        "portfolio.html": render(together, reports_in(places, target)),
        "portfolio.json": to_json(together),
    }
    written = write_files(target, pages, manifest=True)
    if quiet:
        return
    if shape == "json":
        click.echo(to_json(together), nl=False)
        return
    click.echo(portfolio_summary(together))
    click.echo(f"\nPortfolio: {report_among(written)}")


def _beside(folder: Path) -> Path:
    results = folder / "results"
    return results if results.is_dir() else folder
