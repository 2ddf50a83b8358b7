"""`holdback weekly`: the running tests, for the weekly meeting."""

from __future__ import annotations

import click

from holdback.cli.console import examples

__all__ = ["command"]


@click.command(
    "weekly",
    epilog=examples(
        "weekly",
        "weekly my-shop --as-of 2026-10-31",
        "weekly my-shop -o week.html",
    ),
)
@click.argument("folder", default=".")
@click.option(
    "--as-of",
    metavar="DATE",
    help="The day of the page. Default: the last day that a result reads up to.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    help="Where to write the page. Default: results/weekly.html of the folder.",
)
def command(folder: str, as_of: str | None, output: str | None) -> None:
    """Show where the running tests of a project stand; it takes no look.

    Days left, customers against the plan, checks, the change so far with its range,
    guardrails, the next look, what is due, and what changed since the last page. All
    of it is of looks that were taken before, so reading it spends nothing.
    """
    from datetime import datetime
    from pathlib import Path

    from holdback.atomic_files import write_files
    from holdback.experiments.definition.calendar import moment_of
    from holdback.portfolio.experiment_list import reports_in
    from holdback.portfolio.weekly import weekly
    from holdback.reports.pages import weekly_page as pages

    moment = moment_of(as_of, where="--as-of")
    asked = moment.date() if isinstance(moment, datetime) else moment
    project = Path(folder)
    page = Path(output) if output else project / "results" / "weekly.html"
    kept = page.with_suffix(".json")
    week = weekly(project, asked)
    known = kept.read_text(encoding="utf-8") if kept.is_file() else ""
    before = pages.notes_of(known, week.day)
    week = weekly(project, week.day, before=before)
    write_files(
        page.parent,
        {
            page.name: pages.weekly_page(week, reports_in([project], page.parent)),
            kept.name: pages.written_notes(week, before),
        },
    )
    for line in pages.lines(week):
        click.echo(line)
    click.echo(f"\n{page}")
