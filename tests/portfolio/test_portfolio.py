"""All finished experiments together: sums by hand, what is left out, reconciliation."""

from __future__ import annotations

from dataclasses import replace
from math import expm1, hypot, log1p
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from worlds.past import finished, stored

from holdback.errors import ConfigError, StatsError
from holdback.experiments.definition.experiment import LogLift
from holdback.facts import Fact
from holdback.portfolio.finished_experiments import lead_of, results_in
from holdback.portfolio.tests_against_holdback import reconciled, weight_of
from holdback.reports.pages.portfolio_page import render
from holdback.reports.text.locale_format import Words
from holdback.reports.text.portfolio_sentences import reconciliation
from holdback.results.json_codec import to_json
from holdback.results.money import Costs
from holdback.results.quantity import Quantity
from holdback.results.scorecard import Finding, Scorecard
from holdback.stats.evidence.effect import LogRatio
from holdback.stats.posterior.random_effects import random_effects
from holdback.stats.posterior.spike_and_slab import program
from holdback.workflow import portfolio

LONG = pytest.mark.calibration
EFFECTS = [(0.031, 0.02), (-0.012, 0.015), (0.005, 0.012), (0.09, 0.03), (0.0, 0.018)]


def five_tests(folder: Path) -> Path:
    """Five tests, the fourth of them a winner."""
    return stored(
        folder,
        *(
            finished(
                f"test-{i}",
                *effect,
                total=1000.0 * (i + 1),
                outcome="ship" if i == 3 else "hold_back",
                tags=("email",) if i < 3 else ("search", "email"),
            )
            for i, effect in enumerate(EFFECTS)
        ),
    )


def test_reports_add_up_by_hand(tmp_path: Path) -> None:
    """Revenue Σ T (1 − e^−b), its range by the delta method, profit at the margin."""
    found = portfolio([five_tests(tmp_path)])
    everyone, kept = found.totals
    totals = np.array([1000.0, 2000, 3000, 4000, 5000])
    b, s = np.array(EFFECTS).T
    revenue = float(np.sum(totals * (1 - np.exp(-b))))
    error = float(np.sqrt(np.sum((totals * np.exp(-b) * s) ** 2)))
    assert everyone.revenue.value == pytest.approx(revenue)
    assert everyone.revenue.upper == pytest.approx(revenue + 1.959964 * error)
    assert everyone.profit.value == pytest.approx(0.4 * revenue)
    assert everyone.cost == pytest.approx(5 * 2950)
    assert everyone.ropi is not None
    assert everyone.ropi.value == pytest.approx(0.4 * revenue / (5 * 2950) - 1)
    assert kept.experiments == 1
    assert kept.revenue.value == pytest.approx(4000 * (1 - np.exp(-0.09)))


@pytest.mark.parametrize(
    ("named", "ahead", "counted"),
    [("bold", None, 900.0), (None, "mild", 400.0), (None, None, 1300.0)],
)
def test_of_several_arms_the_kept_one_counts(
    named: str | None, ahead: str | None, counted: float
) -> None:
    """As the report shows: the arm that is named or ahead, else all together."""
    card = finished("arms", 0.05, 0.01, total=1300.0, outcome="ship")
    (pooled,) = card.money
    assert pooled.basis is not None
    assert card.decision is not None
    arms = tuple(
        replace(pooled, arm=arm, basis=replace(pooled.basis, treated_total=total))
        for arm, total in (("mild", 400.0), ("bold", 900.0))
    )
    told = () if ahead is None else (Fact("decision.arms", {"ahead": ahead}),)
    made = replace(
        card,
        money=(*arms, replace(pooled, arm="*")),
        decision=replace(card.decision, arm=named, reasons=told),
    )
    lead = lead_of(made)
    assert lead is not None
    assert lead.paid is not None
    assert lead.paid.basis.treated_total == counted


