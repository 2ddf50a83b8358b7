"""`holdback sql`: the questions of an analysis, for a warehouse that runs them."""

from __future__ import annotations

import click

from holdback.cli.console import examples

__all__ = ["command"]


@click.command(
    "sql",
    epilog=examples(
        "sql experiments/recs-holdback.yaml --dialect postgres \\",
        "    --as-of 2026-11-25 --columns columns.csv > script.sql",
    ),
)
@click.argument("file")
@click.option(
    "--dialect", required=True, metavar="SQL", help="The warehouse's SQL: postgres, …"
)
@click.option(
    "--as-of",
    "as_of",
    required=True,
    metavar="DATE",
    help="Ignore everything after this day or moment.",
)
@click.option(
    "--columns",
    metavar="CSV",
    help="The warehouse's information_schema.columns. Without it, the query that "
    "gives it is shown.",
)
@click.option(
    "--cells",
    multiple=True,
    metavar="RESULT",
    help="Answers to an earlier script: only what they leave open is asked.",
)
@click.option(
    "--rows",
    is_flag=True,
    help="Also ask for the values of single units, without their ids, where an "
    "interval of skewed amounts needs them.",
)
def command(
    file: str,
    dialect: str,
    as_of: str,
    columns: str | None,
    cells: tuple[str, ...],
    *,
    rows: bool,
) -> None:
    """Print one SELECT that any warehouse of that SQL can run; nothing is connected to.

    Save its result as CSV or Parquet and give it to `holdback analyze --cells`. The
    result holds counts and sums by day and segment, and examples of odd values.
    """
    from holdback import workflow

    text = workflow.sql_script(
        file, dialect=dialect, as_of=as_of, columns=columns, cells=cells, rows=rows
    )
    click.echo(text, nl=False)
