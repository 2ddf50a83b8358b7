"""Whether the data are a randomized comparison: each check on small inputs.

What is right comes from scipy's laws over the same counts, or is counted by hand.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from worlds.words import in_words

from holdback import analyze
from holdback.analysis.checks.check import kinds
from holdback.data.evidence.cells import Evidence
from holdback.data.extraction.extract import extract
from holdback.experiments.definition.experiment import Experiment
from holdback.experiments.load import load
from holdback.results.scorecard import Finding
from holdback.stats.srm.agreement import homogeneity

YAML = """\
version: 1
experiment: drawn
timezone: UTC
currency: EUR
window: {{start: 2026-10-01, end: 2026-10-28}}
arms:
{arms}
assignment: {{source: exposures, crossovers: first}}
sources:
  exposures: {{csv: exposures.csv, columns: {{unit: who, arm: arm, time: at}}}}
  orders: {{csv: orders.csv, columns: {{unit: who, time: at}}}}
metrics:
  revenue: {{kind: mean, source: orders, value: total, unit: money, within: 7 days}}
primary: revenue
analysis: {{looks: end{analysis}}}
"""
EXPOSED = datetime(2026, 10, 10, 12, tzinfo=UTC)
BEFORE, AFTER = EXPOSED - timedelta(days=9), EXPOSED + timedelta(days=1)


def plan(folder: Path, analysis: str = "", **shares: int) -> Experiment:
    """Arms by their shares, the first of them control."""
    shares = shares or {"held": 50, "mail": 50}
    arms = "\n".join(
        f"  {arm}: {{share: {share}%{', control: true' if i == 0 else ''}}}"
        for i, (arm, share) in enumerate(shares.items())
    )
    file = folder / "drawn.yaml"
    file.write_text(YAML.format(arms=arms, analysis=analysis), encoding="utf-8")
    return load(file)


def read(drawn: Experiment, units: pd.DataFrame, orders: pd.DataFrame) -> Evidence:
    """The evidence of frames of exposures and orders."""
    frames = {"exposures": units, "orders": orders}
    return extract(drawn, as_of=datetime(2026, 11, 5, tzinfo=UTC), frames=frames)


def finding(check: str, drawn: Experiment, evidence: Evidence) -> Finding:
    """The one finding of a check, in words."""
    (seen,) = in_words(drawn, kinds[check]().examine(drawn, evidence))
    return seen


def exposed(off: int, on: int, **columns: Any) -> pd.DataFrame:
    """So many units an arm, all exposed at one moment; those held back first."""
    arms = ["held"] * off + ["mail"] * on
    who = [f"u{i}" for i in range(off + on)]
    return pd.DataFrame({"who": who, "arm": arms, "at": EXPOSED, **columns})


def bought(units: pd.DataFrame, at: datetime, amounts: Any = 40.0) -> pd.DataFrame:
    """An order of each unit."""
    return pd.DataFrame({"who": units["who"], "at": at, "total": amounts})


def split(units: pd.DataFrame, off: int, on: int) -> pd.DataFrame:
    """The first units of each arm."""
    held, treated = units[units["arm"] == "held"], units[units["arm"] == "mail"]
    return pd.concat([held.head(off), treated.head(on)])


def test_an_arm_that_chose_itself_against_scipy(tmp_path: Path) -> None:
    """40 of 200 held back and 120 of 200 treated units had bought before.

    Fisher's exact test, twice the smaller tail, and exact binomial tests of 40 and 120
    (160 and 80) on even shares; each with Holm's correction.
    """
    units = exposed(200, 200)
    earlier = bought(split(units, 40, 120), BEFORE)
    drawn = plan(tmp_path)
    orders = pd.concat([earlier, bought(split(units, 40, 80), AFTER)])
    evidence = read(drawn, units, orders)
    before = finding("pre_period", drawn, evidence)
    p_value = 2 * stats.hypergeom.cdf(40, 400, 160, 200)
    assert before.status == "fail"
    assert before.p_value is not None
    assert before.p_value <= 3 * p_value * (1 + 1e-9)
    assert "orders before exposure" in before.message
    lost = finding("inactive", drawn, evidence)
    assert lost.status == "fail"
    exact = stats.binomtest(40, 160, 0.5).pvalue
    assert lost.p_value == pytest.approx(2 * exact, rel=1e-6)


def test_amounts_before_exposure_against_scipy(tmp_path: Path) -> None:
    """Everybody had one order before, that of the treated units was larger.

    Pearson's type III law with the exact moments of a random half of the amounts, kept
    in whole euros; with Holm's correction for three measures.
    """
    rng = np.random.default_rng(5)
    units = exposed(150, 150)
    amounts = np.concatenate([rng.gamma(2, 10, 150), rng.gamma(2, 15, 150)]).round()
    drawn = plan(tmp_path)
    orders = pd.concat([bought(units, BEFORE, amounts), bought(units[::3], AFTER)])
    seen = finding("pre_period", drawn, read(drawn, units, orders))
    n, m = 300, 150
    error = np.sqrt(amounts.var(ddof=1) * (1 / m - 1 / n))
    z = (amounts[:150].mean() - amounts.mean()) / error
    assert seen.status == "fail"
    assert seen.p_value == pytest.approx(3 * 2 * stats.pearson3.cdf(z, 0.0), rel=1e-6)
    assert "the amounts in orders" in seen.message


def test_arms_alike_before_pass_unasked(tmp_path: Path) -> None:
    """As many had bought before in both arms; nothing is said where nobody had."""
    units = exposed(200, 200)
    drawn = plan(tmp_path)
    later = bought(units[::4], AFTER)
    orders = pd.concat([bought(split(units, 60, 62), BEFORE), later])
    evidence = read(drawn, units, orders)
    assert finding("pre_period", drawn, evidence).status == "pass"
    assert finding("inactive", drawn, evidence).status == "pass"
    alone = read(drawn, units, later)
    for check in ("pre_period", "inactive"):
        assert list(kinds[check]().examine(drawn, alone)) == []


def test_inactive_units_lost_in_one_arm_against_scipy(tmp_path: Path) -> None:
    """1,000 and 900 units miss even shares by little; 150 and 50 inactive ones do not.

    The exact binomial test, times the two kinds of units.
    """
    units = exposed(1000, 900)
    active = split(units, 850, 850)
    drawn = plan(tmp_path)
    orders = pd.concat([bought(active, BEFORE), bought(units[::5], AFTER)])
    evidence = read(drawn, units, orders)
    lost = finding("inactive", drawn, evidence)
    assert lost.status == "fail"
    exact = stats.binomtest(50, 200, 0.5).pvalue
    assert lost.p_value == pytest.approx(2 * exact, rel=1e-6)
    assert "Without anything in orders before their exposure: held 150" in lost.message
    assert finding("srm", drawn, evidence).status != "fail"


@pytest.mark.parametrize(
    ("buyers", "earlier", "status"),
    [(198, 0, "warn"), (191, 0, "warn"), (160, 0, "pass"), (200, 190, "warn")],
)
def test_exposures_without_those_who_did_not_buy(
    tmp_path: Path, buyers: int, earlier: int, status: str
) -> None:
    """99 % of 200 buy later, or 95.5 %; 80 % are not all, and subscribers always pay.

    The row of a unit that bought later than any window counts as well. Whoever knows
    that the list is whole says so.
    """
    units = exposed(100, 100)
    late = EXPOSED + timedelta(days=20)
    orders = pd.concat(
        [
            bought(units.iloc[:50], AFTER),
            bought(units.iloc[50:buyers], late),
            bought(units.iloc[:earlier], BEFORE),
        ]
    )
    drawn = plan(tmp_path)
    assert only_buyers(drawn, units, orders) == status
    strangers = pd.DataFrame({"who": [f"x{i}" for i in range(50)]})
    others = pd.concat([orders, bought(strangers, AFTER)])
    assert only_buyers(drawn, units, others) == status
    whole = replace(drawn, assignment=replace(drawn.assignment, everybody=True))
    assert only_buyers(whole, units, orders) == "pass"


def test_new_units_tell_a_list_of_buyers(tmp_path: Path) -> None:
    """Half had bought before, and of them few again: the others are all buyers.

    With 30 of the 100 others gone without an order, it is a list of everybody.
    """
    units = exposed(100, 100)
    before, new = bought(units[::2], BEFORE), bought(units[1::2], AFTER)
    drawn = plan(tmp_path)
    assert only_buyers(drawn, units, pd.concat([before, new])) == "warn"
    assert only_buyers(drawn, units, pd.concat([before, new.iloc[30:]])) == "pass"


def only_buyers(drawn: Experiment, units: pd.DataFrame, orders: pd.DataFrame) -> str:
    """The state of that check alone."""
    return finding("only_buyers", drawn, read(drawn, units, orders)).status


AT_ORDER = """\
metrics:
  revenue: {{kind: mean, source: orders, value: total, unit: money, within: 7 days}}
  again: {{kind: repeat_purchase, source: orders, within: 7 days}}
  back: {{kind: retention, source: orders, between: [1 day, 7 days]}}
