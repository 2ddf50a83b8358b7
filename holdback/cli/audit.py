"""`holdback audit`: the arm that a unit's id gives against the one that was logged."""

from __future__ import annotations

import click

from holdback.cli.console import examples
from holdback.errors import Problem, StatsError

__all__ = ["command"]


@click.command(
    "audit",
    epilog=examples(
        "audit experiments/recs-holdback.yaml",
        "audit experiments/recs-holdback.yaml --strict --format json > audit.json",
    ),
)
@click.argument("file")
@click.option(
    "--as-of", "as_of", metavar="DATE", help="Ignore everything after this moment."
)
@click.option("--strict", is_flag=True, help="Exit with 4 when a unit's arms differ.")
@click.option("--format", "shape", type=click.Choice(["text", "json"]), default="text")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def command(
    file: str, as_of: str | None, shape: str, *, strict: bool, quiet: bool
) -> None:
    """Recompute each unit's arm from its id and compare it with the logged one.

    Tells the units by both arms and by day of first exposure, the day on which
    agreement changes, and which variation of the plan (another salt, other ids, other
    shares, another scheme) explains the log. Nothing is written.
    """
    from holdback import workflow
    from holdback.cli.console import progress
    from holdback.experiments.definition.calendar import moment_of
    from holdback.reports.exports.audit_table import table_of
    from holdback.results.json_codec import to_json

    moment = moment_of(as_of, where="--as-of")
    experiment = workflow.load(file)
    with progress("Recomputing arms", quiet=quiet):
        comparison = workflow.audit(experiment, as_of=moment)
    if not quiet and shape == "json":
        click.echo(to_json(comparison), nl=False)
    elif not quiet:
        click.echo(table_of(comparison, experiment.locale))
    if strict and not comparison.agrees:
        raise StatsError(
            Problem(
                what="units were logged in another arm than recomputed.",
                why="--strict was asked for.",
                fix="Find the deployment that the audit points to.",
            )
        )
