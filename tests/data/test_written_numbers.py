"""Numbers as people write them: read where it is declared, refused with what mends."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest

from holdback.analysis.checks.data.notation import NotationCheck
from holdback.data.extraction.extract import extract
from holdback.errors import ConfigError
from holdback.experiments.language.number_forms import NUMBER_FORMS, readings
from holdback.experiments.load import load
from tests.data.test_extract_rejects import refused, write

WRITTEN = {
    "en": ["$1,482.00", "(5.00)", "5.00-", "49.40", "1 482.5", "\u22127.25", "1e2"],
    "de": ["1.482,00 €", "(5,00)", "5,00-", "49,40 EUR", "1 482,5", "-7,25", "12,-"],
    "fr": ["1\u202f482,00", "1\u00a0482,00 €", "-5,00", "0,5", ",5", "12", "+3"],
    "ch": ["1'482.00", "CHF 1’482.–", "-5.00", "12.50", "5.—", "12", "(3.5)"],
    "in": ["₹1,23,456.78", "1,23,456", "(5.00)", "12,345", "₹7.5", "0.5", "9-"],
}
MEANT = {
    "en": ["1482", "-5", "-5", "49.4", "1482.5", "-7.25", "100"],
    "de": ["1482", "-5", "-5", "49.4", "1482.5", "-7.25", "12"],
    "fr": ["1482", "1482", "-5", "0.5", "0.5", "12", "3"],
    "ch": ["1482", "1482", "-5", "12.5", "5", "12", "-3.5"],
    "in": ["123456.78", "123456", "-5", "12345", "7.5", "0.5", "-9"],
}
"""By hand: the amounts that somebody of the country would read."""
MONEY = {"en": "USD", "de": "EUR", "fr": "EUR", "ch": "CHF", "in": "INR"}
"""The project's currency; a sign beside some of the amounts is that one."""


def orders_of(folder: Path, amounts: list[str]) -> None:
    """Orders of the first units with these amounts."""
    lines = [
        f'o{i},u{i},2026-10-06T11:00:00Z,"{amount}"' for i, amount in enumerate(amounts)
    ]
    text = "\n".join(["order,visitor,at,total", *lines]) + "\n"
    (folder / "orders.csv").write_text(text, encoding="utf-8")


@pytest.mark.parametrize("name", WRITTEN)
def test_a_declared_notation_against_hand(tmp_path: Path, name: str) -> None:
    """Every form is read as people of the country read it, in SQL and in Python."""
    file = write(tmp_path, options=f"    numbers: {name}")
    text = file.read_text("utf-8").replace("currency: EUR", f"currency: {MONEY[name]}")
    file.write_text(text, encoding="utf-8")
    orders_of(tmp_path, WRITTEN[name])
    meant = [Decimal(text) for text in MEANT[name]]
    assert [NUMBER_FORMS[name].read(text) for text in WRITTEN[name]] == meant  # type: ignore[index]
    whole = extract(load(file)).cells.total("revenue", {"a", "b"})
    assert whole.sums[0] == sum(meant) * 100


def test_a_share_in_percent(tmp_path: Path) -> None:
    """45.9% is 0.459 where a notation is declared."""
    file = write(tmp_path, options="    numbers: en")
    orders_of(tmp_path, ["45.9%", "1.00%", "200%"])
    whole = extract(load(file)).cells.total("revenue", {"a", "b"})
    assert whole.sums[0] == 46 + 1 + 200


ADVICE = [
    (["1,482.00", "12.50"], "numbers: en", 1482),
    (["1.482,00", "12,50"], "numbers: de", 1482),
    (["1'482.00", "12.50"], "numbers: ch", 1482),
    (["1 482,00", "12,50"], "numbers: fr", 1482),
    (["1,23,456.00", "12.50"], "numbers: in", 123456),
    (["(5.00)", "12.50"], "numbers: en", -5),
    (["5.00-", "12.50"], "numbers: en", -5),
    (["12,50", "7,25"], "numbers: de", 12.5),
    (["12.50 EUR", "7.25 EUR"], "numbers: en", 12.5),
    (["1,234", "12.50"], "numbers: en", 1234),
    (["1,234", "12,5"], "numbers: de", 1.234),
]


@pytest.mark.parametrize(("amounts", "advice", "first"), ADVICE)
def test_the_advice_mends(
    tmp_path: Path, amounts: list[str], advice: str, first: float
) -> None:
    """Undeclared, such numbers are refused, and following the advice reads them."""
    file = write(tmp_path)
    orders_of(tmp_path, [*amounts, "3"])
    error = str(refused(file))
    assert "orders.csv:2:4" in error
    assert advice in error
    file = write(tmp_path, options=f"    {advice}")
    orders_of(tmp_path, [amounts[0]])
    whole = extract(load(file)).cells.total("revenue", {"a", "b"})
    assert whole.sums[0] / 100 == pytest.approx(first, abs=0.005)


