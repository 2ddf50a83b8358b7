"""E1–E18: numbers that articles on personalization quote, and what the product says.

The expected figures follow by hand from the quoted ones; each test also pins the
sentence that a reader gets.
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

import holdback as hb
from holdback.cli.main import group
from holdback.reports.pages.experiment_page import render
from holdback.results.sections.decomposition import Concentration


def said(*options: str) -> str:
    """What `holdback roi` prints."""
    found = CliRunner().invoke(group, ["roi", *options], catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found.output


def values(*options: str) -> dict[str, float]:
    """The numbers of all answers."""
    printed = json.loads(said(*options, "--format", "json"))
    return {k: v for one in printed["answers"] for k, v in one["values"].items()}


def test_e1_bakery_time_saved() -> None:
    """$50 a month, 4 hours a week at $20: 540 % of a 4-week month, else 593 %."""
    asked = ("--cost", "50", "--hours", "4", "--rate", "20", "--currency", "USD")
    text = said(*asked)
    assert "$346.67 a month" in text
    assert "$320 with a month of 4 weeks" in text
    assert "a net return of +593%" in text
    assert "+540% with a month of 4 weeks" in text
    assert "That counts a month of 52/12 weeks" in text
    four = values(*asked, "--month", "4-weeks")
    assert four["return_per_unit_cost"] == pytest.approx(6.4)
    assert four["roi"] == pytest.approx(5.4)
    more = said(*asked, "--gain", "100")
    assert "count it when a holdback has measured it" in more


def test_e2_bookstore_half_a_point() -> None:
    """2 % to 2.5 % is 0.5 points and 25 %; 13,809 an arm; 40 against 50: nothing."""
    text = said("--example", "bookstore")
    assert "+0.5 percentage points, which is +25.0% relative" in text
    assert "13,809 visitors in each" in text
    assert "40 against 50 of 2,000 each: p = 0.286, not shown." in text
    assert "Not causal: before and after differ" in text


def test_e3_nps_five_points() -> None:
    """30 to 35 at sd 70: about 3,100 answers an arm; 200 each give about ± 14."""
    asked = ("--before", "30", "--after", "35", "--sd", "70", "--units", "200")
    found = values(*asked)
    assert found["answers_per_arm"] == pytest.approx(3100, abs=30)
    assert found["half_width"] == pytest.approx(14, abs=0.3)
    assert "± 13.7 points" in said(*asked)


def test_e4_clothing_value_of_a_buyer() -> None:
    """75 to 90 an order, 20 % to 30 % who buy again: 90 to 117 a buyer, + 30 %."""
    asked = ("--change", "order_value=75:90", "--change", "orders=1.2:1.3")
    assert values(*asked)["together"] == pytest.approx(117 / 90 - 1)
    text = said(*asked, "--compared-with", "before")
    assert "order value +20.0%" in text
    assert "Together: +30.0% per customer." in text
    assert "Hold a random part of the customers back." in text
    repeat = said("--before", "20%", "--after", "30%")
    assert "+10 percentage points, which is +50.0% relative" in repeat


def test_e5_saas_three_to_one() -> None:
    """3:1 is a net 200 %, or 300 % if net is meant; earlier cohorts are no control."""
    text = said("--example", "saas")
    assert "3.0:1 means that each unit of cost brings back 3.0" in text
    assert "a net return of +200%" in text
    assert "If the 3.0 is meant net of the cost" in text
    assert "earlier customers are a historical control" in text


def test_e6_pet_box_parts_against_the_claim() -> None:
    """Churn − 15 % and order value + 10 % make + 29 %, not the + 20 % claimed."""
    asked = ("--change", "churn=-15%", "--change", "order_value=10%", "--claim", "20%")
    found = values(*asked)
    assert found["together"] == pytest.approx(1.10 / 0.85 - 1)
    text = said(*asked, "--compared-with", "other-customers")
    assert "churn −15.0% makes a lifetime +17.6%" in text
    assert (
        "That is not the +20.0% claimed, but 9.41\N{NO-BREAK SPACE}points more" in text
    )
    assert "differ by how they were chosen" in text


def test_e7_390_times_is_questioned() -> None:
    """390:1 is a net 38,900 %, and not believed unasked."""
    text = said("--ratio", "390x")
    assert "a net return of +38,900%" in text
    assert "390.0:1 is implausible (above 20:1): check the attribution" in text


def test_e8_investment_over_cost_of_investment_is_always_100_percent() -> None:
    """Gain 150, cost 100: 50 %; the quoted formula divides the cost by itself."""
    found = values("--cost", "100", "--gain", "150")
    assert found["roi"] == pytest.approx(0.5)
    text = said("--cost", "100", "--gain", "150")
    assert "a net return of +50.0%" in text
    assert "divides the cost by itself and is always 100%" in text


def test_e9_retention_without_the_new() -> None:
    """100 at the start, 110 at the end, 30 of them new: 80 %, not 110 %."""
    text = said("--starting", "100", "--ending", "110", "--new", "30")
    assert "a retention of 80.0%" in text
    assert "“ending / starting” would say 110%" in text


def test_e10_attributed_share() -> None:
    """11 % of revenue from personalization is attributed, not incremental."""
    text = said("--attributed", "11%")
    assert "11.0% is an attributed share" in text
    assert "not revenue that it added" in text


def test_e11_three_times_without_a_base_rate() -> None:
    """Three times as many redemptions, without a base: cannot be tested."""
    text = said("--claim", "3x")
    assert "(3.0 times as much) without a number of units, a base rate" in text
    assert "cannot be tested" in text


def test_e12_sixteen_percent_without_a_range() -> None:
    """+ 16 % revenue without n or interval is not called significant."""
    assert "it is not called significant here" in said("--claim", "16%")


SHOP = """\
version: 1
experiment: shop
currency: EUR
arms: {holdback: {share: 50%, control: true}, personalized: {share: 50%}}
sources:
  people: {csv: people.csv, columns: {unit: id, arm: arm, time: at}}
  orders: {csv: orders.csv, columns: {unit: id, time: at}}
  clicks: {csv: clicks.csv, columns: {unit: id, time: at}}
