"""Bad YAML and bad data: one clear error, where it is, and nothing overwritten.

Adapted from a list of inputs that unguarded tools accept or crash on. Each case is
run through `holdback analyze` with a report already in place.
"""

from __future__ import annotations

# YAML and CSV read best one a line
import gzip
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from holdback.cli.main import run

YAML = """\
version: 1
experiment: spring-recs
currency: EUR
timezone: Europe/Paris
arms:
  holdback: {share: 50%, control: true}
  personalized: {share: 50%}
window: {start: 2025-03-01, end: 2025-03-28}
sources:
  assignments:
    csv: assignments.csv
    columns: {unit: user_id, arm: arm, time: assigned_at}
  orders:
    csv: orders.csv
    columns: {unit: user_id, time: ts, id: order_id}
metrics:
  conversion: {kind: conversion, source: orders}
  revenue: {kind: mean, source: orders, value: amount, unit: money}
primary: revenue
secondary: [conversion]
analysis: {looks: end}
"""
UNITS = [f"u{i}" for i in range(200)]
ASSIGNMENTS = "user_id,arm,assigned_at\n" + "".join(
    f"{u},{'holdback' if i % 2 else 'personalized'},2025-03-02T10:00:00Z\n"
    for i, u in enumerate(UNITS)
)
ORDERS = "order_id,user_id,ts,amount\n" + "".join(
    f"o{i},{u},2025-03-{5 + i % 20:02}T10:00:00Z,{20 + i % 37}.50\n"
    for i, u in enumerate(UNITS[:120])
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is changed, and what must be said."""

    yaml: Callable[[str], str | bytes] = lambda text: text
    assignments: Callable[[str], str | bytes] = lambda text: text
    orders: Callable[[str], str | bytes] = lambda text: text
    exit_code: int = 2
    told: tuple[str, ...] = ()


def swap(old: str, new: str) -> Callable[[str], str]:
    """Replace a part that must be there."""

    def change(text: str) -> str:
        assert old in text
        return text.replace(old, new)

    return change


def line(number: int, text: str) -> Callable[[str], str]:
    """Replace one line, counted from 1."""

    def change(old: str) -> str:
        lines = old.splitlines(keepends=True)
        lines[number - 1] = text + "\n"
        return "".join(lines)

    return change


CONFIG = {
    "Y01 key twice": Case(
        yaml=lambda t: t + "primary: conversion\n", told=("primary", "line")
    ),
    "Y02 metric twice": Case(
        yaml=swap(
            "metrics:\n", "metrics:\n  revenue: {kind: conversion, source: orders}\n"
        ),
        told=("revenue",),
    ),
    "Y03 alias": Case(
        yaml=swap("version: 1", "version: 1\nhypothesis: &a x\nowner: *a"),
        told=("alias",),
    ),
    "Y05 tag": Case(
        yaml=swap(
            "experiment: spring-recs",
            "experiment: !!python/object/apply:os.system [ls]",
        ),
        told=("tag",),
    ),
    "Y07 number as salt": Case(
        yaml=lambda t: t + "assignment: {source: assignments, salt: 0123}\n",
        told=("salt",),
    ),
    "Y08 tab": Case(yaml=swap("  holdback: {", "\tholdback: {"), told=("tab",)),
    "Y09 unknown key": Case(
        yaml=swap("secondary:", "secondery:"), told=("secondery", "secondary")
    ),
    "Y10 shares sum to 90 %": Case(
        yaml=swap("personalized: {share: 50%}", "personalized: {share: 40%}"),
        told=("90",),
    ),
    "Y10 negative share": Case(
        yaml=swap("{share: 50%, control: true}", "{share: -50%, control: true}"),
        told=("share",),
    ),
    "Y10 share is nan": Case(
        yaml=swap("personalized: {share: 50%}", "personalized: {share: .nan}"),
        told=(".yaml:7",),
    ),
    "Y11 level of 5": Case(
        yaml=swap("{looks: end}", "{looks: end, level: 5}"), told=("level", "95")
    ),
    "Y12 empty": Case(yaml=lambda _: "# nothing\n\n", told=("empty",)),
    "Y13 two documents": Case(
        yaml=lambda t: t + "---\nversion: 1\n", told=("document",)
    ),
    "Y15 impossible date": Case(
        yaml=swap("2025-03-28", "2025-02-30"), told=("2025-02-30",)
    ),
    "Y16 end before start": Case(
        yaml=swap("2025-03-28", "2025-02-20"), told=("window",)
    ),
    "Y22 too large": Case(yaml=lambda t: t + "#" + "x" * 1_100_000, told=("large",)),
    "Y24 arms that look alike": Case(
        yaml=swap("  personalized: {share: 50%}", "  Holdback: {share: 50%}"),
        told=("Holdback",),
    ),
    "Y25 variable not set": Case(
        yaml=lambda t: t + "database: ${env:HOLDBACK_NO_SUCH}\n",
        told=("HOLDBACK_NO_SUCH",),
    ),
    "Y26 unknown kind": Case(
        yaml=swap("kind: mean", "kind: maen"), told=("maen", "mean")
    ),
    "Y29 no primary": Case(yaml=swap("primary: revenue\n", ""), told=("primary",)),
    "unknown metric": Case(
        yaml=swap("primary: revenue", "primary: revenu"), told=("revenu",)
    ),
    "unknown source": Case(
        yaml=swap("kind: mean, source: orders", "kind: mean, source: ordres"),
        told=("ordres", "orders"),
    ),
    "unknown timezone": Case(
        yaml=swap("Europe/Paris", "Europe/Pariss"), told=("Europe/Pariss",)
    ),
    "unknown currency": Case(yaml=swap("EUR", "euros"), told=("euros",)),
    "money without currency": Case(
        yaml=swap("currency: EUR\n", ""), told=("currency",)
    ),
    "a function in an expression": Case(
        yaml=swap("value: amount", "value: round(amount)"), told=("round",)
    ),
    "SQL in an expression": Case(
        yaml=swap(
            "value: amount", 'value: "amount) from orders; drop table orders; --"'
        ),
        told=("18",),
    ),
    "no control": Case(
        yaml=lambda t: t.replace(", control: true", "").replace("holdback:", "plain:"),
        told=("control",),
    ),
    "one arm": Case(
        yaml=lambda t: t.replace("  personalized: {share: 50%}\n", "").replace(
            "50%, c", "100%, c"
        ),
        told=("arm",),
    ),
    "salt with a colon": Case(
        yaml=lambda t: t + "assignment: {source: assignments, salt: 'a:b'}\n",
        told=("salt",),
    ),
    "S15 URL as path": Case(
        yaml=swap("csv: orders.csv", "csv: http://169.254.169.254/x"), told=("path",)
    ),
    "not UTF-8": Case(yaml=lambda t: t.encode() + b"owner: caf\xe9\n", told=("UTF-8",)),
}

DATA = {
    "C01 no such file": Case(
        yaml=swap("orders.csv", "order.csv"), exit_code=5, told=("order.csv",)
    ),
    "C02 empty file": Case(
        orders=lambda _: "", exit_code=3, told=("orders.csv", "empty")
    ),
    "missing column": Case(
        orders=swap("order_id,user_id,ts,amount", "order_id,user_id,ts,amout"),
        exit_code=3,
        told=("amount", "amout"),
    ),
    "column name twice": Case(
        orders=swap("order_id,user_id,ts,amount", "order_id,user_id,amount,amount"),
        exit_code=3,
        told=("amount",),
    ),
    "decimal comma": Case(
        orders=line(4, 'o2,u2,2025-03-07T10:00:00Z,"12,50"'),
        exit_code=3,
        told=("orders.csv:4", "12,50", "in one way"),
    ),
    "text as amount": Case(
        orders=line(4, "o2,u2,2025-03-07T10:00:00Z,twelve"),
        exit_code=3,
        told=("orders.csv:4", "twelve"),
    ),
    "currency sign": Case(
        orders=line(4, "o2,u2,2025-03-07T10:00:00Z,€12.50"),
        exit_code=3,
        told=("orders.csv:4", "12.50"),
    ),
    "thousands separator": Case(
        orders=line(4, 'o2,u2,2025-03-07T10:00:00Z,"1,250.00"'),
        exit_code=3,
        told=("orders.csv:4", "1,250.00"),
    ),
    "V09 overflow": Case(
        orders=line(4, "o2,u2,2025-03-07T10:00:00Z,1e308"),
        exit_code=3,
        told=("amount",),
    ),
    "bad time": Case(
        orders=line(4, "o2,u2,yesterday,12.50"),
        exit_code=3,
        told=("orders.csv:4", "yesterday"),
    ),
    "too many fields": Case(
        orders=line(4, "o2,u2,2025-03-07T10:00:00Z,12.50,x"),
        exit_code=3,
        told=("orders.csv:4",),
    ),
    "too few fields": Case(
        orders=line(4, "o2,u2"), exit_code=3, told=("orders.csv:4",)
    ),
    "stray quote": Case(
        orders=line(4, 'o2,"u2,2025-03-07T10:00:00Z,12.50'),
        exit_code=3,
        told=("orders.csv",),
    ),
    "C25 NUL byte": Case(
        orders=swap("u2,", "u2\x00,"), exit_code=3, told=("orders.csv",)
    ),
    "C22 gzip cut off": Case(
        yaml=swap("orders.csv", "orders.csv.gz"),
        orders=lambda t: gzip.compress(t.encode())[:-200],
        exit_code=3,
        told=("cut off",),
    ),
    "C23 not gzip": Case(
        yaml=swap("orders.csv", "orders.csv.gz"), exit_code=3, told=("gzip",)
    ),
    "C32 Excel": Case(
        orders=lambda _: b"PK\x03\x04" + bytes(200), exit_code=3, told=("Excel",)
    ),
    "V18 unknown arm": Case(
        assignments=line(3, "u1,Personalised ,2025-03-02T10:00:00Z"),
        exit_code=3,
        told=("Personalised",),
    ),
    "V21 blank id": Case(
        assignments=line(3, ",holdback,2025-03-02T10:00:00Z"),
        exit_code=3,
        told=("user_id", "assignments.csv:3"),
    ),
    "same id, other row": Case(
        orders=lambda t: t + "o2,u2,2025-03-07T10:00:00Z,99.00\n",
        exit_code=3,
        told=("order_id",),
    ),
    "V no time": Case(
        orders=lambda t: t + "o900,u3,,43.00\n",
        exit_code=3,
        told=("orders.csv:122", "ts"),
    ),
    "P03 not Parquet": Case(
        yaml=swap("csv: orders.csv", "parquet: orders.csv"),
        exit_code=3,
        told=("Parquet",),
    ),
    "T03 one unit in an arm": Case(
        assignments=lambda _: (
            "user_id,arm,assigned_at\nu1,holdback,2025-03-02\nu2,personalized,2025-03-02\nu3,personalized,2025-03-02\n"
        ),
        exit_code=4,
        told=("holdback", "1 unit"),
    ),
    "nobody in the window": Case(
        yaml=swap("2025-03-01, end: 2025-03-28", "2024-03-01, end: 2024-03-28"),
        exit_code=4,
        told=("0 units",),
    ),
}


def project(folder: Path, case: Case) -> Path:
    """Write the project of a case, with a report of earlier already there."""
    contents = {
        "experiment.yaml": case.yaml(YAML),
        "assignments.csv": case.assignments(ASSIGNMENTS),
        "orders.csv": case.orders(ORDERS),
    }
    contents["orders.csv.gz"] = contents["orders.csv"]
    for name, content in contents.items():
        raw = content if isinstance(content, bytes) else content.encode()
        (folder / name).write_bytes(raw)
    results = folder / "results"
    results.mkdir()
    (results / "report.html").write_text("the report of yesterday", encoding="utf-8")
    return folder / "experiment.yaml"


@pytest.mark.parametrize("name", [*CONFIG, *DATA])
def test_bad_input_gets_one_clear_error(
    name: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Exit code, place and words; no traceback; yesterday's report untouched."""
    case = (CONFIG | DATA)[name]
    project(tmp_path, case)
    monkeypatch.chdir(tmp_path)
    code = run(["analyze", "experiment.yaml", "-o", "results"])
    message = capsys.readouterr().err
    assert code == case.exit_code, message
    for part in case.told:
        assert part in message
    assert "Traceback" not in message
    assert "bug of holdback" not in message
    written = sorted(p.name for p in (tmp_path / "results").iterdir())
    assert written == ["report.html"]
    report = (tmp_path / "results" / "report.html").read_text(encoding="utf-8")
    assert report == "the report of yesterday"


def test_the_untouched_project_is_fine(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The base of all cases is analyzed, so that each case fails for its own reason."""
    project(tmp_path, Case())
    monkeypatch.chdir(tmp_path)
    assert run(["analyze", "experiment.yaml", "-o", "results"]) == 0
    assert "spring-recs" in capsys.readouterr().out
    assert (tmp_path / "results" / "scorecard.json").is_file()


@pytest.mark.parametrize(
    "change",
    [
        lambda t: ("\ufeff" + t).encode(),
        lambda t: t.replace("\n", "\r\n").encode(),
        lambda t: t.replace("\n", "\r").encode(),
    ],
    ids=["byte order mark", "CR LF", "CR"],
)
def test_harmless_files_give_the_same_result(
    change: Callable[[str], bytes],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Marks and line ends change no number."""
    outputs = []
    for i, orders in enumerate((lambda t: t, change)):
        folder = tmp_path / str(i)
        folder.mkdir()
        project(folder, Case(orders=orders))
        monkeypatch.chdir(folder)
        assert run(["analyze", "experiment.yaml", "-o", "results", "-q"]) == 0
        outputs.append(
            (folder / "results" / "readouts.csv").read_text(encoding="utf-8")
        )
    assert outputs[0] == outputs[1]
    capsys.readouterr()


def test_output_through_a_link_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A report that is a link to another file is not written through."""
    project(tmp_path, Case())
    target = tmp_path / "precious.txt"
    target.write_text("precious", encoding="utf-8")
    report = tmp_path / "results" / "report.html"
    report.unlink()
    report.symlink_to(target)
    monkeypatch.chdir(tmp_path)
    assert run(["analyze", "experiment.yaml", "-o", "results"]) == 2
    assert "link" in capsys.readouterr().err
    assert target.read_text(encoding="utf-8") == "precious"