@pytest.mark.parametrize(
    ("amounts", "said"),
    [
        (["77,46 €", "5,00 €"], "Fix: `numbers: fr` at the source reads 77,46 € as"),
        (["77.46 EUR", "5"], "Fix: Take currency signs out, or `numbers: en`"),
        (["1'079.69", "5"], "Fix: Take the apostrophes out, or `numbers: ch`"),
        (["1 079.69", "5"], "Fix: Take the spaces out, or `numbers: en`"),
        (["1,079.69", "5"], "Fix: Take the thousands separators out, or `numbers: en`"),
        (["€1,079.69", "5"], "Fix: `numbers: en` at the source reads €1,079.69 as"),
        (["\u221277.46", "5"], "Fix: The minus is a dash: write it as -, or `numbers"),
    ],
)
def test_what_to_take_out_is_all_there_is(
    tmp_path: Path, amounts: list[str], said: str
) -> None:
    """No sign is named whose removal leaves another that is refused as well."""
    file = write(tmp_path)
    orders_of(tmp_path, amounts)
    assert said in str(refused(file))


def test_a_question_where_both_may_be_meant(tmp_path: Path) -> None:
    """1,234 alone says nothing: both readings are named with their numbers."""
    file = write(tmp_path)
    orders_of(tmp_path, ["1,234", "5"])
    error = str(refused(file))
    assert "1,234 as 1234" in error
    assert "1,234 as 1.234" in error


@pytest.mark.parametrize("word", ["NULL", "nan", "N/A", "-", "inf"])
def test_a_word_for_no_value_is_refused(tmp_path: Path, word: str) -> None:
    """The remedy is to leave the value empty, which counts as no value."""
    file = write(tmp_path)
    orders_of(tmp_path, [word, "12.50"])
    assert "Leave the value empty" in str(refused(file))
    orders_of(tmp_path, ["", "12.50"])
    assert extract(load(file)).quality.null_values == {"orders": 1}


def test_no_notation_reads_all(tmp_path: Path) -> None:
    """Two notations in one column cannot be mended by one declaration."""
    file = write(tmp_path)
    orders_of(tmp_path, ["1.482,00", "1,482.00"])
    assert "no notation reads every one" in str(refused(file))


def test_nan_and_infinity_of_frames_are_missing(tmp_path: Path) -> None:
    """They are no values: counted, and no engine's error."""
    visitors = pd.DataFrame(
        {
            "visitor": [f"u{i}" for i in range(8)],
            "group": ["a", "b"] * 4,
            "seen": ["2026-10-01T10:00:00Z"] * 8,
        }
    )
    orders = pd.DataFrame(
        {
            "visitor": ["u0", "u1", "u2", "u3"],
            "at": ["2026-10-02T10:00:00Z"] * 4,
            "total": [10.0, float("nan"), float("inf"), -float("inf")],
        }
    )
    orders.to_parquet(tmp_path / "orders.parquet")
    visitors.to_parquet(tmp_path / "visitors.parquet")
    files = {n: f"parquet: {n}.parquet" for n in ("orders", "visitors")}
    for found in (
        extract(load(write(tmp_path, **files))),
        extract(load(write(tmp_path)), frames={"visitors": visitors, "orders": orders}),
    ):
        assert found.cells.total("revenue", {"a", "b"}).sums[0] == 1000
        assert found.quality.null_values == {"orders": 3}


@pytest.mark.parametrize(
    ("amounts", "warns"),
    [
        (["1.234", "995", "2.000"], True),
        (["1.234", "995.5"], False),
        (["1.234", "1995"], False),
        (["0.123", "0.456"], False),
        (["995", "12"], False),
    ],
)
def test_numbers_that_two_notations_read(
    tmp_path: Path, amounts: list[str], *, warns: bool
) -> None:
    """1.234 is told where nothing in the column says what the dot is."""
    file = write(tmp_path)
    orders_of(tmp_path, amounts)
    planned = load(file)
    findings = list(NotationCheck().examine(planned, extract(planned)))
    assert [finding.status for finding in findings] == ["warn"] * warns
    declared = load(write(tmp_path, options="    numbers: en"))
    orders_of(tmp_path, amounts)
    assert not list(NotationCheck().examine(declared, extract(declared)))


def test_a_notation_beside_another_decimal_mark_rejects(tmp_path: Path) -> None:
    """`numbers: en` and `decimal: ','` cannot both be meant."""
    options = "    numbers: en\n    decimal: ','\n    delimiter: ';'"
    with pytest.raises(ConfigError, match="Leave `decimal` out"):
        load(write(tmp_path, options=options))


def test_conditions_and_covariates_read_the_notation(tmp_path: Path) -> None:
    """`where: total > 1000` compares 1.482,00 as a number."""
    file = write(tmp_path, options="    numbers: de\n    where: total > 1000")
    orders_of(tmp_path, ["1.482,00", "1.000,00", "999,00"])
    whole = extract(load(file)).cells.total("revenue", {"a", "b"})
    assert whole.sums[0] == 148200


def test_patterns_are_of_all_engines() -> None:
    """No look-around, no names and nine groups at most: what RE2 and SQL have."""
    for form in NUMBER_FORMS.values():
        assert re.compile(form.pattern).groups == 9
        assert not re.search(r"(?<!\\)\(\?[^:]", form.pattern)
    assert set(readings("12")) == set(NUMBER_FORMS)


@pytest.mark.parametrize(
    ("name", "text", "meant"),
    [
        ("en", "49.40 EUR", "49.4"),
        ("ch", "Fr. 12.50", "12.5"),
        ("in", "Rs. 7.5", "7.5"),
    ],
)
def test_signs_of_currencies_stand_on_either_side(
    name: str, text: str, meant: str
) -> None:
    """A sign or a code before or behind the amount is no part of the number."""
    assert NUMBER_FORMS[name].read(text) == Decimal(meant)  # type: ignore[index]
