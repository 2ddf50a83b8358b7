"""The command line: one file a command, each imported only when it is used."""

from __future__ import annotations

import importlib
import os
import signal
import sys
from typing import TYPE_CHECKING, NoReturn

import click

from holdback import __version__

if TYPE_CHECKING:
    from types import FrameType

__all__ = ["group", "main"]

COMMANDS = {
    "demo": "Make a small project with known truth, analyze it, show the report.",
    "init": "Write a commented project that runs as it is.",
    "validate": "Tell every problem of experiment files at once.",
    "plan": "Say what an experiment will be able to show.",
    "assign": "Give each id its arm.",
    "analyze": "Estimate the lift, count the money, write the report.",
    "report": "Render a stored scorecard again, without the data.",
    "schema": "Print the JSON Schema of the YAML files.",
    "doctor": "Check the health of the installation.",
}
INTERRUPTED, TERMINATED = 130, 143


class Lazy(click.Group):
    """A group that knows its commands' names and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """In the order in which they are used."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:  # noqa: ARG002
        """The command of that name."""
        if name not in COMMANDS:
            return None
        module = importlib.import_module(f"holdback.cli.{name}")
        command: click.Command = module.command
        return command

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        """Names and one line each, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(n, COMMANDS[n]) for n in self.list_commands(ctx)])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command asked for, or an error with the nearest name."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            close = get_close_matches(args[0], COMMANDS, 1)
            if close and "Did you mean" not in error.message:
                error.message += f" Did you mean '{close[0]}'?"
            raise


@click.group(
    cls=Lazy,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Begin with `holdback demo`, or with `holdback init` on your own data.",
)
@click.version_option(__version__, prog_name="holdback")
@click.option("--debug", is_flag=True, help="Show a traceback when something fails.")
def group(*, debug: bool) -> None:
    """Measure whether personalization pays: lift, incremental revenue and ROPI."""
    if debug:
        os.environ["HOLDBACK_DEBUG"] = "1"


def main() -> NoReturn:
    """Run the command line and exit with the code of what happened."""
    signal.signal(signal.SIGTERM, _terminated)
    sys.exit(run(sys.argv[1:]))


def run(arguments: list[str]) -> int:
    """Run one command; every failure becomes a message and an exit code."""
    from holdback.errors import EnvironmentFault, HoldbackError

    try:
        group.main(args=arguments, prog_name="holdback", standalone_mode=False)
    except HoldbackError as error:
        _raise_if_debugging()
        click.echo(str(error), err=True)
        return error.exit_code
    except click.exceptions.Exit as done:
        return done.exit_code
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted; nothing was written.", err=True)
        return INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except MemoryError:
        click.echo("Out of memory; nothing was written.", err=True)
        return EnvironmentFault.exit_code
    except Exception as error:  # noqa: BLE001  # the last net: a bug of ours
        _raise_if_debugging()
        click.echo(
            f"This is a bug of holdback: {type(error).__name__}: {error}\n"
            "    Fix: run again with `holdback --debug …` and report what it prints.",
            err=True,
        )
        return 1
    return 0


def _raise_if_debugging() -> None:
    if os.environ.get("HOLDBACK_DEBUG"):
        raise  # noqa: PLE0704  # called from an except clause


def _terminated(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001
    sys.exit(TERMINATED)
