"""The command line as a process: start-up, help, exit codes, signals, pipes."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest

import holdback
from holdback.cli import main as cli
from holdback.errors import (
    AssignmentError,
    ConfigError,
    DataError,
    EnvironmentFault,
    HoldbackError,
    ReportError,
    StatsError,
)

HEAVY = {"babel", "duckdb", "jinja2", "numpy", "pandas", "pydantic", "scipy", "sqlglot"}


def run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "holdback", *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | environ,
    )


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Let the command `doctor` raise what is handed over."""

    def install(error: BaseException) -> None:
        @click.command("doctor")
        def command() -> None:
            raise error

        monkeypatch.setattr("holdback.cli.doctor.command", command)

    monkeypatch.delenv(cli.DEBUG, raising=False)
    return install


def test_version_says_the_number() -> None:
    """`--version` prints the package's version."""
    assert (
        run("--version").stdout.strip() == f"holdback, version {holdback.__version__}"
    )


def test_version_stays_within_its_budget() -> None:
    """`--version` takes at most 150 ms of processor time."""
    times = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run("--version")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(
            after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        )
    assert min(times) < 0.150


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["analyze", "--help"]]
)
def test_start_imports_nothing_heavy(arguments: list[str]) -> None:
    """Help and version load neither numpy nor the data engine nor pydantic."""
    code = (
        "import sys\nfrom holdback.cli.main import run\n"
        f"run({arguments!r})\n"
        f"print(sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stderr.strip() == "[]"


HEAVY_TO_ASSIGN = HEAVY - {"pydantic"} | {"matplotlib", "polars", "pyarrow"}
EXPERIMENT = """\
version: 1
experiment: recs
arms: {holdback: {share: 10%, control: true}, personalized: {share: 90%}}
assignment: {source: visitors}
window: {start: 2026-10-01, end: 2026-11-11}
primary: conversion
sources:
  visitors: {csv: visitors.csv, columns: {unit: customer_id, time: exposed_at}}
  orders: {csv: orders.csv, columns: {unit: customer_id, time: ordered_at}}
metrics:
  conversion: {kind: conversion, source: orders}
"""


def test_assigning_a_few_ids_imports_what_it_needs(tmp_path: Path) -> None:
    """Neither engine nor numbers; of kinds and schemes only those that are named."""
    (tmp_path / "recs.yaml").write_text(EXPERIMENT)
    (tmp_path / "ids.csv").write_text(
        "customer_id\n" + "".join(f"u{n}\n" for n in "1234")
    )
    arguments = ["assign", "recs.yaml", "ids.csv", "-o", "assigned.csv", "-q"]
    code = (
        "import sys\nfrom holdback.cli.main import run\n"
        f"assert run({arguments!r}) == 0\n"
        "print(*sys.modules, sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
    )
    imported = set(done.stdout.split())
    assert len((tmp_path / "assigned.csv").read_text().splitlines()) == 5
    assert not HEAVY_TO_ASSIGN & imported
    rooms = {"analysis", "audit", "data", "economics", "planning", "portfolio"}
    rooms |= {"reports", "results", "stats", "workflow"}
    assert not {f"holdback.{room}" for room in rooms} & imported
    kinds = {name for name in imported if name.startswith("holdback.experiments.sour")}
    assert not {"holdback.experiments.sources.shopify_orders"} & kinds
    assert "holdback.experiments.sources.csv" in kinds
    assert "holdback.experiments.metrics.churn" not in imported
    assert "holdback.assignment.schemes.statsig" not in imported
    assert len({name for name in imported if name.startswith("holdback")}) <= 60


def test_import_of_the_package_is_light() -> None:
    """`import holdback` loads nothing heavy, not even click."""
    code = (
        f"import holdback, sys; print(sorted({HEAVY | {'click'}!r} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_every_command_has_an_example(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """`--help` of each command ends with an example of it, and offers `--debug`."""
    assert cli.run([name, "--help"]) == 0
    text = capsys.readouterr().out
    assert "Example:" in text
    assert f"holdback {name}" in text.partition("Example:")[2]
    assert text.count("--debug") == 1


def test_help_names_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    """`--help` lists all commands in the order of use."""
    assert cli.run(["--help"]) == 0
    text = capsys.readouterr().out
    found = [line.split()[0] for line in text.splitlines() if line.startswith("  ")]
    assert [name for name in found if name in cli.COMMANDS] == list(cli.COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "hint"),
    [
        (["analize", "x"], "Did you mean 'analyze'?"),
        (["analyze", "--as-off", "x"], "Did you mean '--as-of'?"),
        (["analyze"], "Missing argument 'FILE'"),
        (["frobnicate"], "No such command 'frobnicate'."),
    ],
)
def test_usage_errors_are_told(
    arguments: list[str], hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistyped command line ends with 2, a hint, and an empty standard output."""
    assert cli.run(arguments) == 2
    out, err = capsys.readouterr()
    assert hint in err
    assert not out


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (HoldbackError("x"), 1),
        (ConfigError("x"), 2),
        (AssignmentError("x"), 2),
        (DataError("x"), 3),
        (StatsError("x"), 4),
        (EnvironmentFault("x"), 5),
        (ReportError("x"), 5),
        (MemoryError(), 5),
        (PermissionError(13, "Permission denied", "a.csv"), 5),
        (KeyboardInterrupt(), 130),
        (ZeroDivisionError("secret"), 1),
    ],
)
def test_exit_codes_against_the_contract(
    error: BaseException,
    code: int,
    failing: Callable[[BaseException], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Every kind of failure has its exit code and a text, and no traceback."""
    failing(error)
    assert cli.run(["doctor"]) == code
    out, err = capsys.readouterr()
    assert err.strip()
    assert not out
    assert "Traceback" not in err
    assert "secret" not in err


def test_a_bug_is_told_by_its_place(
    failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """An unexpected exception asks for a report and names where it arose."""
    failing(ZeroDivisionError("secret"))
    assert cli.run(["doctor"]) == 1
    err = capsys.readouterr().err
    assert err.startswith("holdback has a bug: ZeroDivisionError in holdback.")
    assert "report" in err


@pytest.mark.parametrize("arguments", [["--debug", "doctor"], ["doctor", "--debug"]])
def test_debug_shows_the_traceback(
    arguments: list[str],
    failing: Callable[[BaseException], None],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`--debug` before or after the command shows the traceback."""
    monkeypatch.setenv(cli.DEBUG, "")
    failing(DataError("x"))
    if arguments[0] == "doctor":
        # The stand-in has no `--debug` of its own until the group adds it.
        assert cli.group.get_command(click.Context(cli.group), "doctor") is not None
    assert cli.run(arguments) == 3
    assert "Traceback" in capsys.readouterr().err


def test_a_signal_behind_an_error_wins(
    failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """A library's own error after a signal still ends as the signal says."""
    failing(RuntimeError("Query interrupted"))
    assert cli.run(["doctor"], [signal.SIGTERM]) == 143
    assert "Stopped" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_signals_against_the_contract(number: signal.Signals, code: int) -> None:
    """SIGINT ends with 130 and SIGTERM with 143, in words."""
    code_text = (
        "import os, sys, holdback.cli.main as cli, click\n"
        "import holdback.cli.doctor as doctor\n"
        f"stop = lambda: os.kill(os.getpid(), {int(number)})\n"
        "doctor.command = click.Command('doctor', callback=stop)\n"
        "sys.argv = ['holdback', 'doctor']\ncli.main()"
    )
    done = subprocess.run(
        [sys.executable, "-c", code_text], capture_output=True, text=True, check=False
    )
    assert done.returncode == code
    assert "Stopped" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_closed_pipe_is_quiet() -> None:
    """A reader that leaves early causes no message."""
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed:
        done = subprocess.run(
            [sys.executable, "-m", "holdback", "--help"],
            stdout=closed,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 141
    assert not done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize("unbuffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_a_full_disk_is_told(unbuffered: str) -> None:
    """Output that cannot be written ends with 5 and the reason, and with no more."""
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        done = subprocess.run(
            [sys.executable, "-m", "holdback", "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
        )
    assert done.returncode == 5
    assert done.stderr == "No space left on device.\n"


def test_public_names_are_there() -> None:
    """Every name of `__all__` can be had, and a wrong one cannot."""
    for name in holdback.__all__:
        assert getattr(holdback, name) is not None
    assert set(holdback.__all__) <= set(dir(holdback))
    with pytest.raises(AttributeError, match="frobnicate"):
        holdback.frobnicate  # noqa: B018
