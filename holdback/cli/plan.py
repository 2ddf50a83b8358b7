"""`holdback plan`: sample size, power and detectable lift before the test."""

from __future__ import annotations

import click

from holdback.errors import ConfigError, Problem

__all__ = ["command"]

EXAMPLE = """\b
Example:
  holdback plan experiments/recs-holdback.yaml
  holdback plan experiments/recs-holdback.yaml --baseline conversion=3% \\
      --baseline revenue_per_visitor=1.80,12.5 --units 20000
"""


@click.command("plan", epilog=EXAMPLE)
@click.argument("file")
@click.option(
    "--baseline",
    "baselines",
    multiple=True,
    metavar="METRIC=MEAN[,SD]",
    help="A metric's mean (and standard deviation) of one unit, where no history is "
    "there to measure it in.",
)
@click.option("--units", type=int, metavar="N", help="Units expected in all arms.")
@click.option(
    "-o", "--output", metavar="DIR", help="Where to write plan.html and plan.json."
)
@click.option("--format", "shape", type=click.Choice(["text", "json"]), default="text")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def command(
    file: str,
    baselines: tuple[str, ...],
    units: int | None,
    output: str | None,
    shape: str,
    *,
    quiet: bool,
) -> None:
    """Say what the experiment will be able to show. Looks at no outcome.

    Baselines are measured in the time before each unit's first exposure.
    """
    from holdback import workflow
    from holdback.atomic import write_files
    from holdback.cli.analyze import output_folder
    from holdback.cli.console import progress
    from holdback.experiments.codec import to_json
    from holdback.reports.plan_page import render

    given = dict(_baseline(text) for text in baselines)
    experiment = workflow.load(file)
    with progress("Reading the history", quiet=quiet):
        made = workflow.plan(experiment, baselines=given, units=units)
    folder = output_folder(output, experiment.root, experiment.name)
    pages = {"plan.html": render(made), "plan.json": to_json(made)}
    written = write_files(folder, pages)
    if quiet:
        return
    if shape == "json":
        click.echo(to_json(made), nl=False)
        return
    click.echo(str(made))
    click.echo(f"\nPlan: {written[0]}")


def _baseline(text: str) -> tuple[str, tuple[float, float | None]]:
    name, _, numbers = text.partition("=")
    mean, comma, sd = numbers.partition(",")
    try:
        return name.strip(), (_number(mean), _number(sd) if comma else None)
    except ValueError:
        raise ConfigError(
            Problem(
                where=f"--baseline {text}",
                what="is not METRIC=MEAN or METRIC=MEAN,SD.",
                fix="Write for instance conversion=3% or revenue=1.80,12.5.",
            )
        ) from None


def _number(text: str) -> float:
    stripped = text.strip()
    if stripped.endswith("%"):
        return float(stripped[:-1]) / 100
    return float(stripped)
