"""`holdback report`: render a stored scorecard again, without the data."""

from __future__ import annotations

from pathlib import Path

import click

from holdback.cli.console import examples
from holdback.errors import Problem, ReportError

__all__ = ["command"]


@click.command(
    "report",
    epilog=examples(
        "report results/recs-holdback/scorecard.json",
        "report results/recs-holdback/scorecard.json --pdf --email --markdown",
        "report results/recs-holdback/scorecard.json --message",
    ),
)
@click.argument("scorecard")
@click.option(
    "-o", "--output", metavar="DIR", help="Where to write. Default: beside SCORECARD."
)
@click.option("--pdf", is_flag=True, help="Also report.pdf (needs holdback[pdf]).")
@click.option(
    "--email",
    is_flag=True,
    help="Also email.html and the draft email.eml (needs holdback[email]).",
)
@click.option("--markdown", is_flag=True, help="Also summary.md, for a chat.")
@click.option(
    "--message",
    is_flag=True,
    help="Print a message for a chat, of at most 1,200 characters; write nothing.",
)
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def command(
    scorecard: str,
    output: str | None,
    *,
    pdf: bool,
    email: bool,
    markdown: bool,
    message: bool,
    quiet: bool,
) -> None:
    """Render SCORECARD (a scorecard.json) as report.html and readouts.csv."""
    from holdback import workflow
    from holdback.atomic_files import read_whole, write_files
    from holdback.results.json_codec import from_json

    path = Path(scorecard)
    try:
        text = read_whole(path).decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ReportError(
            Problem(
                where=scorecard,
                what="the scorecard cannot be read.",
                why=getattr(error, "strerror", None) or "It is not UTF-8 text.",
                fix="Name a scorecard.json that `holdback analyze` wrote.",
            )
        ) from error
    stored = from_json(text)
    if message:
        from holdback.reports.exports.markdown_summary import message as short

        click.echo(short(stored), nl=False)
        return
    files: dict[str, str | bytes] = {**workflow.render(stored)}
    del files["scorecard.json"]
    files |= workflow.render_more(stored, pdf=pdf, email=email, markdown=markdown)
    folder = Path(output) if output else path.parent
    written = write_files(folder, files, manifest=True)
    if not quiet:
        for file in written:
            click.echo(file)
