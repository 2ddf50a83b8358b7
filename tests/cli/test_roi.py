"""`holdback roi`: right formulas, marked as arithmetic, wrong input refused."""

from __future__ import annotations

import json
from math import asin, sqrt
from statistics import NormalDist
from typing import Any

import pytest
from click.testing import CliRunner
from scipy import stats

from holdback.cli.main import group
from holdback.cli.main import run as run_line
from holdback.economics.simple_returns import (
    SimpleReturn,
    compounded,
    same_rate,
    visitors_per_arm,
)


def told(*options: str) -> str:
    """What the command prints."""
    found = CliRunner().invoke(group, ["roi", *options], catch_exceptions=False)
    assert found.exit_code == 0
    return found.output


def values(question: str, *options: str) -> dict[str, float]:
    """The numbers of one answer, from the JSON."""
    printed: dict[str, Any] = json.loads(told(*options, "--format", "json"))
    assert printed["schema"] == "holdback/roi/1"
    assert "not evidence" in printed["nature"]
    (found,) = [a for a in printed["answers"] if a["question"] == question]
    result: dict[str, float] = found["values"]
    return result


@pytest.mark.parametrize("example", ["bakery", "saas", "bookstore"])
def test_examples_say_that_they_are_arithmetic(example: str) -> None:
    """Each worked example runs and begins with what kind of knowledge it is."""
    assert told("--example", example).startswith("This is arithmetic on the numbers")


def test_return_after_margin_against_hand_computation() -> None:
    """3,000 at 40 % for 400 is 1,200 / 400 = 3; 1,500 once are back in 1,500 / 800."""
    asked = ("--cost", "400", "--gain", "3000", "--margin", "40%", "--once", "1500")
    found = values("return", *asked)
    assert found["return_per_unit_cost"] == pytest.approx(3)
    assert found["roi"] == pytest.approx(2)
    assert found["net"] == pytest.approx(800)
    assert values("payback", *asked)["periods"] == pytest.approx(1.875)


def test_quiet_prints_nothing() -> None:
    """With `--quiet` only errors are told."""
    assert told("--ratio", "3:1", "--quiet") == ""


def test_what_never_pays_back_is_said() -> None:
    """A gain below the running cost never repays a set-up."""
    text = told("--cost", "400", "--gain", "300", "--once", "1500")
    assert "never come back" in text
    assert SimpleReturn(gain=300, cost=400, once=1500).payback is None


def test_month_conventions_against_hand_computation() -> None:
    """4 × 20 a week: × 4, × 52/12, × 365.25/12/7; the chosen one is the answer."""
    asked = ("--cost", "50", "--hours", "4", "--rate", "20")
    found = values("saving", *asked)
    assert found["saving_4_weeks"] == pytest.approx(320)
    assert found["saving_52_weeks"] == pytest.approx(80 * 52 / 12)
    assert found["saving_calendar"] == pytest.approx(80 * 365.25 / 12 / 7)
    assert found["saving"] == found["saving_52_weeks"]
    assert values("saving", *asked, "--month", "4-weeks")["saving"] == 320


def test_rate_test_against_scipy_chi_square() -> None:
    """The pooled z test is Pearson's chi-square test without correction."""
    table = [[40, 1960], [50, 1950]]
    expected = stats.chi2_contingency(table, correction=False).pvalue
    assert same_rate(0.02, 0.025, 2000) == pytest.approx(expected, rel=1e-12)


def test_visitors_against_simulated_power() -> None:
    """With the units found, the pooled z test finds the change 8 times in 10."""
    n = visitors_per_arm(0.02, 0.025)
    draws = stats.binom.rvs(n, [[0.02], [0.025]], size=(2, 40_000), random_state=8)
    a, b = draws / n
    mean = (a + b) / 2
    z = (b - a) / (2 * mean * (1 - mean) / n) ** 0.5
    power = (abs(z) > NormalDist().inv_cdf(0.975)).mean()
    assert power == pytest.approx(0.8, abs=3 * sqrt(0.16 / 40_000) + 0.001)
    h = 2 * (asin(sqrt(0.025)) - asin(sqrt(0.02)))
    by_angle = 2 * ((NormalDist().inv_cdf(0.975) + NormalDist().inv_cdf(0.8)) / h) ** 2
    assert n == pytest.approx(by_angle, rel=0.005)