primary: {primary}
secondary: [{secondary}]
analysis: {{looks: end}}
"""


def at_order(folder: Path, seconds: int, primary: str, assignment: str = "") -> Any:
    """Units drawn when they bought: the order lies so many seconds after exposure.

    Treated units pay 60 and 40 the others, but not for what was before; half of the
    treated ones come back, and a fifth of the others.
    """
    rng = np.random.default_rng(3)
    units = exposed(300, 300)
    more = 20.0 if seconds >= 0 else 0.0
    paid = 40 + more * (units["arm"] == "mail") + rng.uniform(0, 9, 600)
    first = bought(units, EXPOSED + timedelta(seconds=seconds), paid.round(2))
    second = bought(split(units, 60, 150), AFTER, 10.0)
    text = YAML.format(
        arms="  held: {share: 50%, control: true}\n  mail: {share: 50%}", analysis=""
    )
    others = {"revenue", "again", "back"} - {primary}
    metrics = AT_ORDER.format(primary=primary, secondary=", ".join(sorted(others)))
    text = text[: text.index("metrics:")] + metrics
    file = folder / "drawn.yaml"
    file.write_text(
        text.replace("crossovers: first", f"crossovers: first{assignment}"),
        encoding="utf-8",
    )
    frames = {"exposures": units, "orders": pd.concat([first, second])}
    return analyze(file, as_of="2026-11-05", data=frames).scorecard


@pytest.mark.parametrize(
    ("seconds", "primary", "assignment", "state", "outcome"),
    [
        (0, "revenue", "", "usable", "keep_testing"),
        (0, "revenue", ", everybody: true", "usable", "ship"),
        (3600, "revenue", "", "usable", "keep_testing"),
        (3600, "revenue", ", everybody: true", "usable", "ship"),
        (0, "again", "", "usable", "ship"),
        (0, "back", "", "usable", "ship"),
        (-1, "revenue", "", "usable", "ship"),
    ],
)
def test_people_drawn_when_they_buy(
    tmp_path: Path,
    seconds: int,
    primary: str,
    assignment: str,
    state: str,
    outcome: str,
) -> None:
    """What the exposure's own order pays is not kept on; later orders may be.

    Neither is what a list of visits of those who bought an hour later says. Where
    the order lies before the exposure, only later ones count.
    """
    card = at_order(tmp_path, seconds, primary, assignment)
    assert (card.validity.state, card.decision.outcome) == (state, outcome)
    told = " ".join(str(reason) for reason in card.decision.reasons)
    named = "100% of the exposed units that had nothing in orders before"
    assert (named in told) == (outcome == "keep_testing")


def test_rows_of_nothing_make_no_buyers(tmp_path: Path) -> None:
    """A row of 0 a day for everybody, and a third that buys."""
    units = exposed(60, 60)
    orders = pd.concat([bought(units, AFTER, 0.0), bought(units[::3], AFTER)])
    drawn = plan(tmp_path)
    assert finding("only_buyers", drawn, read(drawn, units, orders)).status == "pass"


def covariates(total: np.ndarray) -> tuple[pd.DataFrame, pd.DataFrame]:
    """600 units, 200 of which bought for 40; and a column of theirs."""
    units = exposed(300, 300, known=total)
    return units, bought(units[::3], AFTER)


def test_a_total_of_the_export_is_no_covariate(tmp_path: Path) -> None:
    """All who bought have a total, and so have a few who bought before; by hand.

    Of 600 units 400 did not buy; 100 of them have a total of their own, so 300 have
    none, of which 100 buyers were expected.
    """
    rng = np.random.default_rng(1)
    total = np.zeros(600)
    total[1::6] = rng.gamma(2, 30, 100).round(2)
    total[::3] += 40
    drawn = plan(tmp_path, ", covariates: [known]")
    seen = finding("measured_after", drawn, read(drawn, *covariates(total)))
    assert seen.status == "fail"
    assert "300 units have none of it" in seen.message
    assert "200 units with an outcome" in seen.message


def test_a_fee_that_is_paid_is_only_told(tmp_path: Path) -> None:
    """Who pays a monthly fee has one: such a covariate may have been known."""
    fee = np.where(np.arange(600) % 3 == 0, 40.0, 0.0)
    drawn = plan(tmp_path, ", covariates: [known]")
    seen = finding("measured_after", drawn, read(drawn, *covariates(fee)))
    assert seen.status == "warn"


def test_a_fee_that_was_paid_before_is_known(tmp_path: Path) -> None:
    """Of 200 subscribers, 80 pay within the time; the covariate is what they paid.

    Where 40 others pay for the first time, and have the covariate too, it holds that.
    """
    fee = np.where(np.arange(600) % 3 == 0, 40.0, 0.0)
    units = exposed(300, 300, known=fee)
    members, strangers = units[fee > 0], units[fee == 0].iloc[::10]
    orders = pd.concat([bought(members, BEFORE), bought(members.iloc[::5], AFTER)])
    orders = pd.concat([orders, bought(members.iloc[1::5], AFTER)])
    drawn = plan(tmp_path, ", covariates: [known]")
    assert finding("measured_after", drawn, read(drawn, units, orders)).status == "pass"
    units["known"] = np.where(units["who"].isin(strangers["who"]), 40.0, fee)
    orders = pd.concat([orders, bought(strangers, AFTER)])
    assert finding("measured_after", drawn, read(drawn, units, orders)).status == "fail"


def test_a_covariate_that_the_arms_do_not_share_is_no_covariate(tmp_path: Path) -> None:
    """The treated units have more sessions as of the export; fewer as of a draw."""
    rng = np.random.default_rng(2)
    sessions = rng.poisson(np.repeat([4.0, 5.0], 300)).astype(float)
    drawn = plan(tmp_path, ", covariates: [known]")
    seen = finding("measured_after", drawn, read(drawn, *covariates(sessions)))
    assert seen.status == "fail"
    assert "known" in seen.message
    alike = finding(
        "measured_after",
        drawn,
        read(drawn, *covariates(rng.permutation(sessions))),
    )
    assert alike.status == "pass"


def test_levels_that_the_arms_do_not_share_against_scipy(tmp_path: Path) -> None:
    """Gold after the treatment: 60 of 300 held back units, and 120 of 300 others.

    Pearson's chi-square of the two by two table is 27.9, p about 1e-7.
    """
    table = [[60, 240], [120, 180]]
    assert stats.chi2_contingency(table, correction=False).pvalue < 1e-6
    tier = np.array(["gold"] * 60 + ["none"] * 240 + ["gold"] * 120 + ["none"] * 180)
    drawn = plan(tmp_path, ", segments: [known]")
    units, orders = covariates(tier)
    seen = finding("measured_after", drawn, read(drawn, units, orders))
    assert seen.status == "fail"
    assert "held 20 %, mail 40 %" in seen.message.replace("\xa0", " ")


def test_a_level_of_buyers_is_told(tmp_path: Path) -> None:
    """Every unit of the level "gold" has bought, of the others one in five."""
    tier = np.where(np.arange(600) % 6 == 0, "gold", "none")
    units, orders = covariates(tier)
    drawn = plan(tmp_path, ", segments: [known]")
    seen = finding("measured_after", drawn, read(drawn, units, orders))
    assert seen.status == "warn"
    assert "known gold each of 100 units" in seen.message


def test_homogeneity_against_all_splits() -> None:
    """Mean and variance of chi-square over all 12,870 tables of these margins.

    16 units in levels of 2 to 8, 8 of them in each arm, enumerated; the p-value is the
    gamma law's with these.
    """
    level = np.repeat([0, 1, 2, 3], [2, 2, 4, 8])
    sizes = np.bincount(level)
    values = []
    for held in combinations(range(16), 8):
        inside = np.bincount(level[list(held)], minlength=4)
        expected = sizes / 2
        values.append(2 * float(((inside - expected) ** 2 / expected).sum()))
    mean, variance = float(np.mean(values)), float(np.var(values))
    table = [[2, 0], [0, 2], [3, 1], [3, 5]]
    chi2 = stats.chi2_contingency(table, correction=False).statistic
    law = stats.gamma(mean**2 / variance, scale=variance / mean)
    assert homogeneity(table) == pytest.approx(law.sf(chi2), rel=1e-9)


def shared(folder: Path, column: str, levels: Any, off: int = 200) -> Evidence:
    """400 units, some held back; a quarter of them buys."""
    units = exposed(off, 400 - off, **{column: levels})
    return read(plan(folder), units, bought(units[::4], AFTER))


@pytest.mark.parametrize("held", [200, 40, 10])
def test_an_arm_that_is_a_country_fails(tmp_path: Path, held: int) -> None:
    """AT is held back, DE, FR and 7 (a number written as text) are not."""
    levels = ["AT"] * held + ["DE", "FR", "7", "7"] * 100
    evidence = shared(tmp_path, "shopCountry", levels[:400], held)
    seen = finding("shared_arm", plan(tmp_path), evidence)
    assert seen.status == "fail"
    assert "4 levels of shopCountry" in seen.message


@pytest.mark.parametrize(
    ("column", "status"),
    [("depot", "warn"), ("store_group", "warn"), ("region", "fail"), ("coupon", None)],
)
def test_names_say_whose_a_column_is(
    tmp_path: Path, column: str, status: str | None
) -> None:
    """Whole numbers 1 and 2, each in one arm; a coupon is what the arm got."""
    drawn = plan(tmp_path)
    evidence = shared(tmp_path, column, [1] * 200 + [2] * 200)
    seen = [one.status for one in kinds["shared_arm"]().examine(drawn, evidence)]
    assert seen == ([] if status is None else [status])


def test_a_column_that_is_nearly_the_arm_warns(tmp_path: Path) -> None:
    """Of 200 units an arm 190 are of one country, 10 of the other's."""
    levels = ["AT"] * 190 + ["DE"] * 200 + ["AT"] * 10
    seen = finding("shared_arm", plan(tmp_path), shared(tmp_path, "country", levels))
    assert seen.status == "warn"


