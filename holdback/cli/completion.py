"""`holdback completion`: the shell completes commands and options."""

from __future__ import annotations

import click

from holdback.cli.console import examples

__all__ = ["command"]


@click.command(
    "completion",
    epilog=examples(
        "completion bash >> ~/.bashrc",
        "completion fish > ~/.config/fish/completions/holdback.fish",
    ),
)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def command(shell: str) -> None:
    """Print what makes a shell complete holdback's commands and options."""
    from click.shell_completion import get_completion_class

    from holdback.cli.main import COMPLETE, group

    completion = get_completion_class(shell)
    assert completion is not None  # noqa: S101  # click has these three
    click.echo(completion(group, {}, "holdback", COMPLETE).source())