def test_winner_is_pulled_towards_all(tmp_path: Path) -> None:
    """Each test is shrunk by the model of all; the winner's money with it."""
    found = portfolio([five_tests(tmp_path)])
    model = program([LogRatio(value=b, se=s) for b, s in EFFECTS])
    for one, posterior in zip(found.experiments, model.effects, strict=True):
        assert one.shrunk is not None
        assert one.shrunk.value == pytest.approx(expm1(posterior.mean))
    kept = found.totals[1]
    assert kept.revenue_shrunk is not None
    winner = found.experiments[3]
    assert winner.shrunk is not None
    assert 0 < winner.shrunk.value < winner.lift.value
    assert kept.revenue_shrunk.value < kept.revenue.value


def test_reports_stand_as_they_were_told(tmp_path: Path) -> None:
    """Lift and range are each report's own, to the digit, also where ends are uneven.

    Five reports of the same data are five times the same; what a normal that fits the
    ends would make of them is not.
    """
    told = Quantity(value=0.163, lower=0.024, upper=0.289)
    cards = [finished(f"twin-{i}", log1p(0.149), 0.058) for i in range(5)]
    uneven = [
        replace(
            card,
            readouts=tuple(
                replace(r, relative=told)
                if r.role == "primary" and r.segment is None
                else r
                for r in card.readouts
            ),
        )
        for card in cards
    ]
    found = portfolio([stored(tmp_path, *uneven)])
    assert [entry.lift for entry in found.experiments] == [told] * 5
    assert render(found).count("+16.3%") >= 5


def test_money_pulled_together_adds_up(tmp_path: Path) -> None:
    """Each test's share of the money sums to the total of all, to the cent."""
    found = portfolio([five_tests(tmp_path)])
    everyone, kept = found.totals
    each = [entry.revenue_shrunk for entry in found.experiments]
    assert all(each)
    total = sum(one.value for one in each if one is not None)
    assert everyone.revenue_shrunk is not None
    assert kept.revenue_shrunk is not None
    assert each[3] is not None
    assert everyone.revenue_shrunk.value == pytest.approx(total, abs=1e-6)
    assert kept.revenue_shrunk.value == pytest.approx(each[3].value, abs=1e-6)


def test_winners_and_false_ones(tmp_path: Path) -> None:
    """One of five was kept; its chance to be none is what the model gives."""
    wins = portfolio([five_tests(tmp_path)]).wins
    model = program([LogRatio(value=b, se=s) for b, s in EFFECTS])
    assert wins is not None
    assert (wins.finished, wins.kept, wins.rate.value) == (5, 1, 0.2)
    assert wins.rate.lower == pytest.approx(stats.beta.ppf(0.025, 1.5, 4.5))
    assert wins.false == pytest.approx(model.effects[3].below(0.0))


def test_themes_are_put_together_apart(tmp_path: Path) -> None:
    """A tag's tests alone; a test of two tags counts in both."""
    email, search = portfolio([five_tests(tmp_path)]).themes
    assert (email.tag, email.experiments) == ("email", 5)
    assert (search.tag, search.experiments) == ("search", 2)
    model = random_effects([LogRatio(value=b, se=s) for b, s in EFFECTS[3:]])
    assert search.pooled is not None
    assert search.pooled.mean.value == pytest.approx(expm1(model.mean.mean))


def test_prior_of_the_next_is_told(tmp_path: Path) -> None:
    """Five lifts of a metric teach a prior; the other metrics have none stored."""
    (prior,) = portfolio([five_tests(tmp_path)]).priors
    model = program([LogRatio(value=b, se=s) for b, s in EFFECTS])
    assert prior.metric == "revenue"
    assert prior.mean == pytest.approx(model.next.mean)
    assert [one.experiment for one in prior.experiments] == [
        f"test-{i}" for i in range(5)
    ]


def test_what_does_not_count_is_told(tmp_path: Path) -> None:
    """Failed checks, tests that run, no lift, damaged files: each with its reason."""
    failed = Finding(check="srm", status="fail", fact=Fact("srm.mismatch"))
    five_tests(tmp_path)
    stored(
        tmp_path,
        finished("skewed", 0.5, 0.01, checks=(failed,)),
        finished("running", 0.5, 0.01, final=False),
        replace(finished("unread", 0.1, 0.01), money=(), readouts=()),
    )
    (tmp_path / "results" / "torn").mkdir()
    (tmp_path / "results" / "torn" / "scorecard.json").write_text("{")
    found = portfolio([tmp_path])
    reasons = {one.experiment: str(one.reason) for one in found.left_out}
    assert reasons["skewed"] == "a check of its data failed: srm."
    assert reasons["running"] == "it is not finished."
    assert reasons["unread"] == "it has no lift of money with an error."
    assert "not valid JSON" in reasons["torn"]
    assert len(found.experiments) == 5


