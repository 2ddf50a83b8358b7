"""Checks: each passes, warns and fails for its own reason, and says what it found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from scipy import stats
from worlds.evidence import METRICS, evidence, experiment, unmatured
from worlds.words import in_words

from holdback.analysis.checks.check import findings
from holdback.analysis.checks.data.already_gone import AlreadyGone
from holdback.analysis.checks.data.lifetime_totals import LifetimeTotals
from holdback.analysis.checks.result.vanity import Vanity
from holdback.analysis.checks.split.lost_exposures import LostExposures
from holdback.data.evidence.cells import Evidence, Quality
from holdback.experiments.definition.experiment import (
    AnalysisSettings,
    Arm,
    Assignment,
    Experiment,
)
from holdback.experiments.definition.split import planned_widths
from holdback.experiments.kinds.source import Columns
from holdback.experiments.language.expression import Expression, parse
from holdback.experiments.language.trees import Name
from holdback.experiments.metrics.churn import Churn
from holdback.experiments.metrics.mean import Mean
from holdback.experiments.sources.csv import CsvSource
from holdback.results.scorecard import Finding, Input
from holdback.stats.srm.sample_ratio import sequential_detectable, srm

BUYER = (20.0, 1.0)
NOBODY = (0.0, 0.0)


def world(control: int = 200, treated: int = 1800, **more: object) -> Evidence:
    """One unit in two buys for 20."""
    half = [BUYER, NOBODY]
    return evidence(
        {"holdback": half * (control // 2), "personalized": half * (treated // 2)},
        **more,  # type: ignore[arg-type]
    )


def found(check: str, planned: Experiment, seen: Evidence) -> Finding:
    """The only finding of a check."""
    (one,) = [f for f in findings(planned, seen) if f.check == check]
    return in_words(planned, [one])[0]


def test_split_as_planned_passes() -> None:
    """200 of 2,000 at a planned tenth."""
    finding = found("srm", experiment(), world())
    assert finding.status == "pass"
    assert "Off 200 (10 %, planned 10 %)" in finding.message


@pytest.mark.parametrize(
    ("control", "status"), [(260, "fail"), (242, "warn"), (206, "skip")]
)
def test_counted_shares_never_pass(control: int, status: str) -> None:
    """That counted shares fit is no news; that they do not fit any more is."""
    planned = experiment()
    counted = replace(planned.assignment, counted_shares=True)
    finding = found("srm", replace(planned, assignment=counted), world(control=control))
    assert finding.status == status
    assert ("counted in these data (Off 206" in finding.message) == (status == "skip")


def test_shares_near_equal_ask_for_the_plan() -> None:
    """52 to 48 that nobody planned: equal shares would have lost units."""
    planned = experiment()
    counted = replace(
        planned,
        arms=tuple(
            replace(arm, share=share)
            for arm, share in zip(
                planned.arms, (Fraction(12, 25), Fraction(13, 25)), strict=True
            )
        ),
        assignment=replace(planned.assignment, counted_shares=True),
    )
    finding = found("srm", counted, world(treated=10_400, control=9_600))
    assert finding.status == "warn"
    assert "planned to be equal? Then they are further apart" in finding.message


@pytest.mark.parametrize(
    ("control", "status"), [(260, "fail"), (242, "warn"), (206, "pass")]
)
def test_split_against_scipy(control: int, status: str) -> None:
    """The p-value is scipy's chi-square; .001 fails, .01 warns."""
    finding = found("srm", experiment(), world(control=control))
    total = control + 1800
    expected = stats.chisquare([control, 1800], [total / 10, total * 9 / 10]).pvalue
    assert finding.p_value == pytest.approx(expected, rel=1e-9)
    assert finding.status == status


def test_logged_arms_are_tested_on_exact_shares() -> None:
    """Thirds stay thirds when the arms are logged; computed arms have bucket widths."""
    thirds = tuple(
        Arm(name=name, share=Fraction(1, 3), control=name == "a") for name in "abc"
    )
    logged = experiment(arms=thirds)
    assert planned_widths(logged) == {"a": 1, "b": 1, "c": 1}
    computed = replace(
        logged,
        sources={
            "exposures": CsvSource(
                name="exposures", path="e.csv", columns=Columns(unit="unit", time="at")
            )
        },
    )
    assert sorted(planned_widths(computed).values()) == [3333, 3333, 3334]


