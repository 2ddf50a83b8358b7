"""`holdback simulate`: A/A and A/B replays on the experiment's own units."""

from __future__ import annotations

import click

from holdback.cli.console import examples
from holdback.errors import ConfigError, Problem

__all__ = ["command"]


@click.command(
    "simulate",
    epilog=examples(
        "simulate experiments/recs-holdback.yaml",
        "simulate experiments/recs-holdback.yaml --replays 400 --lift 5%",
    ),
)
@click.argument("file")
@click.option(
    "--replays",
    type=int,
    default=1000,
    show_default=True,
    help="How often the units are split with nothing to find; a third as many splits "
    "have a lift put in.",
)
@click.option(
    "--lift", default="10%", show_default=True, help="The lift that is put in."
)
@click.option(
    "--as-of", "as_of", metavar="DATE", help="Ignore everything after this moment."
)
@click.option("-o", "--output", metavar="DIR", help="Where to write simulate.json.")
@click.option("--format", "shape", type=click.Choice(["text", "json"]), default="text")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def command(  # one parameter an option
    file: str,
    replays: int,
    lift: str,
    as_of: str | None,
    output: str | None,
    shape: str,
    *,
    quiet: bool,
) -> None:
    """Split the test's own units at random, to see if its reading keeps its word.

    Counts false wins and losses, coverage and power of the method that the test is
    read by, next to the usual t test. `holdback analyze --replays 1000` puts the same
    into the report.
    """
    from holdback import workflow
    from holdback.atomic_files import write_files
    from holdback.cli.analyze import output_folder
    from holdback.cli.console import progress
    from holdback.experiments.definition.calendar import moment_of
    from holdback.reports.exports.terminal import table_of
    from holdback.results.json_codec import to_json

    moment = moment_of(as_of, where="--as-of")
    experiment = workflow.load(file)
    with progress("Replaying the test", quiet=quiet):
        simulation = workflow.simulate(
            experiment, replays=replays, lift=_lift(lift), as_of=moment
        )
    folder = output_folder(output, experiment.root, experiment.name)
    page = {"simulate.json": to_json(simulation)}
    (written,) = write_files(folder, page, manifest=True)
    if quiet:
        return
    if shape == "json":
        click.echo(to_json(simulation), nl=False)
        return
    click.echo(table_of(simulation, experiment.locale))
    click.echo(f"\nReplays: {written}")


def _lift(text: str) -> float:
    from holdback.experiments.language.quantities import Unreadable, share

    sign = -1 if text.strip().startswith(("-", "\N{MINUS SIGN}")) else 1
    try:
        return sign * float(share(text.strip().lstrip("-+\N{MINUS SIGN}")))
    except Unreadable as error:
        raise ConfigError(
            Problem(
                where=f"--lift {text}",
                what="is not a change in per cent.",
                fix="Write for instance 10% or -5%.",
            )
        ) from error
