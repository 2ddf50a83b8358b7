"""`holdback list`: the experiments of a project."""

from __future__ import annotations

import click

from holdback.cli.console import examples

__all__ = ["command"]


@click.command(
    "list",
    epilog=examples(
        "list",
        "list my-shop --format json",
        "list --html",
    ),
)
@click.argument("folder", default=".")
@click.option("--format", "shape", type=click.Choice(["text", "json"]), default="text")
@click.option(
    "--html",
    metavar="[FILE]",
    is_flag=False,
    flag_value="",
    help="Also write a page with links, to FILE or results/index.html. Name it last.",
)
def command(folder: str, shape: str, html: str | None) -> None:
    """List the experiments of a project: window, plan, looks and decision."""
    from pathlib import Path

    from holdback.portfolio.experiment_list import (
        Overview,
        lines,
        overview,
        reports_in,
    )
    from holdback.results.json_codec import to_json

    experiments = overview(Path(folder))
    if html is not None:
        from holdback.atomic_files import write_files
        from holdback.reports.pages.index_page import index

        page = Path(html) if html else Path(folder) / "results" / "index.html"
        reports = reports_in([Path(folder)], page.parent)
        write_files(page.parent, {page.name: index(Path(folder), experiments, reports)})
    if shape == "json":
        click.echo(to_json(Overview(experiments=experiments)), nl=False)
        return
    for line in lines(experiments):
        click.echo(line)
