"""`holdback site`: everything that a team shares, as static pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from holdback.cli.console import examples
from holdback.errors import ConfigError, Problem, StatsError

if TYPE_CHECKING:
    from pathlib import Path

    from holdback.portfolio.result import Portfolio

__all__ = ["command"]


@click.command("site", epilog=examples("site", "site my-shop -o public"))
@click.argument("folder", default=".", metavar="[DIR]")
@click.option(
    "-o", "--output", metavar="OUT", help="Where to write. Default: site/ in DIR."
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def command(folder: str, output: str | None, *, quiet: bool) -> None:
    """Write a project's results as a site: index, reports, plans, portfolio, record.

    DIR is a project's folder. The pages need no script and nothing from elsewhere, so
    any web server or bucket shows them, and so does a browser that opens index.html.
    What an earlier run wrote to OUT and is no longer part of the site is removed.
    """
    from pathlib import Path

    from holdback.atomic_files import write_files
    from holdback.portfolio.experiment_list import overview
    from holdback.reports.exports.site_pages import site

    project = Path(folder)
    target = Path(output) if output else project / "site"
    _refuse_results(project, target)
    experiments = overview(project)
    pages = site(project, experiments, *_together(project))
    written = write_files(target, pages, manifest=True, alone=True)
    if not quiet:
        click.echo(f"Site: {written[-1]}, with {len(written)} files")


def _refuse_results(project: Path, target: Path) -> None:
    """A site has a folder of its own, since what it no longer holds is removed."""
    own, results = project.resolve(), (project / "results").resolve()
    if target.resolve() == own or target.resolve().is_relative_to(results):
        raise ConfigError(
            Problem(
                where=f"--output {target}",
                what="is where the project or its results are.",
                fix="Name a folder of its own, for instance site.",
            )
        )


def _together(project: Path) -> tuple[Portfolio | None, str]:
    """All finished experiments; or None and why there is no such thing yet."""
    from holdback import workflow

    try:
        return workflow.portfolio(project), ""
    except (ConfigError, StatsError) as error:
        return None, error.problems[0].what