@pytest.mark.parametrize(
    ("crossed", "status"), [(0, "pass"), (20, "warn"), (120, "fail")]
)
def test_crossovers(crossed: int, status: str) -> None:
    """None pass, some warn, above 5 % fail."""
    quality = Quality(crossovers={"holdback": crossed} if crossed else {})
    finding = found("crossovers", experiment(), world(quality=quality))
    assert finding.status == status
    if crossed:
        assert f"{crossed} units" in finding.message


@pytest.mark.parametrize("crossed", [(6, 4), (9, 1), (2, 18), (3, 9), (8, 12)])
def test_uneven_crossing_against_scipy(crossed: tuple[int, int]) -> None:
    """Left out, units must come from the arms by their shares: scipy's exact test."""
    quality = Quality(
        crossovers=dict(zip(("holdback", "personalized"), crossed, strict=True))
    )
    seen = world(quality=quality)
    left_out = experiment(
        assignment=Assignment(source="exposures", salt="recs", crossovers="exclude")
    )
    finding = found("crossovers", left_out, seen)
    uneven = stats.binomtest(crossed[0], sum(crossed), 0.1).pvalue < 0.001
    assert finding.status == ("fail" if uneven else "warn")
    assert ("Set `crossovers: first`" in finding.message) == uneven
    kept = found("crossovers", experiment(), seen)
    assert kept.status == "warn"


def test_crossing_without_times_is_not_judged() -> None:
    """Which arm was first is not known, and the finding says so."""
    exposures = CsvSource(
        name="exposures", path="e.csv", columns=Columns(unit="unit", arm="arm")
    )
    left_out = experiment(
        assignment=Assignment(source="exposures", salt="recs", crossovers="exclude"),
        sources={"exposures": exposures},
    )
    finding = found(
        "crossovers", left_out, world(quality=Quality(crossovers={"holdback": 20}))
    )
    assert finding.status == "warn"
    assert "No time says which arm was first" in finding.message


def test_units_split_by_session_fail() -> None:
    """Arms drawn anew at each visit, by simulation, are told from a few crossings."""
    rng = np.random.default_rng(4)
    visits = rng.geometric(0.5, size=2_000)
    anew = [rng.random(n) < 0.1 for n in visits]
    crossed = sum(0 < arms.sum() < len(arms) for arms in anew)
    later = int(visits.sum() - len(visits))
    from_held = sum(0 < arms.sum() < len(arms) and arms[0] for arms in anew)
    both = {"holdback": int(from_held), "personalized": int(crossed - from_held)}
    drawn = Quality(crossovers=both, repeated_exposures=later)
    finding = found("unit_mismatch", experiment(), world(quality=drawn))
    assert finding.status == "fail"
    assert f"{crossed} units changed arms over {later:,} later" in finding.message
    one_way = replace(drawn, crossovers={"personalized": int(crossed)})
    finding = found("unit_mismatch", experiment(), world(quality=one_way))
    assert finding.status == "pass"  # a roll-out, which the check `dissolved` names
    few = Quality(crossovers={"personalized": 25}, repeated_exposures=later)
    finding = found("unit_mismatch", experiment(), world(quality=few))
    assert finding.status == "pass"


@pytest.mark.parametrize(
    ("unknown", "status", "words"),
    [
        (5_000, "fail", "No row of orders (5,000 rows) belongs to a unit"),
        (4_990, "fail", "Only 0.2 % of the rows of orders (5,000 rows) belong to"),
        (4_000, "warn", "20 % of the rows of orders (5,000 rows) belong to a unit"),
        (2_400, "pass", "The ids of the sources meet"),
    ],
)
def test_ids_of_another_kind_warn(unknown: int, status: str, words: str) -> None:
    """A source that meets nearly no unit spoils the result; below half is told."""
    seen = world(quality=Quality(unassigned={"orders": unknown}))
    orders = Input(source="orders", rows=5_000)
    finding = found("unit_mismatch", experiment(), replace(seen, inputs=(orders,)))
    assert finding.status == status
    assert words in finding.message


def test_maturity_before_the_end_warns() -> None:
    """Data that end before the last unit had its time are a preview."""
    early = world(as_of=datetime(2026, 10, 20, tzinfo=UTC))
    finding = found("maturity", experiment(), early)
    assert finding.status == "warn"
    assert "--as-of 2026-10-28" in finding.message


def test_maturity_counts_who_waits() -> None:
    """Units without their full time are told and counted."""
    finding = found("maturity", experiment(), unmatured(world(), "holdback", 40))
    assert finding.status == "pass"
    assert "40 units" in finding.message


