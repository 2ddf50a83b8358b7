"""`prior: past`: what counts, what it needs, and that it is written down."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from worlds.evidence import analyzed, evidence, experiment
from worlds.past import finished, stored

from holdback.analysis.preregistration.plan_hash import plan_hash
from holdback.errors import ConfigError
from holdback.experiments.definition.experiment import (
    AnalysisSettings,
    Experiment,
    Prior,
)
from holdback.facts import Fact
from holdback.portfolio.past_prior import with_past
from holdback.results.scorecard import Finding
from holdback.stats.evidence.effect import LogRatio
from holdback.stats.posterior.spike_and_slab import program

EFFECTS = [(0.03, 0.02), (-0.01, 0.015), (0.01, 0.012), (0.05, 0.03), (0.0, 0.02)]


def planned(root: Path, **changes: Any) -> Experiment:
    """The shop's experiment under the prior of its project."""
    analysis = AnalysisSettings(looks="end", prior=Prior(name="past"))
    return experiment(root=root, analysis=analysis, **changes)


def past(root: Path, *more: Any) -> Path:
    """Five finished tests of the same metric, and others."""
    tests = [finished(f"test-{i}", b, s) for i, (b, s) in enumerate(EFFECTS)]
    return stored(root, *tests, *more)


def test_learned_from_all_finished_but_itself(tmp_path: Path) -> None:
    """Not from this one, one that runs, or one whose split is broken."""
    failed = Finding(check="srm", status="fail", fact=Fact("srm.mismatch"))
    past(
        tmp_path,
        finished("recs", 0.9, 0.01),
        finished("running", 0.9, 0.01, final=False),
        finished("skewed", 0.9, 0.01, checks=(failed,)),
    )
    learned = with_past(planned(tmp_path)).analysis.prior.learned["revenue"]
    model = program([LogRatio(value=b, se=s) for b, s in EFFECTS])
    names = [one.experiment for one in learned.record.experiments]
    assert names == [f"test-{i}" for i in range(5)]
    assert learned.record.mean == pytest.approx(model.next.mean)
    assert learned.record.sd == pytest.approx(model.next.sd)
    assert learned.record.tau == pytest.approx(model.tau)


def test_reading_tells_prior_and_its_widths(tmp_path: Path) -> None:
    """The scorecard holds the prior; half as wide pulls more, twice as wide less."""
    rng = np.random.default_rng(8)
    rows = {
        arm: [(float(v), 1.0) for v in rng.gamma(4.0, scale, n)]
        for arm, n, scale in (("holdback", 1_000, 5.0), ("personalized", 9_000, 5.2))
    }
    found = analyzed(with_past(planned(past(tmp_path))), evidence(rows))
    (record,) = found.learned
    assert record.metric == "revenue"
    readout = found.readout("revenue")
    assert readout.bayes is not None
    assert readout.log_lift is not None
    assert readout.bayes.prior == "past"
    others = {one.prior: one for one in readout.bayes_alternatives}
    assert set(others) == {"past_half", "past_double", "weak", "skeptical", "none"}
    seen = readout.log_lift.value
    away = [abs(np.log1p(others[w].mean) - seen) for w in ("past_half", "past_double")]
    assert away[1] < abs(np.log1p(readout.bayes.mean) - seen) < away[0]
    conversion = found.readout("conversion")
    assert conversion.bayes is None or conversion.bayes.prior == "weak"


def test_tags_and_past_are_no_change_of_plan(tmp_path: Path) -> None:
    """Neither themes nor what was learned alter the hash that a lock holds."""
    plain = planned(past(tmp_path))
    assert plan_hash(with_past(plain)) == plan_hash(plain)
    assert plan_hash(replace(plain, tags=("email",))) == plan_hash(plain)
    named = replace(plain, analysis=AnalysisSettings(looks="end"))
    assert plan_hash(named) != plan_hash(plain)


def test_other_priors_read_no_results(tmp_path: Path) -> None:
    """A named prior is what it is, whatever lies in the folder."""
    plain = experiment(root=tmp_path)
    assert with_past(plain) is plain


@pytest.mark.parametrize(
    ("cards", "told"),
    [
        ([], "no experiment is finished"),
        ([("a", {})], "1 experiment is finished, 1 with a lift"),
    ],
)
def test_rejects_too_few(tmp_path: Path, cards: list[Any], told: str) -> None:
    """Fewer than five: how many there are, and what to write instead."""
    stored(tmp_path, *(finished(name, 0.1, 0.1, **more) for name, more in cards))
    with pytest.raises(ConfigError, match=told) as caught:
        with_past(planned(tmp_path))
    assert "needs 5 finished experiments" in str(caught.value)
    assert "skeptical" in str(caught.value)


def test_rejects_lifts_of_another_metric(tmp_path: Path) -> None:
    """Five tests of another metric, or of one of that name and another kind."""
    past(tmp_path)
    with pytest.raises(ConfigError, match=r"needs 5.*'order_value'"):
        with_past(planned(tmp_path, primary="order_value"))
    for path in (tmp_path / "results").glob("*/scorecard.json"):
        text = path.read_text().replace('"metric": "revenue",', '"metric": "sales",')
        path.write_text(text)
    with pytest.raises(ConfigError, match=r"none measured 'revenue'.*sales"):
        with_past(planned(tmp_path))


@pytest.mark.parametrize(
    "other",
    [{"unit": "ms"}, {"better": "lower"}, {"kind": "quantile"}],
    ids=["unit", "direction", "kind"],
)
def test_rejects_another_metric_of_the_same_name(
    tmp_path: Path, other: dict[str, Any]
) -> None:
    """Milliseconds that were called revenue teach nothing of money."""
    tests = [finished(f"test-{i}", b, s) for i, (b, s) in enumerate(EFFECTS)]
    odd = [
        replace(
            card,
            metrics=tuple(
                replace(m, **other) if m.metric == "revenue" else m
                for m in card.metrics
            ),
        )
        for card in tests
    ]
    stored(tmp_path, *odd)
    with pytest.raises(ConfigError, match="none measured 'revenue' in this way"):
        with_past(planned(tmp_path))


def test_scores_teach_no_lift(tmp_path: Path) -> None:
    """Five finished tests without a lift in the metric are five without one."""
    cards = [finished(f"t{i}", 0.1, 0.1) for i in range(5)]
    blank = [
        replace(c, readouts=tuple(replace(r, log_lift=None) for r in c.readouts))
        for c in cards
    ]
    stored(tmp_path, *blank)
    with pytest.raises(ConfigError, match="0 with a lift"):
        with_past(planned(tmp_path))