def test_factors_multiply_in_any_order() -> None:
    """The order of the changes does not matter, and undoing them gives 0."""
    parts = [(0.1, False), (-0.15, True), (0.3, False)]
    assert compounded(parts) == pytest.approx(compounded(parts[::-1]))
    assert compounded([(0.25, False), (-0.2, False)]) == pytest.approx(0)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ((), "nothing was asked"),
        (("--cost", "1,5"), "'1,5' is not a number"),
        (("--cost", "-5", "--gain", "3"), "must not be below 0"),
        (("--gain", "5"), "is missing: a return is on a cost"),
        (("--cost", "5"), "`--hours` and `--rate`"),
        (("--cost", "5", "--hours", "3"), "time saved is hours times rate"),
        (("--cost", "5", "--gain", "3", "--margin", "400%"), "not above 100%"),
        (("--ratio", "3:0"), "not above 0"),
        (("--ratio", "many"), "'many' is not a number"),
        (("--before", "2%"), "a change has a before and an after"),
        (("--before", "2%", "--after", "2%"), "no change to show"),
        (("--before", "30", "--after", "35"), "give `--sd` where it is a score"),
        (("--starting", "100"), "`--starting`, `--ending` and `--new`"),
        (("--starting", "9", "--ending", "30", "--new", "1"), "more customers were"),
        (("--starting", "9", "--ending", "3", "--new", "5"), "a part of those"),
        (("--change", "loyalty=10%"), "no factor of a customer's value"),
        (("--change", "churn=-100%"), "to 0 or below"),
        (("--change", "churn"), "not NAME=NUMBER"),
        (("--change", "orders=0:3"), "starts from 0 or below"),
        (("--currency", "DOLLAR", "--ratio", "3"), "is not a currency"),
        (("--credit", "mail=3", "--revenue", "0"), "must be above 0"),
        (("--before", "3", "--after", "4", "--sd", "0"), "must be above 0"),
        (("--cost", "0", "--gain", "5"), "needs a cost above 0"),
    ],
)
def test_wrong_input_is_refused_in_one_sentence(
    options: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 2, the option that is wrong, and no traceback."""
    assert run_line(["roi", *options]) == 2
    error = capsys.readouterr().err
    assert said in error
    assert "Traceback" not in error


def test_answers_of_a_person_at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without options a person is asked; what is left empty says nothing."""
    from holdback.cli import roi

    said = iter(["USD", "50", "", "4", "20", ""])
    monkeypatch.setattr(roi.click, "prompt", lambda *_, **__: next(said))
    assert roi._answers("month") == {
        "currency": "USD",
        "cost": "50",
        "hours": "4",
        "rate": "20",
    }


@pytest.mark.parametrize(
    ("options", "told_of"),
    [
        (("--change", "churn=-99.99999999999999999999%"), "to 0 or below"),
        (("--before", "50%", "--after", "50.0000000000000001%"), "the same as"),
        (
            ("--before", "50.00000000000000001", "--after", "50", "--sd", "5"),
            "the same",
        ),
        (("--cost", "50", "--gain", "9" * 27), "larger than 1,000,000,000,000"),
        (("--before", "2%", "--after", "3%", "--units", "9" * 320), "not in the range"),
        (("--cost", "1", "--margin", "40%"), "Give `--gain` as well"),
        (
            ("--before", "2%", "--after", "3%", "--response", "9%"),
            "Give `--sd` as well",
        ),
        (("--revenue", "100"), "Give `--credit` as well"),
        (("--compared-with", "before"), "`--before` or `--claim` or `--change`"),
    ],
)
def test_numbers_that_cannot_be_or_say_nothing(
    options: tuple[str, ...], told_of: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A sentence each, exit code 2; nothing is passed over in silence."""
    assert run_line(["roi", *options]) == 2
    assert told_of in capsys.readouterr().err


def test_a_number_of_ones_own_beats_the_example() -> None:
    """The bakery at a cost of 999: 346.67 / 999 − 1."""
    found = values("return", "--example", "bakery", "--cost", "999")
    assert found["roi"] == pytest.approx(4 * 20 * 52 / 12 / 999 - 1)