def test_no_time_no_maturity() -> None:
    """Without any time there is nothing to mature."""
    names = [f.check for f in findings(experiment(), world(as_of=None))]
    assert "maturity" not in names


def test_duplicates_are_told() -> None:
    """Copies warn with their count; repeated exposures are only told."""
    quality = Quality(duplicates={"orders": 3}, repeated_exposures=7)
    finding = found("duplicates", experiment(), world(quality=quality))
    assert finding.status == "warn"
    assert "3 rows of orders" in finding.message
    assert "7 later exposures" in finding.message
    quiet = found("duplicates", experiment(), world())
    assert quiet.status == "skip"
    assert "No `id` column is named for orders" in quiet.message


def test_missing_tells_odd_rows() -> None:
    """Odd rows warn; rows of other customers are usual."""
    usual = Quality(unassigned={"orders": 12}, before={"orders": 5}, late={"orders": 1})
    finding = found("missing", experiment(), world(quality=usual))
    assert finding.status == "pass"
    assert "12 rows of orders of units not assigned" in finding.message
    odd = Quality(null_values={"orders": 2}, similar_ids=4, float_ids={"orders": 1})
    finding = found("missing", experiment(), world(quality=odd))
    assert finding.status == "warn"
    assert "2 rows of orders whose value is empty" in finding.message
    assert "4 pairs" in finding.message
    assert found("missing", experiment(), world()).message == "Every row could be used."


@pytest.mark.parametrize(
    ("control", "status", "told"),
    [
        (200, "pass", "enough to read"),
        (80, "warn", "wide ranges"),
        (20, "warn", "too few"),
    ],
)
def test_few_converters(control: int, status: str, told: str) -> None:
    """100 buyers are enough, 40 are few, 10 are too few."""
    finding = found("few_converters", experiment(), world(control=control))
    assert finding.status == status
    assert told in finding.message


def test_one_unit_that_carries_the_result_is_noticed() -> None:
    """A customer with a fifth of an arm's revenue, told as a share, never an amount."""
    control = [BUYER] * 99 + [(500.0, 1.0)] + [NOBODY] * 100
    seen = evidence({"holdback": control, "personalized": [BUYER, NOBODY] * 900})
    finding = found("influence", experiment(), seen)
    assert finding.status == "warn"
    assert "largest unit of Off makes 20.2 %" in finding.message
    assert "500" not in finding.message
    ratio = 10.0 / ((99 * 20 + 500) / 200) - 1
    left = 10.0 / (99 * 20 / 199) - 1
    assert f"{abs(100 * ratio):.3g} %" in finding.message
    assert f"{abs(100 * left):.3g} %" in finding.message
    numbers = [n for n in finding.fact.numbers.values() if isinstance(n, float)]
    assert len(numbers) == 3
    assert all(n == float(f"{n:.3g}") for n in numbers), "finer ones give 500 away"


def test_no_unit_that_carries_the_result_passes() -> None:
    """Equal customers carry nothing."""
    assert found("influence", experiment(), world()).status == "pass"


def test_refunds_beyond_sales_say_nothing_of_influence() -> None:
    """A share of a negative total means nothing, so nothing is said."""
    seen = evidence({"holdback": [(-5.0, 1.0)] * 50, "personalized": [BUYER] * 450})
    assert not [f for f in findings(experiment(), seen) if f.check == "influence"]


def test_pre_period_against_scipy() -> None:
    """Arms that differed before fail; the p-value is that of scipy's Pearson III law.

    Its moments are those of 200 of the 2,000 values drawn without replacement.
    """
    rng = np.random.default_rng(2)
    before = {
        "holdback": np.round(rng.normal(12.0, 4.0, 200), 2),
        "personalized": np.round(rng.normal(10.0, 4.0, 1800), 2),
    }
    seen = world(before=before)
    finding = found("pre_period", experiment(), seen)
    whole = np.concatenate([before["personalized"], before["holdback"]])
    n, m = len(whole), 200
    error = np.sqrt(whole.var(ddof=1) * (1 / m - 1 / n))
    skew = stats.skew(whole, bias=False) * (n - 2 * m) / np.sqrt(m * n * (n - m))
    z = (before["holdback"].mean() - whole.mean()) / error
    assert finding.status == "fail"
    assert finding.p_value == pytest.approx(2 * stats.pearson3.sf(z, skew), rel=1e-3)
    assert "the earlier Revenue" in finding.message


