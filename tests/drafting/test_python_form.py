"""Experiments over frames and totals, without a file."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from scipy import stats

import holdback as hb
from holdback.experiments.load import load


def world() -> pd.DataFrame:
    """Two hundred customers in two arms."""
    draw = np.random.default_rng(5)
    arm = np.where(np.arange(200) % 2 == 0, "none", "mail")
    visit = draw.random(200) < np.where(arm == "none", 0.4, 0.6)
    return pd.DataFrame(
        {
            "id": [f"c{i}" for i in range(200)],
            "group": arm,
            "visit": visit.astype(int),
            "spend": np.where(visit, draw.gamma(3, 10, 200).round(2), 0.0),
            "past": draw.gamma(2, 20, 200).round(2),
            "device": draw.choice(["web", "app"], 200),
        }
    )


WORLD = world()
SAID: dict[str, Any] = {
    "unit": "id",
    "arm": "group",
    "control": "none",
    "metrics": {
        "spend": hb.mean("spend", money="USD"),
        "visit": hb.conversion("visit"),
    },
    "covariates": ["past"],
    "segments": ["device"],
}


@pytest.mark.parametrize(
    "frame",
    [
        lambda f: f,
        pl.from_pandas,
        pa.Table.from_pandas,
        duckdb.from_df,
    ],
    ids=["pandas", "polars", "arrow", "duckdb"],
)
def test_frame_against_pandas(frame: Callable[[pd.DataFrame], Any]) -> None:
    """Units and both means of every arm are those of the rows."""
    card = hb.analyze(frame(WORLD), **SAID).scorecard
    for metric in ("spend", "visit"):
        means = WORLD.groupby("group")[metric].mean()
        estimates = card.readout(metric, "mail").estimates
        assert estimates is not None
        assert estimates.control.value == pytest.approx(means["none"])
        assert estimates.treatment.value == pytest.approx(means["mail"])
        assert estimates.control.units == (WORLD.group == "none").sum()


def test_frames_of_results_against_readouts() -> None:
    """`to_polars` and `to_pandas` hold one row a readout, with the same values."""
    analysis = hb.analyze(WORLD, **SAID)
    pandas, polars = analysis.to_pandas(), analysis.to_polars()
    assert len(pandas) == polars.height == len(analysis.scorecard.readouts)
    assert (
        list(pandas["relative"].dropna()) == polars["relative"].drop_nulls().to_list()
    )


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"control": "nobody"}, "column 'group' holds no 'nobody'"),
        ({"arm": "grop"}, "Did you mean 'group'"),
        ({"metrics": {}}, "there is no metric"),
        ({"metrics": {"spend": "spend"}}, "a str says no metric"),
        ({"metrics": ["spend"]}, "a list says no metric"),
        ({"metrics": {"spend": hb.mean("spent")}}, "Did you mean 'spend'"),
        ({"metrics": {"spend": hb.mean("spend", cop="1%")}}, "'cop' is not a key"),
        ({"covariates": "past"}, "a str is no list of columns"),
        ({"covariate": ["past"]}, "Did you mean 'covariates'"),
        ({"shares": {"none": "half", "mail": 0.5}}, "'half' is not a share"),
        (
            {
                "metrics": {
                    "a": hb.mean("spend", money="USD"),
                    "b": hb.mean("spend", money="EUR"),
                }
            },
            "amounts are in EUR and USD",
        ),
    ],
    ids=str,
)
def test_analyze_rejects(changed: dict[str, Any], words: str) -> None:
    """One sentence says what is wrong; no error of Python's own."""
    with pytest.raises(hb.HoldbackError) as caught:
        hb.analyze(WORLD, **{**SAID, **changed})
    assert words in str(caught.value)


@pytest.mark.parametrize("given", [{"a": 1}, [1, 2], None, 3])
def test_analyze_rejects_what_is_no_frame(given: Any) -> None:
    """A dict or a list is told from a frame."""
    with pytest.raises(hb.ConfigError, match="is no experiment"):
        hb.analyze(given)