def test_decided_early_is_finished(tmp_path: Path) -> None:
    """A test that an early look ended counts, for a win and for a loss."""
    cards = [
        finished("won", 0.1, 0.02, final=False, outcome="ship"),
        finished("lost", -0.1, 0.02, final=False, outcome="stop"),
    ]
    found = results_in([stored(tmp_path, *cards)])
    assert {card.experiment for card in found.finished} == {"won", "lost"}


def test_an_experiment_counts_once(tmp_path: Path) -> None:
    """Of two results of one name the later one counts, wherever it lies."""
    old, new = tmp_path / "old", tmp_path / "new"
    stored(old, finished("a", 0.5, 0.1, as_of="2026-11-01T00:00:00+00:00"))
    stored(new, finished("a", 0.1, 0.1, as_of="2026-12-01T00:00:00+00:00"))
    (card,) = results_in([new, old]).finished
    assert card.as_of == "2026-12-01T00:00:00+00:00"


def test_one_test_has_nothing_to_be_held_against(tmp_path: Path) -> None:
    """Its report stands alone; nothing is shrunk and nothing pooled."""
    found = portfolio([stored(tmp_path, finished("only", 0.1, 0.05))])
    assert found.pooled is None
    assert found.experiments[0].shrunk is None
    assert found.totals[0].revenue_shrunk is None


def test_uncertain_costs_widen_the_return(tmp_path: Path) -> None:
    """The costs' own error adds to the range of ROPI by the delta method."""
    cards = [finished(f"t{i}", b, s) for i, (b, s) in enumerate(EFFECTS)]
    vague = [
        replace(
            card,
            money=tuple(
                replace(m, cost=Costs(total=2950.0, items=(), se=600.0))
                for m in card.money
            ),
        )
        for card in cards
    ]
    known, unsure = (
        portfolio([stored(tmp_path / name, *some)]).totals[0]
        for name, some in (("known", cards), ("unsure", vague))
    )
    assert known.ropi is not None
    assert unsure.ropi is not None
    b, s = np.array(EFFECTS).T
    gain = 0.4 * np.sqrt(np.sum((10_000 * np.exp(-b) * s) ** 2))
    back = 0.4 * np.sum(10_000 * (1 - np.exp(-b)))
    bill, se = 5 * 2950.0, 600 * 5**0.5
    wide = hypot(gain / bill, back / bill**2 * se)
    assert known.ropi.upper == pytest.approx(known.ropi.value + 1.959964 * gain / bill)
    assert unsure.ropi.upper == pytest.approx(unsure.ropi.value + 1.959964 * wide)


def long_run(effect: float, se: float) -> Scorecard:
    """A holdback of 2026 without an end, read at the end of October."""
    return finished(
        "always-on",
        effect,
        se,
        final=False,
        window_start="2026-01-01",
        window_end="2026-12-31",
        as_of="2026-11-01T00:00:00+00:00",
        configuration={
            "assignment": {"salt": "always-on"},
            "analysis": {"looks": "always_valid"},
        },
    )


def held_out(
    name: str, effect: float, days: tuple[str, str], outcome: str
) -> Scorecard:
    """A test on half of the traffic that keeps the holdback's units out."""
    return finished(
        name,
        effect,
        0.01,
        outcome=outcome,
        window_start=days[0],
        window_end=days[1],
        configuration={
            "assignment": {"holdout": "always-on", "traffic": "50%"},
            "holdouts": {"always-on": {"share": "5%", "salt": "always-on"}},
        },
    )