metrics:
  revenue: {kind: mean, source: orders, value: total, unit: money, within: 7 days}
  click_through_rate: {kind: ratio, within: 7 days,
    numerator: {source: clicks, value: clicked},
    denominator: {source: clicks, aggregate: count}}
assignment: {source: people}
window: {start: 2026-10-15, end: 2026-10-15}
primary: revenue
secondary: [click_through_rate]
analysis: {looks: end}
"""


def shop(folder: Path, *, clicks: float, orders: float) -> Any:
    """4,000 people; clicks and orders of those treated, as factors of control's."""
    rng = np.random.default_rng(4)
    files = {
        "people": ["id,arm,at"],
        "orders": ["id,at,total"],
        "clicks": ["id,at,clicked"],
    }
    for i in range(4_000):
        treated = i % 2
        arm = ("holdback", "personalized")[treated]
        files["people"].append(f"u{i},{arm},2026-10-15T08:00Z")
        for _ in range(4):
            clicked = int(rng.uniform() < (clicks if treated else 1.0) * 0.1)
            files["clicks"].append(f"u{i},2026-10-16T08:00Z,{clicked}")
        twin = np.random.default_rng(i // 2)  # the same luck in both arms
        if twin.uniform() < (orders if treated else 1.0) * 0.15:
            spent = twin.lognormal(3, 1)
            files["orders"].append(f"u{i},2026-10-16T09:00Z,{spent:.2f}")
    for name, lines in files.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n")
    file = folder / "shop.yaml"
    file.write_text(SHOP)
    return hb.analyze(hb.load(file), as_of=date(2026, 10, 25)).scorecard


def test_e13_more_clicks_and_no_more_sales(tmp_path: Path) -> None:
    """Click-through up by half, purchases flat: the primary decides, not shown."""
    card = shop(tmp_path, clicks=1.5, orders=1.0)
    clicks = card.readout("click_through_rate")
    assert clicks.relative.lower > 0.2
    assert clicks.verdict == "unclear"  # a secondary is called after the primary only
    assert card.readout("revenue").verdict == "unclear"
    assert card.decision.outcome == "keep_testing"
    (told,) = map(str, card.decision.reasons)
    assert told.startswith(
        "Revenue was the same with “personalized” as with “holdback” (likely "
    )
    assert told.endswith("lies on both sides of no change, so this is unclear.")


def test_e14_ten_clicks_of_bargain_hunters(tmp_path: Path) -> None:
    """A fifth of the clicks and twice the buyers: revenue per user decides."""
    card = shop(tmp_path, clicks=0.2, orders=2.0)
    assert card.readout("click_through_rate").verdict == "worse"
    assert card.readout("revenue").verdict == "better"
    assert card.decision.outcome == "ship"
    (told,) = map(str, card.decision.reasons)
    assert told.startswith("Revenue was 107% higher with “personalized”")
    assert told.endswith("The whole range is better than no change.")


def test_e15_three_channels_credit_one_order() -> None:
    """E-mail, site and phone each credited: more than there was, so a warning."""
    asked = ("--credit", "email=900", "--credit", "site=800", "--credit", "phone=700")
    text = said(*asked, "--revenue", "1000")
    assert "3 channels take credit for 2,400." in text
    assert "more than the 1,000 that came in" in text
    assert "Only a holdback says what a channel adds." in text


def test_e16_sixteen_percent_in_a_year() -> None:
    """16 % over last year has everything else of a year in it."""
    text = said("--claim", "16%", "--compared-with", "last-year")
    assert "cannot be put down to personalization" in text


def test_e17_how_much_the_top_fifth_brought(tmp_path: Path) -> None:
    """The 80/20 line is read from the data: the top fifth of buyers' share."""
    card = shop(tmp_path, clicks=1.0, orders=1.0)
    lines = (tmp_path / "orders.csv").read_text().splitlines()[1:]
    spent = sorted((float(line.split(",")[2]) for line in lines), reverse=True)
    top = spent[: -(-len(spent) // 5)]
    found = card.single(Concentration)
    assert found.buyers == len(spent)
    assert found.share == pytest.approx(sum(top) / sum(spent))
    assert (
        f"The 20% of buyers who spent most brought {found.share:.1%} of the revenue"
        in render(card)
    )


def test_e18_mails_for_the_answers() -> None:
    """12.4 % answer: about 25,000 mails an arm for 3,100 answers."""
    asked = ("--before", "30", "--after", "35", "--sd", "70", "--response", "12.4%")
    assert values(*asked)["invitations_per_arm"] == pytest.approx(25_000, abs=250)
    assert "With 12.4% answering that is 24,815 invitations" in said(*asked)
