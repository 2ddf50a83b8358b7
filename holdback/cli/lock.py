"""`holdback lock`: the plan is recorded before results are seen."""

from __future__ import annotations

import json

import click

from holdback.cli.console import examples
from holdback.errors import ConfigError, Problem

__all__ = ["command"]


@click.command(
    "lock",
    epilog=examples(
        "lock experiments/recs-holdback.yaml",
        "lock experiments/recs-holdback.yaml --units 40000",
    ),
)
@click.argument("file")
@click.option(
    "--units",
    type=int,
    help="Units of all arms together that the plan counts on, with their full time: "
    "early looks measure their information by them.",
)
@click.option(
    "--again",
    is_flag=True,
    help="Lock a split that moves units from the arms of an earlier lock; needs "
    "--because.",
)
@click.option(
    "--because",
    metavar="REASON",
    help="Why nobody is moved after all, such as 'no unit was exposed yet': recorded.",
)
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How to print what was recorded.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def command(
    file: str,
    units: int | None,
    because: str | None,
    shape: str,
    *,
    again: bool,
    quiet: bool,
) -> None:
    """Record the plan in audit.jsonl, beside the experiment's file.

    A result under a plan that was locked before the first look is confirmatory; one
    whose plan has changed since says which fields differ.
    """
    from holdback import workflow

    if again != (because is not None):
        raise ConfigError(
            Problem(
                where="holdback lock",
                what="--again and --because go together.",
                fix='Write `--again --because "no unit was exposed yet"`.',
            )
        )
    locked = workflow.lock(file, planned_units=units, again=because)
    summary = {
        "experiment": locked.experiment,
        "plan_hash": locked.plan_hash,
        "entry_hash": locked.entry_hash,
        "time": locked.time,
        "in_time": locked.in_time,
    }
    if locked.planned_units is not None:
        summary["planned_units"] = locked.planned_units
    if quiet:
        return
    if shape == "json":
        click.echo(json.dumps(summary, indent=2))
        return
    click.echo(f"{locked.experiment}: the plan is locked.")
    click.echo(f"  plan   {locked.plan_hash}")
    click.echo(f"  entry  {locked.entry_hash}, {locked.time}")
    click.echo(f"  log    {locked.path}")
    if locked.expected:
        click.echo("  what `holdback plan` expected is recorded with it")
    click.echo("Mail or commit the entry's hash: it proves the plan and all before it.")
    if not locked.in_time:
        click.echo(
            "Results were looked at before this lock, so they stay exploratory.",
            err=True,
        )
