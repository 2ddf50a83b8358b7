"""Files of every kind with bytes flipped, cut or doubled: told, and never a bug."""

from __future__ import annotations

import gzip
import random
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest
from cli.test_bad_input import ASSIGNMENTS, ORDERS, YAML

from holdback.cli.main import run

FINE = frozenset({0, 2, 3, 4, 5})
"""Exit codes that say what is wrong with an input, or that nothing is."""
ENGINE_WORDS = ("duckdb", "Traceback", "has a bug", "Error:", "thrift", "zlib", "codec")


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A file to damage, and the command that reads it."""

    file: str
    command: str


KINDS = {
    "YAML": Kind(file="experiment.yaml", command="validate experiment.yaml"),
    "CSV": Kind(file="orders.csv", command="analyze experiment.yaml -o out -q"),
    "gzip": Kind(file="orders.csv.gz", command="analyze packed.yaml -o out -q"),
    "Parquet": Kind(file="orders.parquet", command="analyze columns.yaml -o out -q"),
    "scorecard": Kind(
        file="results/scorecard.json", command="report results/scorecard.json -o out"
    ),
    "scorecard in a list": Kind(file="results/scorecard.json", command="list ."),
    "audit log": Kind(file="audit.jsonl", command="audit-log verify experiment.yaml"),
    "audit log at a look": Kind(
        file="audit.jsonl",
        command="analyze experiment.yaml -o out -q --as-of 2025-03-20",
    ),
}


def damaged(content: bytes, lot: random.Random) -> bytes:
    """One to three faults as disks, transfers and editors make them."""
    for _ in range(lot.choice((1, 1, 1, 2, 3))):
        at = lot.randrange(len(content) + 1)
        to = min(at + lot.randrange(1, 40), len(content))
        faults: tuple[Callable[[], bytes], ...] = (
            lambda at=at, c=content: (  # type: ignore[misc]
                c[:at] + bytes([lot.randrange(256)]) + c[at + 1 :]
            ),
            lambda at=at, c=content: c[:at],  # type: ignore[misc]
            lambda at=at, to=to, c=content: c[:at] + c[to:],  # type: ignore[misc]
            lambda at=at, to=to, c=content: c[:to] + c[at:],  # type: ignore[misc]
            lambda at=at, to=to, c=content: (  # type: ignore[misc]
                c[:at] + bytes(to - at) + c[to:]
            ),
            lambda at=at, c=content: (  # type: ignore[misc]
                c[:at] + lot.choice(ODD) + c[at:]
            ),
        )
        content = lot.choice(faults)() or b"\0"
    return content


ODD = (
    b"\xff\xfe", b"\xc3", b"\0", b"\r", b'"', b"\n\n", b"1e999", b"-", b"{", b"]",
    b"9999999999999999999999", b"\xe2\x80\xae", b"null", b"NaN", b": ", b"\t", b"&a *a",
)  # fmt: skip


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a file of each kind, all of them sound."""
    folder = tmp_path_factory.mktemp("sound")
    looks = YAML.replace("analysis: {looks: end}", "analysis: {looks: spending}")
    for name, text in {
        "experiment.yaml": looks,
        "packed.yaml": YAML.replace("csv: orders.csv", "csv: orders.csv.gz"),
        "columns.yaml": YAML.replace("csv: orders.csv", "parquet: orders.parquet"),
        "assignments.csv": ASSIGNMENTS,
        "orders.csv": ORDERS,
    }.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "orders.csv.gz").write_bytes(gzip.compress(ORDERS.encode(), mtime=0))
    table = pa.csv.read_csv(folder / "orders.csv")
    pa.parquet.write_table(table, folder / "orders.parquet")
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        for day in ("2025-03-12", "2025-03-14"):
            command = f"analyze experiment.yaml -o results -q --as-of {day}"
            assert run(command.split()) == 0
    (folder / "results" / "manifest.json").unlink()  # it would tell of any damage
    return folder


def check_damage(
    kind: Kind,
    sound: Path,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    seeds: range,
) -> None:
    """Each damaged file is read, or refused in our own words with its name."""
    for path in sound.rglob("*"):
        if path.is_file():
            target = folder / path.relative_to(sound)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    content = (sound / kind.file).read_bytes()
    for seed in seeds:
        (folder / kind.file).write_bytes(damaged(content, random.Random(seed)))
        code = run(kind.command.split())
        told = capsys.readouterr().err
        assert code in FINE, (seed, told)
        assert [word for word in ENGINE_WORDS if word in told] == [], (seed, told)
        if kind.file == "audit.jsonl":
            log = (sound / kind.file).read_bytes()
            (folder / kind.file).write_bytes(log)


@pytest.mark.parametrize("name", KINDS)
def test_damage_is_told(
    name: str,
    sound: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Some dozens of each kind."""
    monkeypatch.chdir(tmp_path)
    few = 8 if KINDS[name].command.startswith("analyze") else 60
    check_damage(KINDS[name], sound, tmp_path, capsys, range(few))


@pytest.mark.calibration
@pytest.mark.parametrize("name", KINDS)
def test_more_damage_is_told(
    name: str,
    sound: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Hundreds of each kind."""
    monkeypatch.chdir(tmp_path)
    check_damage(KINDS[name], sound, tmp_path, capsys, range(1_000, 1_625))
