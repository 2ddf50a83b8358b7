"""Files as exports, spreadsheets and editors leave them: read as meant, or refused.

What is harmless is read past and counted, and gives what the clean file gives; what is
not is refused with its own cause. Mutated files of every kind never bring out words of
the engine or a traceback.
"""

from __future__ import annotations

import bz2
import gzip
import io
import random
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from holdback import HoldbackError
from holdback.analysis.checks.data.files import Files
from holdback.data.evidence.cells import Evidence
from holdback.data.extraction.extract import extract
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.load import load

ORDERS = "order,visitor,at,total,note\n" + "".join(
    f'o{i},u{i},2026-10-0{2 + i % 5}T11:00:00Z,{10 + i}.50,"gift, {i}"\n'
    for i in range(8)
)
EXPOSED = "visitor,arm,at,device\n" + "".join(
    f"u{i},{'ab'[i % 2]},2026-10-02T10:00:00Z,m\n" for i in range(12)
)
YAML = """
version: 1
experiment: trial
currency: EUR
arms:
  a: {share: 50%, control: true}
  b: {share: 50%}
assignment: {source: visitors}
window: {start: 2026-10-01, end: 2026-10-07}
sources:
  visitors: {csv: visitors.csv, columns: {unit: visitor, arm: arm, time: at}}
  orders: {csv: PATH, columns: {unit: visitor, time: at}OPTIONS}
metrics: {revenue: {kind: mean, source: orders, value: total, unit: money}}
primary: revenue
analysis: {looks: end}
"""


def planned(folder: Path, *, path: str = "orders.csv", options: str = "") -> Experiment:
    """The experiment over orders in a file."""
    (folder / "visitors.csv").write_text(EXPOSED, encoding="utf-8")
    file = folder / "trial.yaml"
    text = YAML.replace("PATH", path).replace("OPTIONS", options)
    file.write_text(text, encoding="utf-8")
    return load(file)


def read(folder: Path, orders: str | bytes, *, options: str = "") -> Evidence:
    """What is made of orders written so."""
    content = orders.encode() if isinstance(orders, str) else orders
    (folder / "orders.csv").write_bytes(content)
    return extract(planned(folder, options=options))


def refusal(folder: Path, orders: str | bytes, *, options: str = "") -> str:
    """The words of the error."""
    with pytest.raises(HoldbackError) as caught:
        read(folder, orders, options=options)
    return str(caught.value)


def each_row(text: str, change: Callable[[str], str]) -> str:
    """Every line changed, the header too."""
    return "".join(change(line) + "\n" for line in text.splitlines())


