"""Money finer than coins is kept in millionths, and told; other money in coins."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import holdback as hb
from holdback.reports.text.locale_format import Words
from holdback.results.scorecard import Readout, Scorecard

YAML = """\
version: 1
experiment: ads
currency: CURRENCY
arms: {holdback: {share: 50%, control: true}, personalized: {share: 50%}}
sources:
  people: {csv: people.csv, columns: {unit: id, arm: arm, time: at}}
  shown: {csv: shown.csv, columns: {unit: id, time: at}}
metrics:
  ad_money: {kind: mean, source: shown, value: earned, unit: money}
  shown: {kind: count, source: shown}
assignment: {source: people}
window: {start: 2026-09-01, end: 2026-09-14}
primary: ad_money
secondary: [shown]
analysis: {looks: end}
decision: {rule: lift}
economics: {value: ad_money, margin: 50%}
"""


def world(
    folder: Path, amounts: np.ndarray, currency: str = "EUR"
) -> tuple[Scorecard, list[np.ndarray]]:
    """One impression of each of 400 people in two arms; the card, what each earned."""
    people, shown = ["id,arm,at"], ["id,at,earned"]
    arms = (amounts[::2], amounts[1::2])
    for arm, earned in zip(("holdback", "personalized"), arms, strict=True):
        for i, amount in enumerate(earned):
            people.append(f"{arm}{i},{arm},2026-09-02T08:00:00Z")
            shown.append(f"{arm}{i},2026-09-03T08:00:00Z,{amount:.6f}")
    (folder / "people.csv").write_text("\n".join(people) + "\n")
    (folder / "shown.csv").write_text("\n".join(shown) + "\n")
    (folder / "ads.yaml").write_text(YAML.replace("CURRENCY", currency))
    found = hb.analyze(hb.load(folder / "ads.yaml"), as_of="2026-09-20")
    return found.scorecard, list(arms)


def read(card: Scorecard) -> Readout:
    """The money."""
    return card.readout("ad_money")


@pytest.mark.parametrize("currency", ["EUR", "JPY"])
def test_money_below_half_a_coin_against_rows(tmp_path: Path, currency: str) -> None:
    """0.1 to 0.45 of a coin each: every unit has a value, and means are the rows'."""
    rng = np.random.default_rng(20)
    coin = 1.0 if currency == "JPY" else 0.01
    card, arms = world(tmp_path, coin * rng.uniform(0.1, 0.45, 400), currency)
    found = read(card).estimates
    for side, earned in zip((found.control, found.treatment), arms, strict=True):
        assert side.nonzero == 200
        assert side.value == pytest.approx(np.round(earned, 6).mean(), rel=1e-9)
    assert read(card).relative is not None
    assert read(card).relative.lower is not None


def test_money_of_coins_stays_in_coins(tmp_path: Path) -> None:
    """Prices of 1.05 to 9 euro, some with a third of a cent: rounded once a unit."""
    rng = np.random.default_rng(21)
    card, arms = world(tmp_path, rng.uniform(1.05, 9, 400))
    found = read(card).estimates
    cents = np.floor(arms[0] * 100 + 0.5) / 100
    assert found.control.value == pytest.approx(cents.mean(), rel=1e-12)


def test_whole_cents_of_few_stay_in_coins(tmp_path: Path) -> None:
    """One to nine cents are whole coins, however small: read as they were before."""
    card, arms = world(tmp_path, np.arange(400) % 9 / 100 + 0.01)
    assert read(card).estimates.control.value == pytest.approx(arms[0].mean())


@pytest.mark.parametrize(
    ("value", "currency", "text"),
    [
        (0.0031, "EUR", "€0.0031"),
        (-0.00042, "EUR", "−€0.00042"),
        (0.0000012, "EUR", "€0.000001"),
        (0.0000001, "EUR", "€0.00"),
        (0.0, "EUR", "€0.00"),
        (0.005, "EUR", "€0.0050"),
        (1.5, "EUR", "€1.50"),
        (0.31, "JPY", "¥0.31"),
        (12.4, "JPY", "¥12"),
    ],
)
def test_small_amounts_are_written_with_their_digits(
    value: float, currency: str, text: str
) -> None:
    """Below half a coin two digits that count, and 0 below a millionth."""
    words = Words(locale="en_US", currency=currency, labels={}, arms={}, metrics={})
    assert words.money(value) == text
