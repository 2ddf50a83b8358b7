"""`holdback validate`: every problem of the files at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from holdback.errors import ConfigError, Problem

if TYPE_CHECKING:
    from holdback.experiments.experiment import Experiment

__all__ = ["command"]

EXAMPLE = """\b
Example:
  holdback validate experiments/recs-holdback.yaml
  holdback validate experiments/*.yaml --format github
"""


@click.command("validate", epilog=EXAMPLE)
@click.argument("files", nargs=-1, required=True)
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "json", "github"]),
    default="text",
    help="How to print: for people, for programs, or as annotations of a pull request.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but problems.")
def command(files: tuple[str, ...], shape: str, *, quiet: bool) -> None:
    """Check experiment FILES, and the project file above them, without any data."""
    from holdback.workflow import load

    problems: dict[str, Problem] = {}
    fine: list[Experiment] = []
    for file in files:
        try:
            fine.append(load(file))
        except ConfigError as error:
            problems.update({str(problem): problem for problem in error.problems})
    if shape == "json":
        click.echo(_json(list(problems.values()), fine))
    elif shape == "github":
        for problem in problems.values():
            click.echo(_annotation(problem))
    elif not quiet:
        for experiment in fine:
            click.echo(_confirmation(experiment))
    if problems:
        raise ConfigError(problems.values())


def _confirmation(experiment: Experiment) -> str:
    window = experiment.window
    arms = ", ".join(
        f"{arm.name} {float(arm.share):.4g}" + (" (control)" if arm.control else "")
        for arm in experiment.arms
    )
    lines = [
        f"{experiment.file or experiment.name}: fine",
        f"  arms       {arms}",
        f"  primary    {experiment.primary}",
    ]
    if experiment.secondary:
        lines.append(f"  secondary  {', '.join(experiment.secondary)}")
    if experiment.guardrails:
        lines.append(f"  guardrails {', '.join(experiment.guardrails)}")
    if window is not None:
        lines.append(f"  window     {window.start} to {window.end} ({window.days} days)")
    lines.append(f"  decision   {experiment.decision.rule}")
    if experiment.analysis.looks == "spending":
        lines.append(
            "  note       the result is read once, when the test is over; reading it "
            "earlier is not in this version"
        )
    return "\n".join(lines)


def _json(problems: list[Problem], fine: list[Experiment]) -> str:
    return json.dumps(
        {
            "schema": "holdback/validation/1",
            "problems": [
                {
                    key: value
                    for key, value in (
                        ("where", p.where),
                        ("what", p.what),
                        ("why", p.why),
                        ("fix", p.fix),
                    )
                    if value
                }
                for p in problems
            ],
            "valid": [experiment.name for experiment in fine],
        },
        indent=2,
        ensure_ascii=False,
    )


def _annotation(problem: Problem) -> str:
    """A line that GitHub Actions shows beside the code."""
    file, _, rest = problem.where.partition(":")
    line, _, column = rest.partition(":")
    place = f"file={file}" + (f",line={line}" if line else "")
    place += f",col={column}" if column else ""
    text = f"{problem.what} {problem.fix}".replace("%", "%25").replace("\n", "%0A")
    return f"::error {place}::{text}"
