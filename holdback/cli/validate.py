"""`holdback validate`: every problem of the files at once."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from holdback.errors import ConfigError, Problem

if TYPE_CHECKING:
    from holdback.experiments.experiment import Experiment

__all__ = ["command"]

PLANNED = "read on the planned days; alpha is spent over them"
LOOKS = {
    "spending": "read when you like: each look spends a part of alpha",
    "end": "read once, when the test is over",
    "always_valid": "read whenever you like, with no end in sight",
}

EXAMPLE = """\b
Example:
  holdback validate experiments/recs-holdback.yaml
  holdback validate holdback.yaml experiments/*.yaml --format github
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
    """Check experiment FILES, and the project file above them, without any data.

    A holdback.yaml may be named as well and is then checked alone.
    """
    problems: dict[Problem, None] = {}
    fine: list[str] = []
    for file in files:
        try:
            fine.append(_checked(file))
        except ConfigError as error:
            problems.update(dict.fromkeys(error.problems))
    if shape == "json":
        click.echo(_json(list(problems), files))
    elif shape == "github":
        for problem in problems:
            click.echo(_annotation(problem))
    elif not quiet:
        for told in fine:
            click.echo(told)
    if problems:
        raise ConfigError(problems)


def _checked(file: str) -> str:
    """What a file says when nothing is wrong with it."""
    from holdback.experiments.load import check_project_file, is_project_file, load

    if is_project_file(file):
        metrics = check_project_file(file)
        listed = ", ".join(metrics) or "none"
        return f"{file}: fine\n  metrics     {listed}"
    return f"{file}: fine\n{_confirmation(load(file))}"


def _confirmation(experiment: Experiment) -> str:
    """The plan in a few lines, with what was assumed."""
    from holdback.experiments.quantities import duration_text, share_text

    arms = ", ".join(
        f"{arm.name} {share_text(arm.share)}" + (" (control)" if arm.control else "")
        for arm in experiment.arms
    )
    lines = [f"  arms        {arms}"]
    for name, role in experiment.roles():
        metric = experiment.metrics[name]
        within = f" within {duration_text(metric.within)}" if metric.within else ""
        lines.append(f"  {role:<11} {name} ({metric.kind}{within})")
    window = experiment.window
    if window is not None:
        days = f"{window.days} days, {experiment.timezone}"
        lines.append(f"  window      {window.start} to {window.end} ({days})")
    lines.append(f"  decision    {experiment.decision.rule}")
    lines += [f"  assumed     {assumption}" for assumption in _assumptions(experiment)]
    lines.append(f"  looks       {LOOKS.get(str(experiment.analysis.looks), PLANNED)}")
    return "\n".join(lines)


def _assumptions(experiment: Experiment) -> Sequence[str]:
    """Defaults that a reader would want to know of."""
    assignment, economics = experiment.assignment, experiment.economics
    assumed = [
        f"exposures from source '{assignment.source}', salt '{assignment.salt}'",
        (
            f"level {experiment.resolved['analysis']['level']}, "
            f"prior {experiment.analysis.prior.name}, "
            f"{experiment.analysis.multiplicity} correction"
        ),
    ]
    if economics is not None and economics.margin == 1:
        assumed.append(f"all of {economics.value} is profit (no margin is given)")
    return assumed


def _json(problems: Sequence[Problem], files: Sequence[str]) -> str:
    keys = ("where", "what", "why", "fix")
    told = [{k: getattr(p, k) for k in keys if getattr(p, k)} for p in problems]
    result = {
        "schema": "holdback/validation/1",
        "files": list(files),
        "valid": not problems,
        "problems": told,
    }
    return json.dumps(result, indent=2, ensure_ascii=False)


def _annotation(problem: Problem) -> str:
    """A line that GitHub Actions shows beside the code."""
    match = re.fullmatch(r"(.*?)(?::(\d+))?(?::(\d+))?", problem.where)
    file, line, column = match.groups() if match else (problem.where, None, None)
    place = f"file={file}" + (f",line={line}" if line else "")
    place += f",col={column}" if column else ""
    text = f"{problem.what} {problem.why} {problem.fix}".replace("%", "%25")
    return f"::error {place}::{' '.join(text.split())}"