def test_reconciliation_by_hand(tmp_path: Path) -> None:
    """Weights of days and units, z of the difference; a test without holdout is 0."""
    stored(
        tmp_path,
        long_run(0.01, 0.004),
        held_out("kept", 0.08, ("2026-02-01", "2026-02-28"), "ship"),
        held_out("ended", 0.01, ("2026-03-01", "2026-03-31"), "hold_back"),
        finished("apart", 0.02, 0.01),
    )
    found = portfolio([tmp_path])
    (one,) = found.long_run
    names = [entry.experiment for entry in found.experiments]
    days = 304  # 1 January to 31 October
    weights = {
        "kept": 0.5 * (0.9 * 28 + (days - 31 - 28)) / days,
        "ended": 0.5 * 0.9 * 31 / days,
        "apart": 0.0,
    }
    cards = {"kept": 0.08, "ended": 0.01, "apart": 0.02}
    model = program([LogRatio(value=cards[name], se=0.01) for name in names])
    total = model.total(np.array([weights[name] for name in names]))
    z = (total.mean - 0.01) / hypot(total.sd, 0.004)
    assert one.tests == 2
    assert one.expected is not None
    assert one.expected.value == pytest.approx(expm1(total.mean))
    assert one.p_value == pytest.approx(2 * stats.norm.sf(abs(z)), rel=1e-9)
    assert one.p_value < 0.05


@pytest.mark.parametrize("runs", [100, pytest.param(3_000, marks=LONG)])
def test_reconciliation_keeps_its_level(runs: int) -> None:
    """Lifts that add up are rejected 5 % of the time, a holdback of 0 more often.

    Null: the holdback's true log lift is the weighted sum of the tests' true ones.
    """
    rng = np.random.default_rng(95)
    months = [("2026-02-01", "2026-02-28"), ("2026-03-01", "2026-03-31")] * 4
    outcomes = ["ship", "ship", "hold_back", "ship"] * 2
    agree = halved = 0
    for _ in range(runs):
        truths = rng.normal(0.02, abs(rng.normal(0, 0.05)), 8)
        tests = [
            lead_of(held_out(f"t{i}", float(rng.normal(truth, 0.01)), days, outcome))
            for i, (truth, days, outcome) in enumerate(
                zip(truths, months, outcomes, strict=True)
            )
        ]
        counted = [one for one in tests if one is not None]
        model = program([one.ratio for one in counted])
        weights = [weight_of(long_run(0.0, 0.01), one) for one in counted]
        sums = float(np.dot(weights, truths))
        for share in (1.0, 0.0):
            seen = lead_of(long_run(float(rng.normal(share * sums, 0.004)), 0.004))
            assert seen is not None
            p_value = reconciled(seen, counted, model, 0.95).p_value
            assert p_value is not None
            agree += share == 1.0 and p_value < 0.05
            halved += share == 0.0 and p_value < 0.05
    low, high = stats.binom.ppf((0.0005, 0.9995), runs, 0.05) / runs
    assert low <= agree / runs <= high
    assert halved / runs > 0.4


def test_a_holdback_of_another_metric_is_not_compared(tmp_path: Path) -> None:
    """Tests of money beside a holdback that is read for conversion, without money."""
    conversion = replace(
        long_run(0.0, 0.01),
        money=(),
        metrics=tuple(
            replace(m, role="primary" if m.metric == "conversion" else "secondary")
            for m in long_run(0.0, 0.01).metrics
        ),
    )
    readout = conversion.readout("conversion")
    known = replace(readout, log_lift=LogLift(value=0.007, se=0.01))
    card = replace(
        conversion,
        readouts=tuple(known if r is readout else r for r in conversion.readouts),
    )
    kept = held_out("kept", 0.08, ("2026-02-01", "2026-02-28"), "ship")
    also = held_out("also", 0.02, ("2026-03-01", "2026-03-31"), "ship")
    stored(tmp_path, card, kept, also)
    found = portfolio([tmp_path])
    (one,) = found.long_run
    assert one.metric == "conversion"
    assert one.expected is None
    told = reconciliation(one, Words.plain("en-IE"))
    assert "That is another metric than the tests'" in told


