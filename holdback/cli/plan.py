"""`holdback plan`: sample size, power and detectable lift before the test."""

from __future__ import annotations

from fractions import Fraction

import click

from holdback.cli.console import examples
from holdback.errors import ConfigError, Problem

__all__ = ["command"]


@click.command(
    "plan",
    epilog=examples(
        "plan experiments/recs-holdback.yaml",
        "plan experiments/recs-holdback.yaml --baseline conversion=3% \\",
        "    --baseline revenue_per_visitor=1.80,12.5 --units 20000",
        "plan experiments/survey.yaml --baseline nps=30,70,12.4%",
        "plan experiments/recs-holdback.yaml --what-if share=20%,weeks=8,lift=5%",
    ),
)
@click.argument("file")
@click.option(
    "--baseline",
    "baselines",
    multiple=True,
    metavar="METRIC=MEAN[,SD[,RATE]]",
    help="A metric's mean (and standard deviation) of one unit, where no history is "
    "there to measure it in; for a survey's score those of an answer, and the share "
    "of units that answer.",
)
@click.option("--units", type=int, metavar="N", help="Units expected in all arms.")
@click.option(
    "--what-if",
    metavar="KEY=VALUE,…",
    help="Suppose another share held back, other weeks or another lift: "
    "share=20%,weeks=8,lift=5%.",
)
@click.option(
    "--runs",
    type=click.IntRange(min=0),
    metavar="N",
    help="Tests simulated for each lift of the power curve; 0 for none.",
)
@click.option(
    "-o", "--output", metavar="DIR", help="Where to write plan.html and plan.json."
)
@click.option("--format", "shape", type=click.Choice(["text", "json"]), default="text")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def command(
    file: str,
    baselines: tuple[str, ...],
    units: int | None,
    what_if: str | None,
    runs: int | None,
    output: str | None,
    shape: str,
    *,
    quiet: bool,
) -> None:
    """Say what the experiment will be able to show. Looks at no outcome.

    Baselines are measured in the time before each unit's first exposure.
    """
    from holdback import workflow
    from holdback.atomic_files import write_files
    from holdback.cli.analyze import output_folder
    from holdback.cli.console import progress
    from holdback.reports.pages.plan_page import render
    from holdback.results.json_codec import to_json

    given = dict(_baseline(text) for text in baselines)
    experiment = workflow.load(file)
    with progress("Reading the history", quiet=quiet):
        made = workflow.plan(
            experiment,
            baselines=given,
            units=units,
            what_if=_supposed(what_if),
            runs=runs,
        )
    folder = output_folder(output, experiment.root, experiment.name)
    pages = {"plan.html": render(made), "plan.json": to_json(made)}
    written = write_files(folder, pages, manifest=True)
    if quiet:
        return
    if shape == "json":
        click.echo(to_json(made), nl=False)
        return
    click.echo(str(made))
    click.echo(f"\nPlan: {written[0]}")


def _supposed(text: str | None) -> dict[str, Fraction] | None:
    supposed = {}
    for part in (text or "").split(",") if text else []:
        name, _, value = part.partition("=")
        try:
            supposed[name.strip()] = _exact(value)
        except (ValueError, ZeroDivisionError):
            raise ConfigError(
                Problem(
                    where=f"--what-if {part.strip()}",
                    what="is not KEY=VALUE.",
                    fix="Write for instance share=20%,weeks=8,lift=5%.",
                )
            ) from None
    return supposed or None


def _exact(text: str) -> Fraction:
    stripped = text.strip()
    if stripped.endswith("%"):
        return Fraction(stripped[:-1].strip()) / 100
    return Fraction(stripped)


def _baseline(text: str) -> tuple[str, tuple[float, ...]]:
    name, _, listed = text.partition("=")
    try:
        numbers = tuple(map(_number, listed.split(",")))
    except ValueError:
        numbers = ()
    if not 1 <= len(numbers) <= 3:
        raise ConfigError(
            Problem(
                where=f"--baseline {text}",
                what="is not METRIC=MEAN, METRIC=MEAN,SD or METRIC=MEAN,SD,RATE.",
                fix="Write for instance conversion=3%, revenue=1.80,12.5 or "
                "nps=30,70,12.4%.",
            )
        )
    return name.strip(), numbers


def _number(text: str) -> float:
    stripped = text.strip()
    if stripped.endswith("%"):
        return float(stripped[:-1]) / 100
    return float(stripped)