def test_pre_period_of_few_values_is_skipped() -> None:
    """Four buyers before the test among 2,000 units tell nothing."""
    before = {"holdback": [0.0] * 200, "personalized": [50.0] * 40 + [0.0] * 1760}
    finding = found("pre_period", experiment(), world(before=before))
    assert finding.status == "skip"
    assert "fewer than 5 units" in finding.message


def test_pre_period_alike_passes() -> None:
    """Arms that were alike pass; without measures from before nothing is said."""
    rng = np.random.default_rng(3)
    before = {
        "holdback": np.round(rng.normal(10.0, 4.0, 200), 2),
        "personalized": np.round(rng.normal(10.0, 4.0, 1800), 2),
    }
    assert found("pre_period", experiment(), world(before=before)).status == "pass"
    assert "pre_period" not in [f.check for f in findings(experiment(), world())]


def test_pre_period_false_alarms() -> None:
    """Under the null it fails about once in a thousand: at most 3 of 400 worlds."""
    rng = np.random.default_rng(4)
    failed = 0
    for _ in range(400):
        before = {
            "holdback": np.round(rng.gamma(0.5, 20, 60), 2),
            "personalized": np.round(rng.gamma(0.5, 20, 200), 2),
        }
        seen = world(control=60, treated=200, before=before)
        failed += found("pre_period", experiment(), seen).status == "fail"
    assert failed <= 3


def test_a_running_test_is_read_sequentially() -> None:
    """While units still join, the p-value holds at every look."""
    early = datetime(2026, 10, 5, 12, tzinfo=UTC)
    seen = world(control=242, as_of=early, days=4)
    finding = found("srm", experiment(), seen)
    assert "sequential" in finding.message
    counts = [242, 1800]
    fixed = stats.chisquare(counts, [204.2, 1837.8]).pvalue
    assert finding.p_value > fixed
    running = sequential_detectable(2042, [1, 9])
    told = finding.fact.numbers["detectable"].numbers["share"]
    assert told == pytest.approx(running)
    assert told < srm([242, 1800], [1, 9]).detectable_share


def test_a_broken_split_is_traced_to_its_day() -> None:
    """Of four days the one with three times the holdback is named."""
    seen = world(control=400, treated=3600, days=4)
    lost = seen.cells.rows[1]
    assert (lost.arm, lost.day.isoformat()) == ("holdback", "2026-10-02")
    tripled = replace(seen.cells, rows=(*seen.cells.rows, lost, lost))
    extra = replace(
        seen, cells=tripled, assigned={"holdback": 600, "personalized": 3600}
    )
    finding = found("srm", experiment(), extra)
    assert finding.status == "fail"
    assert "Furthest off: 2026-10-02" in finding.message
    drift = found("split_drift", experiment(), extra)
    assert drift.status == "warn"


def test_a_steady_split_passes() -> None:
    """The same shares on every day."""
    assert found("split_drift", experiment(), world(days=4)).status == "pass"


def test_a_lift_beyond_belief_is_questioned() -> None:
    """Three times the buyers: the whole range lies beyond what treatments do."""
    rows = {
        "holdback": [BUYER] * 100 + [NOBODY] * 900,
        "personalized": [BUYER] * 2700 + [NOBODY] * 6300,
    }
    finding = found("twyman", experiment(), evidence(rows))
    assert finding.status == "warn"
    assert "fault first" in finding.message
    assert found("twyman", experiment(), world()).status == "pass"


@pytest.mark.parametrize(
    ("changes", "warns"),
    [
        ({"label": "Click-through rate"}, True),
        ({"where": parse("event = 'page_view'")}, True),
        ({"where": parse("event = 'purchase'")}, False),
        ({"where": parse("status = 'open' and traffic_source = 'email'")}, False),
        ({"unit": "money", "label": "Revenue without view-through"}, False),
        ({}, False),
    ],
)
def test_attention_that_decides_is_told_in_the_report(
    changes: dict[str, Any], *, warns: bool
) -> None:
    """Also where only the label or a condition says that it is attention."""
    metrics = {**METRICS, "conversion": replace(METRICS["conversion"], **changes)}
    plan = replace(experiment(), primary="conversion", metrics=metrics)
    found = in_words(plan, Vanity().examine(plan, world()))
    assert bool(found) is warns
    assert all("counts attention, and it decides" in one.message for one in found)


