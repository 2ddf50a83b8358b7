"""The command line: one file a command, each imported only when it is used.

`main` turns whatever happens into a message and an exit code: 0 done, 1 a bug of
ours, 2 usage or configuration, 3 data, 4 the experiment cannot be analyzed,
5 environment, 130 and 143 when stopped by a signal. Results go to the standard
output, everything else to the standard error.
"""

from __future__ import annotations

import errno
import os
import signal
import sys
from importlib import import_module
from typing import TYPE_CHECKING, NoReturn

import click

from holdback import __version__

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["COMMANDS", "COMPLETE", "group", "main", "run"]

COMMANDS = {
    "demo": "Make a small project of known truth and analyze it.",
    "init": "Write a commented project that runs as it is.",
    "validate": "Tell every problem of experiment files at once.",
    "plan": "Say what an experiment will be able to show.",
    "lock": "Record the plan before results are seen.",
    "assign": "Give each id its arm.",
    "audit": "Compare logged arms with recomputed ones; name the cause.",
    "audit-log": "Check that the record of plans and looks is whole.",
    "analyze": "Estimate the lift, count the money, report.",
    "sql": "Print the questions of `analyze` as one script for any warehouse.",
    "simulate": "Replay the test on its own units: does the reading keep its word?",
    "report": "Render a stored scorecard again, without the data.",
    "export-units": "Write the units one by one, for an analysis of your own.",
    "roi": "Answer simple questions of return by arithmetic, which is no evidence.",
    "list": "List the experiments of a project.",
    "weekly": "Show where the running tests stand; takes no look.",
    "portfolio": "Put all finished experiments together.",
    "site": "Write everything that a team shares as static pages.",
    "schema": "Print the JSON Schema of the YAML files.",
    "check": "Verify the checksums of Parquet files.",
    "doctor": "Check the health of the installation.",
    "completion": "Print what makes the shell complete commands.",
}
COMMAND_FILES = {"audit-log": "audit_log", "export-units": "units", "list": "listing"}
"""Commands whose file has another name: a module `list` would hide Python's own."""
DEBUG = "HOLDBACK_DEBUG"
COMPLETE = "_HOLDBACK_COMPLETE"
BUG, ENVIRONMENT, INTERRUPTED, PIPE_CLOSED = 1, 5, 130, 141


class LazyGroup(click.Group):
    """A group that knows its commands' names and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's form
        """Names in the order in which the commands are used."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  # click's form
        """The command of that name, which takes `--debug` as the group does."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"holdback.cli.{COMMAND_FILES.get(cmd_name, cmd_name)}")
        command: click.Command = module.command
        if not any(option.name == "debug" for option in command.params):
            command.params.append(_debug_option())
        return command

    def resolve_command(
        self,
        ctx: click.Context,
        args: list[str],
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command asked for; raises a usage error with the nearest name."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.exceptions.NoSuchCommand(
                args[0], possibilities=COMMANDS, ctx=ctx
            )
        return super().resolve_command(ctx, args)

    def format_commands(
        self,
        ctx: click.Context,
        formatter: click.HelpFormatter,
    ) -> None:
        """Names and one line each, without importing any of them."""
        with formatter.section("Commands"):
            formatter.write_dl([(n, COMMANDS[n]) for n in self.list_commands(ctx)])


def _debug_option() -> click.Option:
    return click.Option(
        ["--debug"],
        is_flag=True,
        expose_value=False,
        callback=_remember_debug,
        help="Show a traceback when something fails.",
    )


def _remember_debug(
    ctx: click.Context,  # noqa: ARG001  # click's form
    param: click.Parameter,  # noqa: ARG001  # click's form
    value: bool,  # noqa: FBT001  # click's form
) -> None:
    if value:
        os.environ[DEBUG] = "1"


group = LazyGroup(
    "holdback",
    help="Measure whether personalization pays: lift, incremental revenue and ROPI.",
    epilog="""\b
Example:
  holdback demo                  see it work on simulated data
  holdback init my-shop          begin on your own data
  holdback COMMAND --help        options and an example of each command
""",
    params=[_debug_option()],
    context_settings={"help_option_names": ["-h", "--help"]},
)
click.version_option(__version__, prog_name="holdback")(group)


def main() -> NoReturn:
    """Run the command line and exit with the code of what happened.

    Raises SystemExit, always.
    """
    if COMPLETE in os.environ:
        from click.shell_completion import shell_complete

        sys.exit(shell_complete(group, {}, "holdback", COMPLETE, os.environ[COMPLETE]))
    caught: list[int] = []

    def stop(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001
        caught.append(number)
        raise KeyboardInterrupt

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    sys.exit(run(sys.argv[1:], caught))


def run(arguments: list[str], caught: list[int] | None = None) -> int:
    """Exit code of one command line; every failure has told itself by then.

    `caught` holds the signals that came, for libraries that turn the interrupt which
    they meet into an error of their own.
    """
    try:
        with group.make_context("holdback", list(arguments)) as context:
            group.invoke(context)
            sys.stdout.flush()
    except click.exceptions.Exit as done:
        return done.exit_code
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001  # the last net
        if os.environ.get(DEBUG) and not isinstance(error, click.ClickException):
            _print_traceback()
        if caught or isinstance(error, KeyboardInterrupt | click.Abort):
            click.echo("Stopped. No file was left half-written.", err=True)
            return 128 + caught[0] if caught else INTERRUPTED
        return _told(error)
    return 0


def _told(error: BaseException) -> int:
    """Tell what happened on the standard error; the exit code of it."""
    from holdback.errors import HoldbackError

    if isinstance(error, HoldbackError):
        click.echo(str(error), err=True)
        return error.exit_code
    if isinstance(error, click.ClickException):
        error.show()
        return error.exit_code
    if isinstance(error, OSError):
        return _told_by_system(error)
    if isinstance(error, MemoryError):
        click.echo(
            "The memory was not enough.\n"
            "    Fix: close other programs, or aggregate in a database.",
            err=True,
        )
        return ENVIRONMENT
    click.echo(
        f"holdback has a bug: {type(error).__name__} in {_place(error)}.\n"
        "    Fix: please report it with what `--debug` prints; read that first, "
        "it may hold your data.",
        err=True,
    )
    return BUG


def _told_by_system(error: OSError) -> int:
    _let_go_of_output()
    if error.errno == errno.EPIPE:
        return PIPE_CLOSED
    where = f"{error.filename}: " if error.filename else ""
    click.echo(f"{where}{error.strerror or type(error).__name__}.", err=True)
    return ENVIRONMENT


def _let_go_of_output() -> None:
    """Nothing more is written to an output that is full or that nobody reads.

    What the buffer still holds would otherwise fail once more as Python ends.
    """
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _place(error: BaseException) -> str:
    """File and line of our own code where an error arose: no data, no secret."""
    frames = []
    step = error.__traceback__
    while step is not None:
        name = step.tb_frame.f_globals.get("__name__", "")
        if name.startswith("holdback"):
            frames.append(f"{name}:{step.tb_lineno}")
        step = step.tb_next
    return frames[-1] if frames else "holdback"


def _print_traceback() -> None:
    import traceback

    traceback.print_exc()