HEAD, ROWS = ORDERS.split("\n", 1)
FEW = ORDERS.splitlines(keepends=True)
SEMICOLONS = ORDERS.replace(",", ";").replace("gift;", "gift,")
HARMLESS: dict[str, tuple[str | bytes, dict[str, int]]] = {
    "sep line of Excel": ("\ufeffsep=;\n" + SEMICOLONS, {"sep_line": 1}),
    "titles above": (
        "Orders report\nGenerated 2026-11-06\n\n" + ORDERS,
        {"lines_above": 2},
    ),
    "padded titles above": ("Orders report,,,,\n,,,,\n" + ORDERS, {"lines_above": 1}),
    "comments above": ("# all orders, by day\n# UTC\n" + ORDERS, {"lines_above": 2}),
    "index column of a frame": (
        each_row(ORDERS, lambda line: f"7,{line}").replace("7,", ",", 1),
        {"unnamed_columns": 1},
    ),
    "trailing commas": (
        each_row(ORDERS, lambda line: f"{line},,"),
        {"unnamed_columns": 2},
    ),
    "trailing commas below the header": (
        HEAD + "\n" + each_row(ROWS, lambda line: f"{line},"),
        {"unnamed_columns": 1},
    ),
    "trailing comma in the header only": (HEAD + ",\n" + ROWS, {}),
    "sep line with a tab": (
        "sep=\t\n" + ORDERS.replace(",", "\t").replace("gift\t", "gift,"),
        {"sep_line": 1},
    ),
    "empty rows at the end": (ORDERS + ",,,,\n" * 5 + "\n\n", {"empty_rows": 5}),
    "empty rows between": (
        "".join([*FEW[:4], " ,,  ,,\n", *FEW[4:]]),
        {"empty_rows": 1},
    ),
    "headers between": (
        "".join([*FEW[:4], FEW[0], *FEW[4:], FEW[0]]),
        {"repeated_headers": 2},
    ),
    "labelled totals": (ORDERS + "x,Total,,148.00,\n", {"totals_rows": 1}),
    "totals with a colon": (
        ORDERS + "x,Total général :,,148.00,\n",
        {"totals_rows": 1},
    ),
    "totals without a label": (ORDERS + ",,,148.00,\n", {}),
    "spaces in the header": (ORDERS.replace("visitor,at", " visitor , at"), {}),
    "other order of columns": (
        "total,at,visitor\n"
        + "".join(
            f"{10 + i}.50,2026-10-0{2 + i % 5}T11:00:00Z,u{i}\n" for i in range(8)
        ),
        {},
    ),
    "UTF-16": (ORDERS.encode("utf-16"), {}),
    "UTF-16 without a mark": (ORDERS.encode("utf-16-le"), {}),
    "UTF-32": (ORDERS.encode("utf-32"), {}),
    "UTF-16 with titles": (
        ("Bericht über\n" + ORDERS).encode("utf-16"),
        {"lines_above": 1},
    ),
    "mixed line ends": (ORDERS.replace("\n", "\r\n", 3), {}),
    "no line end at the end": (ORDERS.rstrip("\n"), {}),
    "gzip with titles": (
        gzip.compress(b"Report\n" + ORDERS.encode()),
        {"lines_above": 1},
    ),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_harmless_things_are_read_past(tmp_path: Path, name: str) -> None:
    """The cells are those of the clean file, and what was read past is counted."""
    content, counts = HARMLESS[name]
    options = ", delimiter: ';'" if name.startswith("sep") else ""
    seen = read(tmp_path, content, options=options)
    assert seen.cells == read(tmp_path, ORDERS).cells
    assert seen.quality.read_past.get("orders", {}) == counts


def zipped(names: list[str]) -> bytes:
    """A zip archive of empty files."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return buffer.getvalue()


REFUSED: dict[str, tuple[str | bytes, list[str]]] = {
    "web page": (
        "<!DOCTYPE html>\n<html><head><title>Sign in</title></head>\n</html>\n",
        ["orders.csv", "web page", "sign in"],
    ),
    "JSON lines": ('{"order": "o1"}\n{"order": "o2"}\n', ["JSON lines", "frame"]),
    "JSON": ('[{"order": "o1"},\n {"order": "o2"}]\n', ["this is JSON"]),
    "workbook": (zipped(["xl/workbook.xml"]), ["Excel workbook", "CSV"]),
    "archive": (zipped(["orders.csv"]), ["zip archive", "orders.csv"]),
    "document": (b"%PDF-1.7 x", ["PDF"]),
    "header in Latin-1": (
        ORDERS.replace("note", "größe").encode("latin-1"),
        ["orders.csv:1", "not utf-8", "cp1252"],
    ),
    "rows in Latin-1": (
        ORDERS.replace("u3", "ü3").encode("latin-1"),
        ["orders.csv", "UTF-8", "cp1252"],
    ),
    "cut in its last line": (
        ORDERS.rstrip("\n")[:-25],
        ["orders.csv:9", "cut off", "again"],
    ),
    "cut in a quoted value": (
        ORDERS.rstrip("\n")[:-2],
        ["orders.csv:9"],
    ),
    "row names without a header cell": (
        HEAD + "\n" + each_row(ROWS, lambda line: f"7,{line}"),
        ["orders.csv:1", "more fields than the header"],
    ),
    "footer": (
        ORDERS + "Exported by shop\n2026-11-06\n",
        ["orders.csv:10", "below the table", "Exported by shop"],
    ),
    "ragged totals": (ORDERS + "Total,148.00\n", ["orders.csv:10", "row of totals"]),
    "names that differ by case": (
        each_row(ORDERS, lambda line: f"{line},1").replace("note,1", "note,Total", 1),
        ["orders.csv:1", "'total' and 'Total' differ by capital letters"],
    ),
    "a name in other capitals": (
        ORDERS.replace("visitor,at", "VISITOR,at"),
        ["no column 'visitor'", "Did you mean 'VISITOR'?"],
    ),
    "decimal commas": (
        ORDERS.replace(".50", ",50"),
        ["orders.csv:1", "more fields than the header", "decimal comma"],
    ),
    "a page saved as a table": (
        '<html xmlns:x="urn:schemas-microsoft-com:office:excel"><body><table>',
        ["a table of a web page", "save it as CSV"],
    ),
    "bzip2": (bz2.compress(ORDERS.encode()), ["bzip2", "Unpack it"]),
    "nothing but a title": ("Orders report\n", ["no column", "Orders report"]),
    "unknown column below titles": (
        "Report\n" + ORDERS.replace("total", "amount"),
        ["total", "amount"],
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_other_files_are_refused_by_their_cause(tmp_path: Path, name: str) -> None:
    """The place and the cause in words, and a way out."""
    content, parts = REFUSED[name]
    told = refusal(tmp_path, content)
    for part in parts:
        assert part in told


def test_the_header_s_line_may_be_said(tmp_path: Path) -> None:
    """`header: 3` where names above look like the header; a wrong line is refused."""
    above = "visitor,at,total\nall,all,all\n"
    seen = read(tmp_path, above + ORDERS, options=", header: 3")
    assert seen.cells == read(tmp_path, ORDERS).cells
    assert seen.quality.read_past["orders"] == {"lines_above": 2}
    assert "no header in line 90" in refusal(tmp_path, ORDERS, options=", header: 90")
    assert "from 1" in refusal(tmp_path, ORDERS, options=", header: 0")


def test_parts_of_a_glob_are_read_by_name(tmp_path: Path) -> None:
    """Other orders of columns and added ones do not matter; a lost one does."""
    lines = ORDERS.splitlines()
    (tmp_path / "part-1.csv").write_text("\n".join(lines[:5]) + "\n")
    later = ["note,total,new,at,visitor"]
    for line in lines[5:]:
        _, visitor, at, total, _ = line.split(",", 4)
        later.append(f"x,{total},1,{at},{visitor}")
    part = tmp_path / "part-2.csv"
    part.write_text("\n".join(later) + "\n")
    seen = extract(planned(tmp_path, path="part-*.csv"))
    assert seen.cells == read(tmp_path, ORDERS).cells
    part.write_text("\n".join(later).replace("total", "Total") + "\n")
    with pytest.raises(HoldbackError) as caught:
        extract(planned(tmp_path, path="part-*.csv"))
    told = str(caught.value)
    assert "part-2.csv:1" in told
    assert "no column 'total'" in told
    assert "'Total'" in told


def test_a_last_value_that_seems_cut_off_warns(tmp_path: Path) -> None:
    """All fields are there, but fewer decimals, or other parts end with a line end."""
    amounts = [line.rpartition(",")[0] for line in each_row(ORDERS, bare).splitlines()]
    whole = "\n".join(amounts)
    for text, cut in ((whole, False), (whole + "\n", False), (whole[:-1], True)):
        seen = read(tmp_path, text)
        assert seen.quality.read_past.get("orders", {}) == (
            {"open_ends": 1} if cut else {}
        )
        findings = list(Files().examine(planned(tmp_path), seen))
        assert [finding.status for finding in findings] == (["warn"] if cut else [])
    (tmp_path / "part-1.csv").write_text(whole)
    (tmp_path / "part-2.csv").write_text(whole)
    parts = planned(tmp_path, path="part-*.csv")
    assert not extract(parts).quality.read_past
    (tmp_path / "part-2.csv").write_text(whole + "\n")
    assert extract(parts).quality.read_past["orders"] == {"open_ends": 1}


def bare(line: str) -> str:
    """A line without its note."""
    return line.replace('"gift, ', '"gift ')


def test_a_source_without_a_row_is_a_zero(tmp_path: Path) -> None:
    """Nobody bought: told, and no error; exposures need rows."""
    seen = read(tmp_path, HEAD + "\n")
    assert seen.accounting.units_used == 12
    assert [used.rows for used in seen.inputs] == [12, 0]
    assert sum(cell.moments["revenue"].sums[0] for cell in seen.cells.rows) == 0
    here = planned(tmp_path)
    (tmp_path / "visitors.csv").write_text(EXPOSED.splitlines()[0] + "\n")
    with pytest.raises(HoldbackError, match="no row of data"):
        extract(here)


def test_places_count_what_was_read_past(tmp_path: Path) -> None:
    """A bad value is told with the line of the file, whatever stands above it."""
    spoiled = ORDERS.replace("13.50", "many")
    told = refusal(tmp_path, "Report\n\n" + spoiled)
    assert "orders.csv:7:4" in told
    told = refusal(
        tmp_path,
        "".join([FEW[0], ",,,,\n", FEW[0], *spoiled.splitlines(keepends=True)[1:]]),
    )
    assert "orders.csv:7:4" in told


ENGINE_WORDS = re.compile(
    r"duckdb|sqlglot|parser error|binder error|catalog error|conversion error|"
    r"invalid input|constraint error|internal error|struct_pack|bad_cast|read_csv|"
    r"zero-length|identifier|traceback|varchar|candidate|csv error|sniff|"
    r"codec|surrogate|0x[0-9a-f]{6}",
    re.IGNORECASE,
)
MARKS = ['"', ",", ";", "\n", "\r", "\0", "\t", "'", "ü", "\ufeff", "=", "{", "<", "#"]
Accident = Callable[[random.Random, str, int], str]


def doubled(rng: random.Random, text: str, _at: int) -> str:
    """A line once more, somewhere."""
    lines = text.split("\n")
    lines.insert(rng.randrange(len(lines)), rng.choice(lines))
    return "\n".join(lines)


def shuffled(rng: random.Random, text: str, _at: int) -> str:
    """Lines in another order."""
    lines = text.split("\n")
    rng.shuffle(lines)
    return "\n".join(lines)


ACCIDENTS: list[Accident] = [
    lambda rng, text, at: text[:at] + rng.choice(MARKS) + text[at:],
    lambda rng, text, at: text[:at] + text[at + rng.randint(1, 30) :],
    lambda _rng, text, at: text[:at],
    doubled,
    shuffled,
    lambda rng, text, _: rng.choice(["sep=;\n", "Report\n", ",,\n", "\n", " "]) + text,
    lambda rng, text, _: text.replace(",", rng.choice([";", "\t", ",,", "|"])),
    lambda rng, text, _: text.replace(
        *rng.choice([("o", '"'), ("T", " "), ("u", "ü")])
    ),
    lambda rng, text, _: text.replace("\n", rng.choice(["\r\n", "\r", "\n\n", ",\n"])),
    lambda rng, text, _: text + rng.choice(["Total,,,9\n", '"', ",,,,", "\0", "end"]),
]


def mutated(rng: random.Random, text: str) -> bytes:
    """A file with a few of the accidents that happen to files."""
    for _ in range(rng.randint(1, 4)):
        text = rng.choice(ACCIDENTS)(rng, text, rng.randrange(len(text) + 1))
    content = text.encode(
        rng.choice(["utf-8"] * 6 + ["latin-1", "utf-16", "utf-16-le", "utf-8-sig"]),
        errors="replace",
    )
    if rng.random() < 0.15:
        content = gzip.compress(content)[: rng.choice([None, None, -5, 30])]
    if rng.random() < 0.1:
        at = rng.randrange(len(content) + 1)
        content = content[:at] + rng.randbytes(rng.randint(1, 6)) + content[at:]
    return content


def survives(folder: Path, seeds: range) -> None:
    """Read every mutated file, or refuse it in plain words."""
    here = planned(folder)
    for seed in seeds:
        rng = random.Random(seed)
        spoiled, source = rng.choice(
            [("orders.csv", ORDERS), ("orders.csv", ORDERS), ("visitors.csv", EXPOSED)]
        )
        (folder / "orders.csv").write_text(ORDERS, encoding="utf-8")
        (folder / "visitors.csv").write_text(EXPOSED, encoding="utf-8")
        (folder / spoiled).write_bytes(mutated(rng, source))
        error = outcome(here)
        if error is not None:
            assert isinstance(error, HoldbackError), (seed, repr(error))
            told = str(error)
            assert not ENGINE_WORDS.search(told), (seed, told)
            assert any(problem.where for problem in error.problems), (seed, told)


def outcome(here: Experiment) -> Exception | None:
    """The error of a reading, whatever it is; None for a sound one."""
    try:
        extract(here)
    except Exception as error:  # noqa: BLE001  # a traceback is what is looked for
        return error
    return None


@pytest.mark.parametrize("tens", range(4))
def test_mutated_files_are_read_or_refused(tmp_path: Path, tens: int) -> None:
    """200 files: no word of the engine, no traceback, and always a place."""
    survives(tmp_path, range(50 * tens, 50 * tens + 50))


@pytest.mark.calibration
def test_many_mutated_files_are_read_or_refused(tmp_path: Path) -> None:
    """Two thousand more."""
    survives(tmp_path, range(1_000, 3_000))