@pytest.mark.parametrize(("rows", "warns"), [(19, False), (20, True)])
def test_units_that_had_left_before(rows: int, *, warns: bool) -> None:
    """Twenty cancellations before exposure among 2,000 units, for churn by event."""
    churn = Churn(name="churn", label="", source="leaving")
    metrics = {**METRICS, "churn": churn}
    plan = replace(experiment(), metrics=metrics, secondary=("churn",))
    seen = world(quality=Quality(earlier={"leaving": rows, "orders": 500}))
    told = in_words(plan, AlreadyGone().examine(plan, seen))
    assert bool(told) is warns
    if warns:
        assert f"{rows} rows of leaving lie before the exposure" in told[0].message
        assert "1 % of the units" in told[0].message
    silent = replace(churn, inactive=timedelta(days=5), within=timedelta(days=30))
    other = replace(plan, metrics={**metrics, "churn": silent})
    assert list(AlreadyGone().examine(other, seen)) == []


@pytest.mark.parametrize(
    ("looks", "says"),
    [
        ("end", "read once, at the end"),
        ("spending", "every reading is a look of its own"),
        ((date(2026, 10, 7),), "planned looks"),
    ],
)
def test_a_running_test_says_how_it_is_read(looks: Any, says: str) -> None:
    """The sentence of maturity follows the plan's looks."""
    early = datetime(2026, 10, 5, 12, tzinfo=UTC)
    planned = experiment(analysis=AnalysisSettings(looks=looks))
    finding = found("maturity", planned, world(as_of=early))
    assert finding.status == "warn"
    assert says in finding.message


@pytest.mark.parametrize(
    ("lost", "told"),
    [
        ({"no_time": {"holdback": 2, "personalized": 18}}, ()),
        ({"no_arm": {"": 450}}, ("18.4 % of the exposures name no arm",)),
        (
            {"no_time": {"holdback": 50, "personalized": 450}},
            ("20 % of the exposures have no time",),
        ),
        (
            {"no_time": {"holdback": 0, "personalized": 200}},
            ("9.09 % of the exposures have no time", "Off 0 %, On 10 %"),
        ),
        ({"where": {"holdback": 100, "personalized": 900}}, ()),
        ({"where": {"holdback": 0, "personalized": 200}}, ("Off 0 %, On 10 %",)),
        ({"outside_window": {"holdback": 0, "personalized": 900}}, ()),
    ],
)
def test_lost_exposures(lost: dict[str, dict[str, int]], told: tuple[str, ...]) -> None:
    """Of 200 and 1,800 kept rows: above 1 %, or unlike between the arms, it is told."""
    kept = {"kept": {"holdback": 200, "personalized": 1800}}
    seen = world(
        quality=Quality(exposure_rows={**kept, **lost}),
    )
    findings = in_words(experiment(), LostExposures().examine(experiment(), seen))
    assert bool(findings) is bool(told)
    for finding in findings:
        assert finding.status == "warn"
        assert all(words in finding.message for words in told)
        assert ("arms lost different shares" in finding.message) == ("Off" in told[-1])


def test_rows_of_one_unit_are_no_proof_of_an_unequal_loss() -> None:
    """Twelve units of one arm with ten rows each, of 2,000: chance, not 120 losses."""
    rows = {
        "kept": {"holdback": 10_000, "personalized": 9880},
        "no_time": {"holdback": 0, "personalized": 60},
    }
    seen = world(quality=Quality(exposure_rows=rows))
    many = replace(seen, assigned={"holdback": 1000, "personalized": 1000})
    assert list(LostExposures().examine(experiment(), many)) == []
    single = replace(seen, assigned={"holdback": 10_000, "personalized": 9880})
    assert len(list(LostExposures().examine(experiment(), single))) == 1


@pytest.mark.parametrize(
    ("column", "warns"),
    [("total_spent", 1), ("Historic CLV", 1), ("lifetime_value", 1), ("spend", 0)],
)
def test_a_total_over_a_life_is_named(column: str, warns: int) -> None:
    """By its name, where the table of exposures holds it."""
    value = Expression(text=column, tree=Name(column), columns=frozenset({column}))
    profile = Mean(
        name="revenue", label="Revenue", source="exposures", value=value, unit="money"
    )
    planned = experiment(metrics={**METRICS, "revenue": profile})
    told = list(LifetimeTotals().examine(planned, world()))
    assert [f.status for f in told] == ["warn"] * warns
    elsewhere = experiment(
        metrics={**METRICS, "revenue": replace(profile, source="orders")}
    )
    assert not list(LifetimeTotals().examine(elsewhere, world()))