def test_accounts_that_share_an_arm_miss_a_cluster(tmp_path: Path) -> None:
    """80 accounts of 5 units, drawn as a whole; drawn one by one they pass."""
    accounts = np.repeat(np.arange(80), 5)
    drawn = plan(tmp_path)
    seen = finding("shared_arm", drawn, shared(tmp_path, "account_id", accounts))
    assert seen.status == "warn"
    assert "cluster" in seen.message
    rng = np.random.default_rng(3)
    alone = shared(tmp_path, "account_id", rng.permutation(accounts))
    assert finding("shared_arm", drawn, alone).status == "pass"


def test_levels_are_those_of_the_first_exposure(tmp_path: Path) -> None:
    """A level that is logged later, or is empty, says nothing of who was drawn."""
    rng = np.random.default_rng(4)
    units = exposed(200, 200, region=rng.permutation(["n", "s"] * 200))
    units.loc[rng.permutation(400)[:50], "region"] = None
    later = exposed(200, 200, region=["a"] * 200 + ["b"] * 200)
    later["at"] = AFTER
    rows = pd.concat([later, units])
    drawn = plan(tmp_path)
    evidence = read(drawn, rows, bought(units[::4], AFTER))
    assert finding("shared_arm", drawn, evidence).status == "pass"
    counted = sum(k * sum(n) for k, *n in evidence.quality.levels["region"])
    assert counted == 350


