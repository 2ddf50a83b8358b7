"""`holdback check`: whether Parquet files are what was once written."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from holdback.cli.console import examples

__all__ = ["command"]

CHECK_SCHEMA = "holdback/check/1"
SHOWN_PLACES = 5


@click.command("check", epilog=examples("check orders.parquet", "check data/*.parquet"))
@click.argument("files", nargs=-1, required=True, metavar="FILE…")
@click.option("--format", "shape", type=click.Choice(["text", "json"]), default="text")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def command(files: tuple[str, ...], shape: str, *, quiet: bool) -> None:
    """Verify the checksums in the pages of Parquet FILEs.

    A bit that flipped on a disk changes numbers without a sign, unless the writer of
    the file put checksums into it. The analysis does not read them, for it would take
    as long again; this command does. Exit code 3 where a file is damaged.
    """
    from holdback.data.loaders.files import check_readable
    from holdback.data.loaders.page_checksums import verified
    from holdback.errors import DataError, Problem

    told = {}
    for name in files:
        check_readable(Path(name), Path.cwd())
        told[name] = verified(Path(name), name)
    if not quiet and shape == "json":
        listed = {name: asdict(one) for name, one in told.items()}
        click.echo(json.dumps({"schema": CHECK_SCHEMA, "files": listed}, indent=2))
    elif not quiet:
        for name, one in told.items():
            if not one.damaged:
                click.echo(f"{name}: {WORDS[one.checksummed]}")
    damaged = [
        Problem(
            where=name,
            what="the file is damaged: "
            + ", ".join(
                f"column {column} of row group {group + 1}"
                for group, column in one.damaged[:SHOWN_PLACES]
            )
            + (" and more." if len(one.damaged) > SHOWN_PLACES else "."),
            fix="Take it from a copy, or export it again.",
        )
        for name, one in told.items()
        if one.damaged
    ]
    if damaged:
        raise DataError(*damaged)


WORDS = {
    True: "checksummed, and every page is what was written.",
    False: "not checksummed: it can be read, but a flipped bit would not be seen. "
    "Write it with page checksums (pyarrow: write_page_checksum=True).",
}
