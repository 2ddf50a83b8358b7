"""`holdback assign`: arm and reason for each unit id of a file or a pipe."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from holdback.cli.console import examples
from holdback.errors import ConfigError, HoldbackError, Problem

if TYPE_CHECKING:
    from holdback.assignment.files import AssignmentTally, Eligible
    from holdback.assignment.split import Split
    from holdback.experiments.definition.experiment import Experiment

__all__ = ["command"]

PIPE = "standard input"


@click.command(
    "assign",
    epilog=examples(
        "assign experiments/recs-holdback.yaml customers.csv -o assigned.csv",
        "assign experiments/recs-holdback.yaml - < customers.csv > assigned.csv",
        "assign experiments/recs-holdback.yaml --sql postgres",
    ),
)
@click.argument("file")
@click.argument("ids", required=False)
@click.option(
    "-o",
    "--output",
    default="-",
    metavar="OUT",
    help="A .csv, .csv.gz or .parquet file; '-' (default) is the standard output.",
)
@click.option(
    "--id",
    "unit",
    metavar="COLUMN",
    help="Column of the unit ids. Default: the one of the assignment source.",
)
@click.option(
    "--sql",
    "dialect",
    metavar="DIALECT",
    help="Print the assignment as SQL columns instead, for duckdb, postgres, spark, "
    "bigquery, snowflake, redshift, clickhouse or sqlite.",
)
@click.option(
    "--format",
    "shape",
    type=click.Choice(["text", "json"]),
    default="text",
    help="How to print the summary, which goes to the standard error.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print no summary.")
def command(
    file: str,
    ids: str | None,
    output: str,
    unit: str | None,
    dialect: str | None,
    shape: str,
    *,
    quiet: bool,
) -> None:
    """Append arm, bucket and reason to each row of IDS.

    IDS is a CSV or Parquet file, or '-' for CSV from the standard input. The file's
    columns are kept, in their order; ids of CSV files are text. Values are copied as
    they are, so mind text that begins with = + - @ when a spreadsheet opens the output.
    """
    from holdback.cli.console import progress
    from holdback.experiments.definition.split import split_of
    from holdback.experiments.load import load

    experiment = load(file)
    split = split_of(experiment)
    column = unit or _unit_column(experiment)
    if dialect is not None:
        click.echo(_as_sql(experiment, split, column, dialect, quiet=quiet))
        return
    if ids is None:
        raise ConfigError(
            Problem(
                where="holdback assign",
                what="no ids were named.",
                fix="Name a CSV or Parquet file, '-' for the standard input, or --sql.",
            )
        )
    for remark in _since_lock(experiment, split, ids, column):
        click.echo(f"Warning: {remark}", err=True)
    with progress("Assigning", quiet=quiet or output == "-"):
        eligible = _eligible(experiment, PIPE if ids == "-" else ids)
        tally = _assigned(split, ids, output, column, eligible)
    if not quiet:
        click.echo(_summary(split, tally, shape), err=True)


def _unit_column(experiment: Experiment) -> str:
    column = experiment.sources[experiment.assignment.source].columns.unit
    if column == "row":
        raise ConfigError(
            Problem(
                where=experiment.file,
                what="each row is a unit of its own, so there is no id to assign by.",
                fix="Name the column of the ids with --id.",
            )
        )
    return column


def _since_lock(
    experiment: Experiment, split: Split, ids: str, unit: str
) -> tuple[str, ...]:
    """What was changed since the plan was locked; without a log nothing is loaded."""
    if not (experiment.root / experiment.file).with_name("audit.jsonl").exists():
        return ()
    from holdback.cli.assign_since_lock import since_lock

    return since_lock(
        experiment, split, None if ids == "-" else Path(ids), unit, _eligible
    )


def _eligible(experiment: Experiment, file: str) -> Eligible | None:
    """Who may take part; without a condition no query has to be written."""
    if experiment.assignment.where is None:
        return None
    from holdback.data.queries.eligibility import eligible_in

    return eligible_in(experiment, file)


def _as_sql(
    experiment: Experiment, split: Split, column: str, dialect: str, *, quiet: bool
) -> str:
    from holdback.assignment.sql import DIALECTS, identifier
    from holdback.data.queries.eligibility import eligible_sql

    known = dialect in DIALECTS
    named = identifier(column, dialect) if known else column
    condition, taken = eligible_sql(experiment, dialect) if known else (None, "")
    columns = split.sql(named, dialect, eligible=condition)
    if not quiet:
        for note in filter(None, (*columns.notes, taken)):
            click.echo(f"Note: {note}.", err=True)
    return (
        f"{columns.arm} AS arm,\n{columns.bucket} AS bucket,\n"
        f"{columns.reason} AS reason"
    )


def _assigned(
    split: Split, ids: str, output: str, unit: str, eligible: Eligible | None
) -> AssignmentTally:
    """Route the four ways: file or pipe in, file or pipe out.

    A pipe is kept as a file first, which is as fast as any file.
    """
    from holdback.assignment.files import assign_file, shape_of
    from holdback.atomic_files import replacing

    if ids == "-":
        with _stored() as kept, _told_as_pipe(kept):
            return _assigned(split, str(kept), output, unit, eligible)
    if output == "-":
        with _scratch("assigned.csv") as kept:
            tally = assign_file(
                split, Path(ids), kept, unit=unit, shape=".csv", eligible=eligible
            )
            with kept.open("rb") as whole:
                shutil.copyfileobj(whole, sys.stdout.buffer)
        return tally
    target = Path(output)
    with replacing(target) as temporary:
        return assign_file(
            split,
            Path(ids),
            temporary,
            unit=unit,
            shape=shape_of(target),
            eligible=eligible,
        )


@contextmanager
def _told_as_pipe(kept: Path) -> Iterator[None]:
    """Errors of the kept file, told of the standard input that it holds."""
    try:
        yield
    except HoldbackError as error:
        raise type(error)(
            replace(problem, where=problem.where.replace(str(kept), PIPE))
            for problem in error.problems
        ) from error


@contextmanager
def _stored() -> Iterator[Path]:
    """The standard input as a file of its own."""
    with _scratch("standard-input.csv") as kept:
        with kept.open("wb") as copy:
            shutil.copyfileobj(sys.stdin.buffer, copy)
        yield kept


@contextmanager
def _scratch(name: str) -> Iterator[Path]:
    """Path of a file in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="holdback-") as folder:
        yield Path(folder) / name


def _summary(split: Split, tally: AssignmentTally, shape: str) -> str:
    arms = tally.by_arm()
    reasons = tally.by_reason()
    if shape == "json":
        summary = {
            "rows": tally.rows,
            "arms": {name: arms.get(name, 0) for name in split.names},
            "reasons": dict(sorted(reasons.items())),
            "whole_floats": tally.floats,
        }
        if tally.similar is not None:
            summary["similar_ids"] = tally.similar
        return json.dumps(summary, ensure_ascii=False)
    lines = [f"{tally.rows} rows"]
    lines += [f"  arm {name}: {arms.get(name, 0)}" for name in split.names]
    lines += [f"  {reason}: {rows}" for reason, rows in sorted(reasons.items())]
    if tally.floats:
        lines.append(
            f"Warning: {tally.floats} ids were floats such as 123.0 and were read as "
            "123."
        )
    if tally.similar:
        lines.append(
            f"Warning: {tally.similar} ids differ from another only by case, spaces at "
            "the ends, the spelling of an accent or a trailing .0; they count as "
            "different units."
        )
    return "\n".join(lines)