def test_to_yaml_against_file(tmp_path: Any) -> None:
    """The YAML of an experiment from Python is a file that means the same."""
    (tmp_path / "units.csv").write_text(WORLD.to_csv(index=False), encoding="utf-8")
    analysis = hb.analyze(WORLD, **SAID)
    experiment = hb.experiment(WORLD, **SAID)
    (tmp_path / "test.yaml").write_text(experiment.to_yaml(), encoding="utf-8")
    again = hb.analyze(tmp_path / "test.yaml").scorecard.readout("spend", "mail")
    assert again.relative == analysis.scorecard.readout("spend", "mail").relative
    assert load(tmp_path / "test.yaml").resolved == experiment.resolved


def test_shares_that_nobody_planned_are_not_told_as_passed() -> None:
    """As counted in a frame, in its YAML again, and as they were planned."""
    uneven = pd.concat([WORLD[WORLD.group == "mail"], WORLD.head(40)]).drop_duplicates()
    experiment = hb.experiment(uneven, **SAID)
    assert "counted_shares: true" in experiment.to_yaml()
    (check,) = (
        c for c in hb.analyze(uneven, **SAID).scorecard.checks if c.check == "srm"
    )
    assert check.status == "skip"
    assert "Not checked: the shares were counted" in check.message
    planned = hb.experiment(uneven, **SAID, shares={"none": "1/6", "mail": "5/6"})
    assert "counted_shares" not in planned.to_yaml()


def test_further_keys_of_the_yaml() -> None:
    """Those beside the frame's own are taken, and join what the frame says."""
    experiment = hb.experiment(
        WORLD,
        **SAID,
        title="Mail",
        analysis={"level": "90%"},
        decision={"rule": "lift"},
    )
    assert (experiment.title, experiment.analysis.segments) == ("Mail", ("device",))
    assert experiment.analysis.level == Fraction(9, 10)
    with pytest.raises(hb.ConfigError, match="takes no such argument"):
        hb.experiment(WORLD, **SAID, sources={})


def test_means_of_totals_against_scipy() -> None:
    """Without skew and with many units, Welch's p-value and the ratio of the means."""
    compared = hb.compare(control=(4000, 10.0, 5.0), treatment=(4000, 10.4, 5.0))
    welch = stats.ttest_ind_from_stats(10.4, 5, 4000, 10.0, 5, 4000, equal_var=False)
    assert compared.lift is not None
    assert compared.lift.value == pytest.approx(0.04)
    assert compared.difference.value == pytest.approx(0.4)
    assert compared.p_value == pytest.approx(welch.pvalue, rel=0.05)
    assert str(compared).startswith("Control 10.0, treatment 10.4: +4.0%. Likely ")


def test_counts_against_rows() -> None:
    """Totals of conversions read as the rows that they are of."""
    yes = WORLD.groupby("group")["visit"].agg(["sum", "count"])
    compared = hb.conversion_from_counts(
        control=tuple(map(int, yes.loc["none"])),
        treatment=tuple(map(int, yes.loc["mail"])),
    )
    readout = hb.analyze(WORLD, **SAID).scorecard.readout("visit", "mail")
    assert compared.lift is not None
    assert readout.relative is not None
    assert compared.lift.interval.lower == pytest.approx(readout.relative.lower)
    assert compared.lift.interval.upper == pytest.approx(readout.relative.upper)
    assert compared.p_value == pytest.approx(readout.p_value)


@pytest.mark.parametrize(
    "call",
    [
        lambda: hb.compare(control={"n": 1}, treatment=(1, 2, 3)),
        lambda: hb.compare(control=(100, 2), treatment=(100, 2, 3)),
        lambda: hb.compare(control=(1, 2, 3), treatment=(100, 2, 3)),
        lambda: hb.compare(control=(100, float("nan"), 3), treatment=(100, 2, 3)),
        lambda: hb.compare(control=(100, 2, 3), treatment=(100, 2, 3), level=95),
        lambda: hb.conversion_from_counts(control=(20, 10), treatment=(1, 10)),
        lambda: hb.conversion_from_counts(control="12", treatment=(1, 10)),
    ],
)
def test_totals_rejects(call: Callable[[], object]) -> None:
    """Totals that cannot be are told as such."""
    with pytest.raises(hb.ConfigError):
        call()
