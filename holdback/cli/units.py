"""`holdback export-units`: a table of the units, for analyses of one's own."""

from __future__ import annotations

import click

from holdback.cli.console import examples

__all__ = ["command"]


@click.command(
    "export-units",
    epilog=examples(
        "export-units experiments/recs-holdback.yaml -o units.csv",
        "export-units experiments/recs-holdback.yaml -o units.parquet --ids",
    ),
)
@click.argument("file")
@click.option(
    "-o",
    "--output",
    metavar="TABLE",
    default="units.csv",
    show_default=True,
    help="The file to write, .csv or .parquet.",
)
@click.option(
    "--ids", is_flag=True, help="Write the ids themselves. Default: a hash of each."
)
@click.option(
    "--as-of", "as_of", metavar="DATE", help="Ignore everything after this moment."
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def command(
    file: str, output: str, as_of: str | None, *, ids: bool, quiet: bool
) -> None:
    """Write one row a unit: arm, time, segments, metrics, covariates.

    Their sums are those of the report. `left_out` says why a unit does not count.
    """
    from holdback import workflow
    from holdback.cli.console import progress
    from holdback.experiments.definition.calendar import moment_of

    moment = moment_of(as_of, where="--as-of")
    experiment = workflow.load(file)
    with progress("Reading the data", quiet=quiet):
        table = workflow.units(experiment, as_of=moment, ids=ids)
        written = table.write(output)
    if not quiet:
        click.echo(f"{len(table):,} rows in {written}")
