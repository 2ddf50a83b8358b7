"""`holdback validate`: every problem of the files at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import click

from holdback.cli.console import examples
from holdback.errors import ConfigError, Problem

if TYPE_CHECKING:
    from holdback.experiments.definition.experiment import Experiment
    from holdback.portfolio.review import Review

__all__ = ["command"]

PLANNED = "read on the planned days; alpha is spent over them"
LOOK_WORDS = {
    "spending": "read when you like: each look spends a part of alpha",
    "end": "read once, when the test is over",
    "always_valid": "read whenever you like, with no end in sight",
}


@click.command(
    "validate",
    epilog=examples(
        "validate experiments/recs-holdback.yaml",
        "validate holdback.yaml experiments/*.yaml --format github",
    ),
)
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
    warnings: dict[Problem, None] = {}
    fine: list[str] = []
    for file in files:
        try:
            confirmation, weak = _checked(file)
            fine.append(confirmation)
            warnings.update(dict.fromkeys(weak))
        except ConfigError as error:
            problems.update(dict.fromkeys(error.problems))
    if shape == "json":
        click.echo(_json(list(problems), list(warnings), files))
    elif shape == "github":
        for level, listed in (("error", problems), ("warning", warnings)):
            for problem in listed:
                click.echo(_annotation(problem, level))
    elif not quiet:
        _tell(fine, list(warnings))
    if problems:
        raise ConfigError(problems)


def _tell(fine: Sequence[str], warnings: Sequence[Problem]) -> None:
    """Print what is fine, and on the standard error what is weak."""
    for confirmation in fine:
        click.echo(confirmation)
    for weak in warnings:
        click.echo(f"Warning: {weak}", err=True)


def _checked(file: str) -> tuple[str, Sequence[Problem]]:
    """What a file says when nothing is wrong with it, and what is weak about it."""
    from holdback.experiments.load import check_project_file, is_project_file
    from holdback.portfolio.review import review

    if is_project_file(file):
        metrics = check_project_file(file)
        listed = ", ".join(metrics) or "none"
        return f"{file}: fine\n  metrics     {listed}", ()
    reviewed = review(file)
    return f"{file}: fine\n{_confirmation(reviewed)}", reviewed.warnings


def _confirmation(reviewed: Review) -> str:
    """The plan in a few lines, with what was assumed."""
    from holdback.experiments.language.quantities import duration_text, share_text

    experiment = reviewed.experiment
    arms = ", ".join(
        f"{arm.name} {share_text(arm.share)}" + (" (control)" if arm.control else "")
        for arm in experiment.arms
    )
    lines = [f"  arms        {arms}"]
    drawn = ", ".join(_drawn(reviewed))
    lines += [f"  assignment  {drawn}"] if drawn else []
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
    lines.append(
        f"  looks       {LOOK_WORDS.get(str(experiment.analysis.looks), PLANNED)}"
    )
    return "\n".join(lines)


def _drawn(reviewed: Review) -> Iterator[str]:
    """What is special about how units get their arms."""
    from holdback.experiments.language.quantities import share_text

    experiment, plan = reviewed.experiment, reviewed.experiment.assignment
    if plan.scheme != "holdback":
        yield f"scheme {plan.scheme}"
    if plan.traffic != 1:
        yield f"traffic {share_text(plan.traffic)}"
    if plan.phase > 1:
        yield f"phase {plan.phase}"
    if plan.holdout is not None:
        kept = share_text(experiment.holdouts[plan.holdout].share)
        yield f"holdout {plan.holdout} ({kept})"
    if plan.layer is not None:
        start, end = map(share_text, plan.layer.range)
        yield f"layer {plan.layer.name} from {start} to {end}"
    if plan.where is not None:
        yield f"where {plan.where.text}"
    if reviewed.overrides:
        yield f"{reviewed.overrides} placed by hand"


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


def _json(
    problems: Sequence[Problem], warnings: Sequence[Problem], files: Sequence[str]
) -> str:
    keys = ("where", "what", "why", "fix")
    confirmation, weak = (
        [{k: getattr(p, k) for k in keys if getattr(p, k)} for p in listed]
        for listed in (problems, warnings)
    )
    result = {
        "schema": "holdback/validation/1",
        "files": list(files),
        "valid": not problems,
        "problems": confirmation,
        "warnings": weak,
    }
    return json.dumps(result, indent=2, ensure_ascii=False)


def _annotation(problem: Problem, level: str) -> str:
    """A line that GitHub Actions shows beside the code."""
    match = re.fullmatch(r"(.*?)(?::(\d+))?(?::(\d+))?", problem.where)
    file, line, column = match.groups() if match else (problem.where, None, None)
    place = f"file={file}" + (f",line={line}" if line else "")
    place += f",col={column}" if column else ""
    text = f"{problem.what} {problem.why} {problem.fix}".replace("%", "%25")
    return f"::{level} {place}::{' '.join(text.split())}"