def test_a_holdback_is_read_with_its_own_range(tmp_path: Path) -> None:
    """Always-valid ranges are wider than a single reading's, and so is the test."""
    plain = long_run(0.01, 0.004)
    readout = next(r for r in plain.readouts if r.role == "primary")
    wide = Quantity(value=expm1(0.01), lower=expm1(-0.004), upper=expm1(0.024))
    card = replace(
        plain,
        readouts=tuple(
            replace(r, relative=wide) if r is readout else r for r in plain.readouts
        ),
    )
    kept = held_out("kept", 0.08, ("2026-02-01", "2026-02-28"), "ship")
    also = held_out("also", 0.02, ("2026-03-01", "2026-03-31"), "ship")
    found = []
    for name, one in (("plain", plain), ("wide", card)):
        stored(tmp_path / name, one, kept, also)
        found.append(portfolio([tmp_path / name]).long_run[0])
    assert found[1].seen == wide
    assert found[0].p_value is not None
    assert found[1].p_value is not None
    ratio = stats.norm.isf(found[0].p_value / 2) / stats.norm.isf(found[1].p_value / 2)
    model = program([LogRatio(value=b, se=0.01) for b in (0.08, 0.02)])
    counted = [lead_of(one) for one in (kept, also)]
    weights = np.array([weight_of(plain, one) for one in counted if one is not None])
    spread = model.total(weights).sd
    errors = hypot(spread, 0.014 / 1.959964) / hypot(spread, 0.004)
    assert ratio == pytest.approx(errors, rel=1e-4)


def test_two_experiments_of_one_name(tmp_path: Path) -> None:
    """Of two projects: the later one counts, and the other is told, not lost."""
    first = stored(tmp_path / "a", finished("recs", 0.02, 0.01))
    later = finished("recs", 0.05, 0.01, window_end="2026-12-31")
    second = stored(tmp_path / "b", later)
    found = portfolio([first, second])
    assert [one.experiment for one in found.experiments] == ["recs"]
    assert found.experiments[0].window_end == "2026-12-31"
    (left,) = found.left_out
    assert "give one another name" in str(left.reason)
    same = portfolio([first, stored(tmp_path / "c", finished("recs", 0.02, 0.01))])
    assert same.left_out == ()


def test_lower_may_be_better(tmp_path: Path) -> None:
    """Without money the primary leads; where lower is better a rise is a false win."""
    cards = [
        finished(f"t{i}", b, s, outcome="ship") for i, (b, s) in enumerate(EFFECTS)
    ]
    turned = [
        replace(
            card,
            money=(),
            metrics=tuple(replace(m, better="lower") for m in card.metrics),
        )
        for card in cards
    ]
    found = portfolio([stored(tmp_path, *turned)])
    model = program([LogRatio(value=b, se=s) for b, s in EFFECTS])
    assert found.metric == "revenue"
    assert found.totals == ()
    assert found.wins is not None
    assert found.wins.false == pytest.approx(
        sum(1 - one.below(-1e-12) for one in model.effects)
    )
    assert found.wins.false > sum(model.nil_chances)


def test_holdback_without_tests_is_shown_alone(tmp_path: Path) -> None:
    """Tests that do not name the holdback say nothing of it."""
    stored(tmp_path, long_run(0.01, 0.004))
    (one,) = portfolio([five_tests(tmp_path)]).long_run
    assert (one.tests, one.expected, one.p_value) == (0, None, None)


def test_same_results_same_bytes(tmp_path: Path) -> None:
    """Nothing of the folder, the clock or the order gets into the JSON."""
    first, second = five_tests(tmp_path / "a"), five_tests(tmp_path / "b")
    text = to_json(portfolio([first]))
    assert text == to_json(portfolio([second]))
    assert str(tmp_path) not in text


@pytest.mark.parametrize(
    ("cards", "error", "told"),
    [
        ([], ConfigError, "holds no result"),
        ([finished("a", 0.1, 0.1, final=False)], StatsError, "a: it is not finished"),
        (
            [finished("a", 0.1, 0.1), finished("b", 0.1, 0.1, currency="USD")],
            ConfigError,
            "money is in EUR and USD",
        ),
    ],
)
def test_rejects_what_has_no_total(
    tmp_path: Path, cards: list[Scorecard], error: type[Exception], told: str
) -> None:
    """No result, none finished, two currencies: a sentence each."""
    with pytest.raises(error, match=told):
        portfolio([stored(tmp_path, *cards)])


def test_rejects_a_missing_folder(tmp_path: Path) -> None:
    """A folder that is not there."""
    with pytest.raises(ConfigError, match="is no folder"):
        portfolio([tmp_path / "absent"])
