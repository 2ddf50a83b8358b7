"""`holdback audit-log`: whether the record of plans and looks is whole."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from holdback.cli.console import examples
from holdback.errors import ConfigError, Problem

if TYPE_CHECKING:
    from holdback.analysis.preregistration.log_end import LogLoss, Verified

__all__ = ["command"]


@click.group(
    "audit-log", epilog=examples("audit-log verify experiments/recs-holdback.yaml")
)
def command() -> None:
    """Check the record of plans and looks, audit.jsonl.

    The log is a chain of hashes, so an edit in its midst shows. Its end is kept in
    audit.head and its looks in each scorecard, so a missing end shows as well. Whoever
    may write all of these files can rewrite them together: keep them under version
    control, or mail the hash that `holdback lock` prints.
    """


@command.command(
    "verify", epilog=examples("audit-log verify experiments/recs-holdback.yaml")
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("-q", "--quiet", is_flag=True, help="Print nothing but errors.")
def verify(files: tuple[str, ...], *, quiet: bool) -> None:
    """Compare the log of each experiment with what other files remember of it.

    Exits with 2 where entries were changed or are missing, and names them.
    """
    from holdback import workflow
    from holdback.analysis.preregistration.log_end import verified

    problems: list[Problem] = []
    for file in files:
        log = verified(workflow.load(file))
        assert log is not None  # noqa: S101  # it was loaded from a file
        problems += [_problem(log, loss) for loss in log.losses]
        if not quiet:
            click.echo("\n".join(_told(file, log)))
    if problems:
        raise ConfigError(dict.fromkeys(problems))


def _told(file: str, log: Verified) -> Iterator[str]:
    looks = "1 look" if log.looks == 1 else f"{log.looks:,} looks"
    locked = "the plan is locked" if log.locked else "no plan is locked"
    yield f"{file}: {looks}, {locked}."
    yield f"  log   {log.path}, entries: {log.entries:,}, last hash: {log.hash or '–'}"
    if log.head is None:
        yield "  head  no audit.head: only scorecards could show a missing end"
    else:
        yield f"  head  entries: {log.head[0]:,}, last hash: {log.head[1]}"


def _problem(log: Verified, loss: LogLoss) -> Problem:
    days = ", ".join(str(look.day or "an unknown moment") for look in loss.looks)
    what = [
        f"{loss.entries:,} of its entries are gone or changed" if loss.entries else "",
        f"looks that a scorecard proves are missing: {days}" if days else "",
    ]
    return Problem(
        where=str(log.path),
        what=f"{'; '.join(filter(None, what))}.",
        why="What was looked at stays paid for, and results are `amended`.",
        fix="Put audit.jsonl back from a copy, beside the audit.head of that time.",
    )