def test_columns_of_a_file_are_read_for_their_levels(tmp_path: Path) -> None:
    """A CSV file's column that nobody names is looked at as well."""
    units = exposed(100, 100, store=["a"] * 100 + ["b"] * 100)
    units.to_csv(tmp_path / "exposures.csv", index=False)
    bought(units[::4], AFTER).to_csv(tmp_path / "orders.csv", index=False)
    drawn = plan(tmp_path)
    evidence = extract(drawn, as_of=datetime(2026, 11, 5, tzinfo=UTC))
    assert finding("shared_arm", drawn, evidence).status == "fail"


def test_a_column_that_the_arm_is_read_from_is_no_attribute(tmp_path: Path) -> None:
    """Each arm has its own text of JSON; a country beside it lies in one arm each."""
    units = exposed(100, 100)
    units["props"] = ['{"exp": "' + arm + '"}' for arm in units.pop("arm")]
    text = YAML.format(
        arms="  held: {share: 50%, control: true}\n  mail: {share: 50%}", analysis=""
    )
    file = tmp_path / "drawn.yaml"
    named = text.replace("arm: arm", "arm: \"variant_of(props, 'exp')\"")
    file.write_text(named, encoding="utf-8")
    orders = bought(units[::3], AFTER)
    assert "props" not in read(load(file), units, orders).quality.levels
    units["country"] = ["AT"] * 100 + ["DE"] * 100
    seen = finding("shared_arm", load(file), read(load(file), units, orders))
    assert (seen.status, "country" in seen.message) == ("fail", True)


def test_orders_that_all_lie_ahead_ask_for_their_time(tmp_path: Path) -> None:
    """A year ahead, as the end of a paid period; a few that do are told elsewhere."""
    units = exposed(100, 100)
    drawn = plan(tmp_path)
    ends = bought(units[::3], AFTER + timedelta(days=365))
    seen = finding("coverage", drawn, read(drawn, units, ends))
    assert seen.status == "warn"
    assert "Is `at` the time at which it happened?" in seen.message
    some = pd.concat([ends, bought(units[::2], AFTER)])
    assert finding("coverage", drawn, read(drawn, units, some)).status == "pass"
