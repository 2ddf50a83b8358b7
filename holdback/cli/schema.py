"""`holdback schema`: the JSON Schema of the YAML files."""

from __future__ import annotations

import json
from typing import Literal

import click

from holdback.cli.console import examples

__all__ = ["command"]


@click.command(
    "schema",
    epilog=examples(
        "schema experiment > experiment.schema.json",
    ),
)
@click.argument(
    "which", type=click.Choice(["experiment", "project"]), default="experiment"
)
def command(which: Literal["experiment", "project"]) -> None:
    """Print the JSON Schema of an experiment file, or of holdback.yaml."""
    from holdback.experiments.config.json_schema import schema

    click.echo(json.dumps(schema(which), indent=2, ensure_ascii=False))
