"""`holdback report`: render a stored scorecard again, without the data."""

from __future__ import annotations

from pathlib import Path

import click

from holdback.errors import Problem, ReportError

__all__ = ["command"]

EXAMPLE = """\b
Example:
  holdback report results/recs-holdback/scorecard.json
"""


@click.command("report", epilog=EXAMPLE)
@click.argument("scorecard")
@click.option(
    "-o", "--output", metavar="DIR", help="Where to write. Default: beside SCORECARD."
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def command(scorecard: str, output: str | None, *, quiet: bool) -> None:
    """Render SCORECARD (a scorecard.json) as report.html and readouts.csv."""
    from holdback import workflow
    from holdback.atomic import write_files
    from holdback.experiments.codec import from_json

    path = Path(scorecard)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ReportError(
            Problem(
                where=scorecard,
                what="the scorecard cannot be read.",
                why=getattr(error, "strerror", None) or "It is not UTF-8 text.",
                fix="Name a scorecard.json that `holdback analyze` wrote.",
            )
        ) from error
    files = workflow.render(from_json(text))
    del files["scorecard.json"]
    written = write_files(Path(output) if output else path.parent, files)
    if not quiet:
        for file in written:
            click.echo(file)
