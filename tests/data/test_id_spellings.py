"""Ids that were destroyed or written otherwise: named with what is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from uuid import UUID

import pandas as pd
import pytest

from holdback.analysis.checks.check import findings
from holdback.data.extraction.extract import extract
from holdback.experiments.load import load
from tests.data.test_extract_rejects import refused, write

UNITS = 40
Spell = Callable[[int], str]


def shop(folder: Path, exposed: Spell, bought: Spell, orders: int = 120) -> Path:
    """Forty units and orders of them, each file with its own way to write an id."""
    file = write(folder)
    visitors = [
        f"{exposed(i)},{'ab'[i % 2]},2026-10-01T10:00:00Z,1" for i in range(UNITS)
    ]
    rows = [f"o{i},{bought(i % UNITS)},2026-10-03T11:00:00Z,10" for i in range(orders)]
    for name, head, lines in (
        ("visitors", "visitor,group,seen,age", visitors),
        ("orders", "order,visitor,at,total", rows),
    ):
        text = "\n".join([head, *lines]) + "\n"
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return file


def uuid(i: int) -> UUID:
    """An id of its own."""
    return UUID(int=0xABCDEF0123456789 << 64 | i + 1)


CAUSES: dict[str, tuple[Spell, Spell]] = {
    "leading_zeros": (lambda i: f"{i + 7:06d}", lambda i: str(i + 7)),
    "case": (lambda i: f"Shop-{i}", lambda i: f"SHOP-{i}"),
    "spaces": (lambda i: f"c{i}", lambda i: f"c{i} "),
    "point_zero": (lambda i: str(1000 + i), lambda i: f"{1000 + i}.0"),
    "dashes": (lambda i: str(uuid(i)), lambda i: uuid(i).hex.upper()),
    "several": (lambda i: f"00A{i}", lambda i: f" a{i}"),
    "signs": (lambda i: f"c{i}", lambda i: f"'c{i}"),
    "prefix": (lambda i: f"{i + 100}", lambda i: f"gid://shop/Customer/{i + 100}"),
}


@pytest.mark.parametrize("cause", CAUSES)
@pytest.mark.parametrize("swapped", [False, True], ids=["events", "exposures"])
def test_the_cause_is_found_on_either_side(
    tmp_path: Path, cause: str, *, swapped: bool
) -> None:
    """No row meets a unit: the result is invalid, and the check says what is lost."""
    exposed, bought = CAUSES[cause]
    sides = (bought, exposed) if swapped else (exposed, bought)
    planned = load(shop(tmp_path, *sides))
    found = extract(planned)
    spelling = found.quality.id_spellings["orders"]
    assert (spelling.cause, spelling.ids, spelling.of) == (cause, UNITS, UNITS)
    assert not any(digit in "".join(spelling.pair) for digit in "123456789")
    (finding,) = [f for f in findings(planned, found) if f.check == "unit_mismatch"]
    assert finding.status == "fail"


def test_ids_of_another_kind_show_their_form(tmp_path: Path) -> None:
    """No spelling explains it: the form of both is told, and no id."""
    planned = load(shop(tmp_path, lambda i: f"c{i}", lambda i: f"{i * 7919:x}z-Q{i}"))
    found = extract(planned)
    assert found.quality.id_spellings["orders"].cause == "unknown"
    (finding,) = [f for f in findings(planned, found) if f.check == "unit_mismatch"]
    assert finding.fact is not None
    forms = finding.fact.numbers["sources"][-1]  # type: ignore[index]
    assert forms.code == "unit_mismatch.forms"  # type: ignore[union-attr]
    assert forms.numbers["pair"] == ("an", "annna-An")  # type: ignore[union-attr]


def test_a_part_that_is_spelled_otherwise_warns(tmp_path: Path) -> None:
    """A third of the ids lost their zeros: that is told, though most rows meet."""
    half = shop(
        tmp_path,
        lambda i: f"{i + 7:06d}",
        lambda i: str(i + 7) if i % 3 == 0 else f"{i + 7:06d}",
    )
    planned = load(half)
    found = extract(planned)
    assert found.quality.id_spellings["orders"].ids == 14
    (finding,) = [f for f in findings(planned, found) if f.check == "unit_mismatch"]
    assert finding.status == "warn"


def test_other_customers_are_no_misspelling(tmp_path: Path) -> None:
    """Orders of people who are in no arm: told below half, without a cause."""
    for strangers, status in ((30, "pass"), (90, "warn")):
        file = shop(tmp_path, lambda i: f"c{i}", lambda i: f"c{i}")
        text = (tmp_path / "orders.csv").read_text(encoding="utf-8")
        others = "".join(
            f"x{i},z{i},2026-10-03T11:00:00Z,10\n" for i in range(strangers * 2)
        )
        (tmp_path / "orders.csv").write_text(text + others, encoding="utf-8")
        planned = load(file)
        found = extract(planned)
        assert not found.quality.id_spellings
        (finding,) = [f for f in findings(planned, found) if f.check == "unit_mismatch"]
        assert finding.status == status


@pytest.mark.parametrize("place", ["visitors", "orders"])
@pytest.mark.parametrize(
    ("spell", "words"),
    [
        (lambda i: f"5.12{i:03d}E+12", "scientific notation"),
        (lambda i: f"5,12{i:03d}E+12", "scientific notation"),
        (lambda _: "5.12340E+12", "scientific notation"),
        (lambda i: f"51234567890{i:04d}00", "after the 15th digit"),
    ],
)
def test_ids_that_a_spreadsheet_rounded_reject(
    tmp_path: Path, place: str, spell: Spell, words: str
) -> None:
    """Where it stands, what happened and what helps, whichever file it is in."""
    whole: Spell = lambda i: f"5123456789{i:07d}"  # noqa: E731  # one of two spellings
    sides = (spell, whole) if place == "visitors" else (whole, spell)
    file = shop(tmp_path, *sides)
    for name in ("visitors", "orders"):
        text = (tmp_path / f"{name}.csv").read_text(encoding="utf-8")
        quoted = [
            ",".join(f'"{part}"' if "E+" in part else part for part in _parts(line))
            for line in text.splitlines()
        ]
        (tmp_path / f"{name}.csv").write_text("\n".join(quoted) + "\n", "utf-8")
    error = str(refused(file))
    assert words in error
    assert f"{place}.csv:2:" in error
    assert "Export the ids again" in error


def _parts(line: str) -> list[str]:
    """Fields of a line in which an id may hold a comma before its exponent."""
    return line.replace("5,12", "5;12").replace(",", "\n").replace(";", ",").split("\n")


@pytest.mark.parametrize(
    "spell",
    [
        lambda i: f"1234567890123456{i:03d}",
        lambda i: f"5E{i}",
        lambda i: f"{i}E+1A",
        lambda i: f"A{10**17 + i * 100}",
    ],
)
def test_sound_ids_are_left_alone(tmp_path: Path, spell: Spell) -> None:
    """Long numbers, letters among digits and round codes are ids."""
    found = extract(load(shop(tmp_path, spell, spell)))
    assert found.accounting.units_used == UNITS
    assert not found.quality.id_spellings


def test_zeros_lost_by_a_column_of_numbers(tmp_path: Path) -> None:
    """A frame read ids as whole numbers; the exposures have them as text."""
    file = shop(tmp_path, lambda i: f"{i + 7:06d}", str)
    orders = pd.DataFrame(
        {
            "visitor": [i + 7 for i in range(UNITS)] * 3,
            "at": ["2026-10-03T11:00:00Z"] * UNITS * 3,
            "total": [10.0] * UNITS * 3,
        }
    )
    found = extract(load(file), frames={"orders": orders})
    assert found.quality.id_spellings["orders"].cause == "leading_zeros"


def test_a_few_damaged_ids_are_counted(tmp_path: Path) -> None:
    """One id in two hundred is named, and the rest is read."""
    file = shop(tmp_path, lambda i: f"c{i}", lambda i: f"c{i}", orders=199)
    with (tmp_path / "orders.csv").open("a", encoding="utf-8") as orders:
        orders.write("x,3.69673E+15,2026-10-03T11:00:00Z,10\n")
    found = extract(load(file))
    assert found.quality.damaged_ids == {"orders": 1}
