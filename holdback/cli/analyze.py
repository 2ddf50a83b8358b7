"""`holdback analyze`: the analysis and the report."""

from __future__ import annotations

from pathlib import Path

import click

from holdback.cli.console import examples
from holdback.errors import Problem, StatsError

__all__ = ["command"]

STRICT = {("sampler", "warn")}
"""What --strict stops at though data and exact results are sound."""


@click.command(
    "analyze",
    epilog=examples(
        "analyze experiments/recs-holdback.yaml",
        "analyze experiments/recs-holdback.yaml --as-of 2026-11-25 -o results",
    ),
)
@click.argument("file")
@click.option(
    "--as-of",
    "as_of",
    metavar="DATE",
    help="Ignore everything after this day or moment. Default: the last time found "
    "in the data.",
)
@click.option(
    "-o",
    "--output",
    metavar="DIR",
    help="Where to write. Default: results/NAME beside the project file.",
)
@click.option(
    "--replays",
    type=int,
    default=0,
    help="Also replay the test so often on its own units (see `holdback simulate`), "
    "and tell in the report how often its reading is wrong.",
)
@click.option(
    "--save-posterior",
    is_flag=True,
    help="Also draw from the hierarchical models with PyMC (segments, arms, weeks) and "
    "save the draws as netCDF, for ArviZ. Needs holdback[bayes]; takes a minute.",
)
@click.option(
    "--cells",
    multiple=True,
    metavar="RESULT",
    help="Take what the script of `holdback sql` gave in the warehouse, as CSV or "
    "Parquet, in place of all sources. May be given several times.",
)
@click.option("--strict", is_flag=True, help="Exit with 4 when a check failed.")
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "json"]),
    default="text",
    help="What to print: the summary, or the scorecard.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def command(
    file: str,
    as_of: str | None,
    output: str | None,
    shape: str,
    *,
    replays: int,
    save_posterior: bool,
    cells: tuple[str, ...],
    strict: bool,
    quiet: bool,
) -> None:
    """Read the data, estimate the lift, count the money, write the report.

    Writes scorecard.json, report.html and readouts.csv.
    """
    from holdback import workflow
    from holdback.cli.console import coloured, progress
    from holdback.experiments.definition.calendar import moment_of
    from holdback.reports.text.result_sentences import headline
    from holdback.results.validity import failures

    moment = moment_of(as_of, where="--as-of")
    experiment = workflow.load(file)
    folder = output_folder(output, experiment.root, experiment.name)
    with progress("Reading the data", quiet=quiet) as shown:
        analysis = workflow.analyze(
            experiment,
            as_of=moment,
            replays=replays,
            save_posterior=save_posterior,
            advance=shown,
            stage=shown.stage,
            cells=cells,
        )
        shown.stage("writing")
        written = analysis.write(folder)
    if not quiet and shape == "text":
        tone = headline(analysis.scorecard).tone
        click.echo(coloured(str(analysis), tone))
        click.echo(f"\nReport: {report_among(written)}")
    elif not quiet:
        from holdback.results.json_codec import to_json

        click.echo(to_json(analysis.scorecard), nl=False)
    broken = failures(analysis.scorecard.checks)
    failed = [
        check.check
        for check in analysis.scorecard.checks
        if check in broken or (check.check, check.status) in STRICT
    ]
    if strict and failed:
        raise StatsError(
            Problem(
                what=f"failed checks: {', '.join(failed)}.",
                why="--strict was asked for. The report was written and says more.",
            )
        )


def output_folder(output: str | None, root: Path, name: str) -> Path:
    """The folder to write to; the default lies inside the project."""
    return Path(output) if output else root / "results" / name


def report_among(written: tuple[Path, ...]) -> Path:
    """The HTML file among the files written."""
    return next(path for path in written if path.suffix == ".html")
