"""The documents keep their word: every block of code in them runs, offline.

A page is run from top to bottom in a folder of its own, beside the small files that
readers are told to have and a demo of 2,000 customers: shell lines by the command
line, YAML by loading it (a fragment within an experiment that has what it names),
Python as it stands. What is not run here stands in a table below, with its reason.
"""

from __future__ import annotations

import csv
import gzip
import json
import os
import random
import re
import runpy
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from socketserver import StreamRequestHandler, TCPServer
from textwrap import dedent
from threading import Thread
from typing import Any, ClassVar

import click
import pytest
from ruamel.yaml import YAML

import holdback as hb
from holdback.cli import main as cli
from holdback.experiments.config.json_schema import schema

ROOT = Path(__file__).resolve().parents[1]
PAGES = ["README.md", *sorted(f"docs/{page.name}" for page in ROOT.glob("docs/*.md"))]
FENCE = re.compile(r"^```(\S*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SHELL = frozenset({"sh", "shell"})
ELSEWHERE = {
    "javascript": "tests/assignment/schemes/test_holdback.py runs it in Node.js",
    "sql": "tests/assignment/schemes/test_holdback.py runs it in DuckDB",
    "": "what a command prints or a file holds, not code",
}
"""Languages of blocks that are not run here, and why."""
INSTALLS = {
    "pip install .": "installs; `make package` does it with a wheel",
    "python3.11 -m venv .venv": "installs",
    ".venv/bin/pip install .": "installs",
    ". .venv/bin/activate": "changes the reader's shell only",
    "git clone <this repository> && cd holdback": "has no address",
    "make demo": "installs; the demo itself is made before the pages run",
    "pip install holdback": "installs, in a step of a workflow",
    "git": "keeps the record in the team's repository",
}
"""Lines of shell blocks that are not run here, and why."""
INSIDE = {
    ("README.md", "python", "experiments/"),
    ("docs/assignment.md", "", ""),
    ("docs/sharing.md", "", ""),
    ("docs/reproduce.md", "", ""),
}
"""Blocks that are typed in the demo's folder: page, language, a word of the block."""


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: where it stands, its language and its text."""

    page: str
    line: int
    language: str
    text: str


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page, in their order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [
        Block(page, text.count("\n", 0, found.start()) + 1, found[1], found[2])
        for found in FENCE.finditer(text)
    ]


def lines(block: Block) -> list[str]:
    """The commands of a shell block, without comments."""
    joined = block.text.replace("\\\n", " ")
    bare = (re.sub(r"(^|\s+)# .*", "", line).strip() for line in joined.splitlines())
    return [line for line in bare if line]


def written(file: Path, head: str, rows: list[list[object]]) -> None:
    """A CSV file."""
    file.parent.mkdir(exist_ok=True)
    text = StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(head.split(","))
    table.writerows(rows)
    file.write_text(text.getvalue(), encoding="utf-8")


def small_files(folder: Path) -> None:
    """The files that the pages speak of: customers, exposures, orders."""
    import duckdb

    chance = random.Random(26)
    start = datetime(2026, 10, 1, 9, tzinfo=UTC)
    exposures: list[list[object]] = []
    orders: list[list[object]] = []
    customers: list[list[object]] = []
    for i in range(3000):
        unit, arm = f"{i + 1:05d}", "personalized" if i % 10 else "holdback"
        seen = start + timedelta(hours=chance.uniform(0, 24 * 27))
        exposures.append([unit, arm, f"{seen:%F %T}", chance.choice(["mobile", "web"])])
        spent = 0.0
        for after in (-10, 5):
            bought = 0.6 if after > 0 and arm == "personalized" else 0.5
            if chance.random() < bought:
                total = round(chance.lognormvariate(3.5, 0.5), 2)
                at = seen + timedelta(days=after, hours=chance.uniform(0, 90))
                orders.append([f"A-{len(orders)}", unit, f"{at:%F %T}", total, 0])
                spent += total * (after > 0)
        customers.append([unit, arm, chance.choice(["yes", "no"]), spent > 0, spent])
    orders.append(["A-last", "00001", "2026-11-26 12:00:00", 20, 0])
    head = "order_id,customer_id,ordered_at,total,refunded"
    written(folder / "exposures.csv", "customer_id,arm,exposed_at,device", exposures)
    written(folder / "orders.csv", head, orders)
    written(folder / "customers.csv", "customer_id,arm,member,bought,spend", customers)
    (folder / "orders").mkdir()
    duckdb.execute(
        f"COPY (SELECT * FROM '{folder}/orders.csv') TO '{folder}/orders/1.parquet'"
    )


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What every page finds in its folder: the small files, and a demo."""
    folder = tmp_path_factory.mktemp("documents")
    small_files(folder)
    demo = folder / "holdback-demo"
    assert cli.run(["demo", str(demo), "--units", "2000", "--quiet"]) == 0
    shutil.copy(demo / "data/customers.csv", demo)
    zipped = gzip.compress((demo / "customers.csv").read_bytes())
    (demo / "customers.csv.gz").write_bytes(zipped)
    return folder


def reason(line: str) -> str:
    """Why a command is not run; nothing for one that is."""
    first = "git" if line.startswith("git ") and line not in INSTALLS else line
    return INSTALLS.get(first, "")


def run_crontab(block: Block) -> None:
    """Run the command of each line: five fields say when, /srv is the folder here."""
    for line in lines(block):
        *when, command = line.split(maxsplit=5)
        assert all(re.fullmatch(r"[\d*/,-]+", field) for field in when)
        Path("srv").mkdir()
        Path("srv/shop").symlink_to(Path.cwd())
        here = command.replace("/srv/", f"{Path.cwd()}/srv/")
        run_shell(Block(block.page, block.line, "sh", here))


def run_workflow(block: Block) -> None:
    """Run the commands of a workflow's steps."""
    workflow = YAML(typ="safe").load(block.text)
    assert set(workflow) == {"name", "on", "permissions", "jobs"}
    (job,) = workflow["jobs"].values()
    steps = [step["run"] for step in job["steps"] if "run" in step]
    run_shell(Block(block.page, block.line, "sh", "\n".join(steps)))
    assert all(Path(step["with"]["path"]).is_dir() for step in job["steps"][-2:-1])


def run_shell(block: Block) -> None:
    """Run a block's commands: those of holdback in this process, pipes by a shell."""
    for line in lines(block):
        if reason(line):
            continue
        name, *arguments = shlex.split(line)
        if any(sign in arguments for sign in ("|", "<", ">", ">>", "&&")):
            own = f'holdback() {{ "{sys.executable}" -m holdback "$@"; }}\n'
            environment = {**os.environ, "PYTHONPATH": str(ROOT)}
            subprocess.run(
                ["/bin/bash", "-eo", "pipefail", "-c", own + line],
                check=True,
                env=environment,
            )
            continue
        assert Path(name).name == "holdback", f"{line!r} is neither run nor explained"
        assert cli.run(arguments) == 0, line


ORDERS = "columns: {unit: customer_id, time: ordered_at, id: order_id}"
BASE = YAML(typ="safe").load(f"""\
version: 1
experiment: recs
currency: EUR
timezone: Europe/Dublin
arms: {{holdback: {{share: 10%, control: true}}, predictive: {{share: 90%}}}}
window: {{start: 2026-10-01, end: 2026-11-11}}
assignment: {{source: exposures}}
sources:
  exposures: {{csv: exposures.csv, columns: {{unit: id, arm: arm, time: seen_at}}}}
  orders: {{csv: orders.csv, {ORDERS}}}
  visits: {{csv: visits.csv, columns: {{unit: id, time: seen_at}}}}
  payments: {{csv: payments.csv, columns: {{unit: id, time: paid_at}}}}
  ads: {{csv: ads.csv, columns: {{unit: id, time: shown_at}}}}
  first_orders: {{csv: first.csv, columns: {{unit: id, time: ordered_at}}}}
  touches: {{csv: touches.csv, columns: {{unit: id, time: seen_at}}}}
metrics:
  revenue_per_visitor:
    {{kind: mean, source: orders, value: total, unit: money, within: 14 days}}
  conversion: {{kind: conversion, source: orders, within: 14 days}}
primary: revenue_per_visitor
secondary: [conversion]
economics: {{value: revenue_per_visitor, margin: 42%}}
""")
WHOLE = frozenset({"arms", "assignment"})
"""Keys of which a fragment shows all."""


def within(base: Mapping[str, Any], fragment: Mapping[str, Any]) -> dict[str, Any]:
    """An experiment with a fragment's keys in the place of its own."""
    deeper = {
        key: within(base[key], value)
        for key, value in fragment.items()
        if isinstance(value, Mapping) and isinstance(base.get(key), Mapping)
    }
    kept = {key: value for key, value in base.items() if key not in fragment}
    return kept | dict(fragment) | {k: v for k, v in deeper.items() if k not in WHOLE}


def run_yaml(block: Block) -> None:
    """Load what a block shows: a whole file as it stands, a fragment within another."""
    if block.text.startswith("name:"):
        run_workflow(block)
        return
    if block.text.startswith("version: 1\n"):
        Path("recs-holdback.yaml").write_text(block.text, encoding="utf-8")
        assert hb.load("recs-holdback.yaml").name == "recs-holdback"
        return
    project = Path(f"line-{block.line}", "experiments")
    project.mkdir(parents=True)
    parts = re.split(r"^# (\S+\.yaml)\n", block.text, flags=re.MULTILINE)
    named = dict(zip(parts[1::2], parts[2::2], strict=True))
    if "holdback.yaml" in named:
        shared = "version: 1\n" + named["holdback.yaml"]
        (project.parent / "holdback.yaml").write_text(shared, encoding="utf-8")
    parser = YAML(typ="safe")
    fragment = parser.load(named.get("experiments/recs.yaml", dedent(block.text)))
    base = BASE | {"assignment": {"source": "exposures"}}
    with (project / "recs.yaml").open("w", encoding="utf-8") as file:
        parser.dump(within(base, fragment), file)
    assert hb.load(project / "recs.yaml").primary


class Webhook(BaseHTTPRequestHandler):
    """A chat's webhook, which keeps what it is sent."""

    heard: ClassVar[list[bytes]] = []

    def do_POST(self) -> None:
        """Keep the body."""
        self.heard.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its name
        """Say nothing."""


class Mailbox(StreamRequestHandler):
    """As much of SMTP as a sender needs; keeps each message (RFC 5321)."""

    heard: ClassVar[list[bytes]] = []

    def handle(self) -> None:
        """Answer each command, and take the message that follows DATA."""
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            verb = line[:4].upper().strip()
            if verb == b"DATA":
                self.wfile.write(b"354 go on\r\n")
                taken = iter(self.rfile.readline, b".\r\n")
                self.heard.append(b"".join(row.removeprefix(b".") for row in taken))
            self.wfile.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A mail server and a chat on this machine, where the pages look for them."""
    Webhook.heard.clear()
    Mailbox.heard.clear()
    with (
        ThreadingHTTPServer(("127.0.0.1", 0), Webhook) as chat,
        TCPServer(("127.0.0.1", 0), Mailbox) as mail,
    ):
        threads = [Thread(target=one.serve_forever) for one in (chat, mail)]
        for thread in threads:
            thread.start()
        monkeypatch.setenv("CHAT_WEBHOOK", f"http://127.0.0.1:{chat.server_port}/")
        monkeypatch.setenv("MAIL_HOST", "127.0.0.1")
        monkeypatch.setenv("MAIL_PORT", str(mail.server_address[1]))
        yield
        for one, thread in zip((chat, mail), threads, strict=True):
            one.shutdown()
            thread.join()


NAMES: dict[str, dict[str, Any]] = {}
"""What a page's blocks of Python have named so far, by page."""


def run_python(block: Block) -> None:
    """Run a block that may use `hb` and a table `frame`."""
    import pandas as pd

    chance = random.Random(26)
    frame = pd.DataFrame(
        {
            "id": [f"u{i}" for i in range(2000)],
            "group": ["none", "mail"] * 1000,
            "spend": [max(chance.gauss(2, 9), 0.0) for _ in range(2000)],
            "visit": [int(chance.random() < 0.2) for _ in range(2000)],
        }
    )
    code = compile(block.text, f"{block.page}:{block.line}", "exec")
    names = NAMES.setdefault(block.page, {"hb": hb, "frame": frame})
    exec(code, names)  # noqa: S102  # our own documents


RUNNERS: dict[str, Callable[[Block], None]] = {
    "yaml": run_yaml,
    "python": run_python,
    "crontab": run_crontab,
    **dict.fromkeys(SHELL, run_shell),
}


def test_commands_in_sentences_exist() -> None:
    """A command that a sentence names, and each option after it, are there."""
    wrong = []
    for page in PAGES:
        text = FENCE.sub("", (ROOT / page).read_text(encoding="utf-8"))
        for words in re.findall(r"`holdback ([a-z][\w-]*(?: [^`]*)?)`", text):
            name, *rest = words.split()
            command = cli.group.get_command(click.Context(cli.group), name)
            shown = command.get_help(click.Context(command)) if command else ""
            asked = [one.partition("=")[0] for one in rest if one.startswith("-")]
            if command is None or not all(option in shown for option in asked):
                wrong.append(f"{page}: {words}")
    assert wrong == []


SLOW = frozenset({"demo", "plan", "analyze", "simulate"})
"""Commands whose examples run with `make calibration`; the pages run them as well."""


def help_examples() -> list[str]:
    """The lines below "Example:" in the help of every command."""
    found = []
    for name in cli.COMMANDS:
        command = cli.group.get_command(click.Context(cli.group), name)
        assert command is not None
        text = (command.epilog or "").replace("\\\n", " ")
        found += [line.strip() for line in text.splitlines() if "holdback " in line]
    return found


@pytest.fixture
def project(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """The folder in which the examples are typed: a demo, and what they name."""
    folder = tmp_path / "shop"
    shutil.copytree(prepared / "holdback-demo", folder)
    for name in ("customers.csv", "exposures.csv", "orders.csv"):
        (folder / name).write_bytes((prepared / name).read_bytes())
    shutil.copy(prepared / "holdback-demo/data/customers.csv", folder / "ids.csv")
    shutil.copy(prepared / "orders/1.parquet", folder / "orders.parquet")
    for name in ("data", "orders"):
        (folder / name).mkdir(exist_ok=True)
        shutil.copy(prepared / "orders/1.parquet", folder / name / "1.parquet")
    for name in ("my-shop", "shop-a"):
        shutil.copytree(prepared / "holdback-demo", folder / name)
    survey = (folder / "experiments/recs-holdback.yaml").read_text(encoding="utf-8")
    survey = survey.replace("experiment: recs-holdback", "experiment: survey")
    survey = re.sub(
        r"^secondary:.*$", "secondary: [nps]", survey, count=1, flags=re.MULTILINE
    )
    score = (
        "sources: {surveys: {csv: surveys.csv, columns: {unit: customer_id, time: at}}}"
        "\nmetrics: {nps: {kind: nps, source: surveys, value: score}}\n"
    )
    answers: list[list[object]] = [
        [f"c{i:06d}", "2026-09-20 12:00:00", i % 11] for i in range(300)
    ]
    written(folder / "surveys.csv", "customer_id,at,score", answers)
    (folder / "experiments/survey.yaml").write_text(survey + score, encoding="utf-8")
    headers = {
        name: (folder / f"data/{name}.csv").read_text(encoding="utf-8").partition("\n")
        for name in ("exposures", "orders")
    }
    columns: list[list[object]] = [
        ["public", name, column, "text"]
        for name, (header, *_) in headers.items()
        for column in header.split(",")
    ]
    head = "table_schema,table_name,column_name,data_type"
    written(folder / "columns.csv", head, columns)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".config/fish/completions").mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


def typed(line: str) -> str:
    """An example as it is typed in the folder, made small."""
    line = line.replace("init my-shop", "init new-shop").replace(" shop-b", "")
    if "assign" in line:
        line = line.replace("customers.csv", "ids.csv")
    small = " --units 2000" if line.startswith("holdback demo") else ""
    return line + small


@pytest.mark.usefixtures("project")
def test_examples_of_the_help_run() -> None:
    """Each is understood as it stands; those of quick commands run."""
    shown = help_examples()
    assert len(shown) > 40
    for line in shown:
        words = shlex.split(typed(line).partition(" < ")[0].partition(" > ")[0])[1:]
        words = [
            found
            for word in words
            for found in (
                sorted(map(str, Path().glob(word))) if "*" in word else [word]
            )
        ]
        name, *arguments = words
        command = cli.group.get_command(click.Context(cli.group), name)
        assert command is not None
        if name not in SLOW and not {"<", ">", ">>"} & set(line.split()):
            assert cli.run(words) == 0, line
        elif not {">>"} & set(line.split()):
            command.make_context(name, arguments)


@pytest.mark.calibration
@pytest.mark.usefixtures("project")
def test_examples_of_slow_commands_run() -> None:
    """Plans, analyses, simulations, the demo, and those with pipes."""
    for line in help_examples():
        if line.split()[1] in SLOW or {"<", ">", ">>"} & set(line.split()):
            run_shell(Block("--help", 0, "sh", typed(line)))


@pytest.mark.usefixtures("servers")
@pytest.mark.parametrize("page", [page for page in PAGES if blocks(page)])
def test_blocks_run(
    page: str, prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every block of a page, from top to bottom, in one folder."""
    folder = tmp_path / "reader"
    shutil.copytree(prepared, folder)
    for block in blocks(page):
        inside = any(
            block.page == name and language in block.language and word in block.text
            for name, language, word in INSIDE
        )
        monkeypatch.chdir(folder / "holdback-demo" if inside else folder)
        if block.language not in ELSEWHERE:
            RUNNERS[block.language](block)
    if page == "docs/sharing.md":
        (mail,), (chat,) = Mailbox.heard, Webhook.heard
        parsed = message_from_bytes(mail)
        assert parsed["To"] == "team@shop.example"
        assert "X-Unsent" not in parsed
        parts = [part.get_content_type() for part in parsed.walk()]
        assert {"text/plain", "text/html", "image/png"} <= set(parts)
        sent = json.loads(chat)["text"]
        assert sent == Path("message.txt").read_text(encoding="utf-8")
        assert "recs-holdback" in sent


def test_a_number_is_computed_again_in_twenty_lines() -> None:
    """Each block of the page that does without holdback is as short as it promises."""
    again = blocks("docs/reproduce.md")
    assert len(again) == 6
    for block in again:
        assert len([line for line in block.text.splitlines() if line]) <= 20


def test_what_does_not_run_is_counted() -> None:
    """Six lines of shell are left out, and each reason is still needed."""
    every = [block for page in PAGES for block in blocks(page)]
    shell = [line for one in every if one.language in SHELL for line in lines(one)]
    assert sum(bool(reason(line)) for line in shell) == 6
    text = "\n".join(block.text for block in every)
    assert all(line in text for line in INSTALLS)
    assert set(ELSEWHERE) <= {block.language for block in every}
    assert {block.language for block in every} <= {*ELSEWHERE, *RUNNERS}


def test_the_reference_has_every_key_and_name() -> None:
    """What `docs/build.py` writes from the schema and the package is complete."""
    build = runpy.run_path(str(ROOT / "docs/build.py"))
    written = schema("experiment")
    told = build["yaml_reference"](written)
    blocks_of_keys = [written, *written["$defs"].values()]
    keys = {key for block in blocks_of_keys for key in block.get("properties", {})}
    assert keys - set(re.findall(r"^\| `(\w+)` \|", told, re.MULTILINE)) <= {"kind"}
    assert all(
        len(line.split(" | ")) >= 3 for line in told.splitlines() if "| `" in line
    )
    names = {name for name in hb.__all__ if callable(getattr(hb, name))}
    python = build["python_reference"]()
    assert names == set(re.findall(r"^## hb\.(\w+)$", python, re.MULTILINE))
    commands = build["command_reference"]()
    shown = re.findall(r"^## holdback (\S+)$", commands, re.MULTILINE)
    assert shown == list(cli.COMMANDS)
